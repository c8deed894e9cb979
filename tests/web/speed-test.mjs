// speed-test.mjs - how long until a signed-in page shows a topic's messages, and how 10,000 lines scroll.
// Bounds are wide, for a busy machine; the numbers are printed (TAP).
import { check, play } from "./stage.mjs";

const VIEWS = 9, POSTS = 60, LINES = 10000, FIRST_MS_MAX = 3000, FRAME_MS_MAX = 300;

function median(all) {
	return [...all].sort((a, b) => a - b)[all.length >> 1];
}

await play(async s => {
	s.create("alice", "demo");
	s.join("bob", "demo", "alice");
	s.as("bob", ["topic", "post", "general", "the first word"]);
	const page = await s.browser();
	await s.sign_in("alice", page);
	for (let i = 0; i < POSTS; i++)
		s.as("bob", ["topic", "post", "general", `line ${i} of the morning`]);

	/* From the start of the navigation: when something can be read, and when the messages can. */
	const frame = [], messages = [];
	await page.addInitScript(() => {
		const look = () => {
			const at = performance.now();
			if (!window.frame_ms && document.querySelector(".app .item"))
				window.frame_ms = at;
			if (!window.messages_ms && document.querySelectorAll(".message .text").length > 20)
				window.messages_ms = at;
			else
				requestAnimationFrame(look);
		};
		requestAnimationFrame(look);
	});
	for (let i = 0; i < VIEWS; i++) {
		await page.goto("about:blank");
		await page.goto(`${s.url}/#/m/demo/t/general`);
		await page.waitForFunction(() => window.messages_ms);
		frame.push(await page.evaluate(() => window.frame_ms));
		messages.push(await page.evaluate(() => window.messages_ms));
	}
	const seen = { meshes_ms: Math.round(median(frame)), messages_ms: Math.round(median(messages)), worst_ms: Math.round(Math.max(...messages)) };
	console.log(`# first view: ${JSON.stringify(seen)}`);
	check(seen.messages_ms < FIRST_MS_MAX, "a signed-in page shows its messages", seen);
	const bytes = await page.evaluate(() => performance.getEntriesByType("resource").reduce((n, r) => n + r.encodedBodySize, 0));
	console.log(`# fetched for it: ${Math.round(bytes / 1000)} kB compressed, libsodium included`);

	/* 10,000 lines of a conversation, from the newest to the first and back. */
	await page.goto(`${s.url}/#/m/demo/people`);
	await page.getByRole("link", { name: "Write to bob" }).click();
	const box = page.getByRole("combobox");
	await box.fill("the newest");
	await page.keyboard.press("Enter");
	await page.locator(".state.stored, .state.delivered").first().waitFor();
	await page.evaluate(async n => {
		const db = await new Promise(done => { const o = indexedDB.open("claudemesh"); o.onsuccess = () => done(o.result); });
		const t = db.transaction("message", "readwrite"), m = t.objectStore("message");
		const one = await new Promise(done => { const r = m.getAll(); r.onsuccess = () => done(r.result[0]); });
		for (let i = 0; i < n; i++)
			m.put({ ...one, id: `old-${i}`, text: `line ${i}: ${"word ".repeat(i % 30)}`, at_ms: one.at_ms - 1e9 + i * 1000, mine: i % 3 === 0, read: true });
		await new Promise(done => { t.oncomplete = done; });
	}, LINES);
	await page.reload();
	await page.getByText("the newest").waitFor();
	const pace = await page.evaluate(async lines => {
		const el = document.querySelector(".chat"), times = [], long = [];
		new PerformanceObserver(list => long.push(...list.getEntries().map(e => e.duration))).observe({ entryTypes: ["longtask"] });
		const first = () => document.querySelector(".message .text")?.textContent ?? "";
		let last = performance.now();
		for (let i = 0; i < lines && !first().startsWith("line 0:"); i++) {
			el.scrollTop = Math.max(0, el.scrollTop - 1200);
			await new Promise(requestAnimationFrame);
			times.push(performance.now() - last);
			last = performance.now();
		}
		times.sort((a, b) => a - b);
		return { reached: first().startsWith("line 0:"), frames: times.length, drawn: document.querySelectorAll(".message").length, median_ms: Math.round(times[times.length >> 1]),
			p95_ms: Math.round(times[Math.floor(times.length * 0.95)]), worst_ms: Math.round(times.at(-1)), long_tasks: long.length, longest_ms: Math.round(Math.max(0, ...long)) };
	}, LINES);
	console.log(`# scrolling: ${JSON.stringify(pace)}`);
	check(pace.reached && pace.drawn <= 300, "10,000 lines can be scrolled through, few are drawn", pace);
	check(pace.p95_ms < FRAME_MS_MAX, "95 of 100 frames come in time", pace);
});
