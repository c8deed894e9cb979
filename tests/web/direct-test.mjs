// direct-test.mjs - people and direct messages in the browser, at every width and in both themes (TAP).
import { accessible, check, picture, play, until } from "./stage.mjs";

await play(async s => {
	s.create("alice", "demo");
	s.join("bob", "demo", "alice");
	s.join("carol", "demo", "alice");
	s.as("bob", ["summary", "reviewing the parser rewrite"]);
	const listen = s.begin("bob", ["listen"]);
	const page = await s.browser({ bypassCSP: true });
	await s.sign_in("alice", page);
	const box = page.getByRole("combobox");

	await page.goto(`${s.url}/#/m/demo/people`);
	await page.getByText("reviewing the parser rewrite").waitFor();
	check((await page.getByText("unverified").count()) === 0, "everybody's membership is proved here");
	await accessible(page, "people");
	await picture(page, "people");

	await page.getByRole("link", { name: "Write to bob" }).click();
	await box.fill("Did you see `parse_line()`? <b>It drops</b> the last byte:\nhttps://example.org/x");
	await page.keyboard.press("Enter");
	await page.locator(".state.delivered").waitFor();
	check(true, "what was sent says that it was delivered");
	await until(() => listen.out.includes("<b>It drops</b>"), "the message at bob's");
	check((await page.locator(".text b").count()) === 0, "HTML in a text is text");

	s.as("bob", ["send", "alice", "Yes: three lines, tests are green."]);
	await page.getByText("three lines").waitFor();
	check(true, "a name reaches the browser of that person, too");
	s.as("carol", ["send", "alice", "lunch?"]);
	await page.getByRole("link", { name: /carol/ }).getByLabel("1 unread").waitFor();
	check((await page.title()) === "(1) claudemesh", "unread: by the name, and in the title");
	await page.getByRole("link", { name: /carol/ }).click();
	await page.locator(".unread-line").waitFor();
	await until(async () => (await page.title()) === "claudemesh", "read");
	check(true, "an unread line; opening reads");
	await picture(page, "direct-unread");

	await page.goto(`${s.url}/#/m/demo/people`);
	await page.getByRole("link", { name: "Write to bob" }).click();
	await page.getByText("three lines").hover();
	await page.getByRole("button", { name: "Reply to bob" }).click();
	await box.fill("Ship it.");
	await page.keyboard.press("Enter");
	await page.getByText("Ship it.").waitFor();

	await page.getByRole("button", { name: "Search in this conversation" }).click();
	await page.getByRole("searchbox").fill("green");
	await until(async () => (await page.locator(".message").count()) === 1, "one hit");
	check(true, "search in what is decrypted");
	await page.keyboard.press("Escape");

	for (const theme of ["light", "dark"]) {
		await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
		for (const width of [360, 1600]) {
			await page.setViewportSize({ width, height: 800 });
			await accessible(page, `a conversation, ${theme}, ${width}`);
			const wide = await page.evaluate(() => document.documentElement.scrollWidth);
			check(wide <= width, `nothing sticks out at ${width}`, wide);
			await picture(page, `direct-${theme}-${width}`);
		}
	}
	for (const name of ["graph", "activity", "invites", "keys", "settings"]) {
		await page.goto(`${s.url}/#/m/demo/${name}`);
		await page.locator(".head").waitFor();
		await accessible(page, name);
		await picture(page, name);
	}
	/* Who is blocked is not told; what was kept from one is counted, and nowhere else to be seen. */
	await page.goto(`${s.url}/#/m/demo/settings`);
	await page.getByLabel("Person").selectOption({ label: "carol" });
	await page.getByRole("button", { name: "Set" }).click();
	await page.getByText("blocked", { exact: true }).waitFor();
	s.as("carol", ["send", "alice", "are you there?"]);
	await page.goto(`${s.url}/#/m/demo/people`);
	await page.goto(`${s.url}/#/m/demo/settings`);
	await page.getByText("kept from you").first().waitFor();
	check((await page.getByText("are you there?").count()) === 0, "a block is silent, and counted");
	await accessible(page, "what others may do");
	await picture(page, "grants");
	await page.getByRole("button", { name: "As everybody: carol" }).click();
	await until(async () => (await page.getByText("blocked", { exact: true }).count()) === 0, "the block taken back");

	await page.setViewportSize({ width: 360, height: 800 });
	await page.goto(`${s.url}/#/m/demo`);
	await accessible(page, "the list on a phone");
	await picture(page, "list-360");
	await page.setViewportSize({ width: 1280, height: 800 });

	/* The connection is lost and comes back; what was written meanwhile is there. */
	await page.goto(`${s.url}/#/m/demo/people`);
	await page.getByRole("link", { name: "Write to bob" }).click();
	await s.halt();
	await page.getByText(/Trying again/).waitFor();
	await box.fill("written while offline");
	await page.keyboard.press("Enter");
	await page.getByRole("button", { name: "Try again" }).waitFor();
	check(true, "what could not be sent says so");
	await s.start(s.port);
	s.as("bob", ["send", "alice", "written while you were away"]);
	await page.getByText("written while you were away").waitFor();
	await page.getByRole("button", { name: "Try again" }).click();
	await page.getByRole("button", { name: "Try again" }).waitFor({ state: "detached" });
	check(true, "and is sent when asked again");

	await page.reload();
	await page.getByText("Ship it.").waitFor();
	check(true, "messages are kept in the browser");

	/* By the keyboard alone. */
	await page.keyboard.press("Tab");
	check((await page.evaluate(() => document.activeElement?.className)) === "skip", "the first stop skips to the content");

	await page.evaluate(async () => {
		const db = await new Promise(done => { const o = indexedDB.open("claudemesh"); o.onsuccess = () => done(o.result); });
		const t = db.transaction("message", "readwrite"), m = t.objectStore("message");
		const one = await new Promise(done => { const r = m.getAll(); r.onsuccess = () => done(r.result.find(x => x.text === "Ship it.")); });
		for (let i = 0; i < 10000; i++)
			m.put({ ...one, id: `old-${i}`, text: `old line ${i}`, at_ms: one.at_ms - 1e9 + i * 1000, read: true });
		await new Promise(done => { t.oncomplete = done; });
	});
	await page.reload();
	await page.getByText("Ship it.").waitFor();
	const pace = await page.evaluate(async () => {
		const el = document.querySelector(".chat");
		let frames = 0, last;
		const times = [], first = () => document.querySelector(".text")?.textContent;
		while (first() !== "old line 0" && frames < 3000) {
			last = performance.now();
			el.scrollTop = Math.max(0, el.scrollTop - 6000);
			await new Promise(requestAnimationFrame);
			times.push(performance.now() - last);
			frames++;
		}
		times.sort((a, b) => a - b);
		return { first: first(), drawn: document.querySelectorAll(".message").length, frames, median: Math.round(times[times.length >> 1]), worst: Math.round(times.at(-1)) };
	});
	check(pace.first === "old line 0" && pace.drawn <= 300, "older messages come as one scrolls, 10,000 of them", pace);
	check(pace.median < 100, "and they scroll smoothly, also on a busy machine", pace);
	check(page.foreign.length === 0, "no other origin was asked", page.foreign);
});
