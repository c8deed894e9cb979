// signin-test.mjs - a browser becomes a device, and what is no way in (TAP).
import { existsSync, statSync } from "node:fs";
import { check, play, until } from "./stage.mjs";

await play(async s => {
	s.create("alice", "demo");
	s.join("bob", "demo", "alice");
	const page = await s.browser();

	await page.goto(s.url);
	await page.getByText("claudemesh dashboard").waitFor();
	check(true, "without a device the page says how to become one");

	const d = await s.dashboard("alice", page);
	check((statSync(d.file).mode & 0o777) === 0o600, "the file with the code is private");
	await page.getByRole("heading", { name: "Add this browser as a device of alice on demo?" }).waitFor();
	check(page.url() === `${s.url}/`, "the code is gone from the address", page.url());
	const before = JSON.parse(s.as("bob", ["peers", "--json"])).members?.length;
	check((await page.evaluate(() => document.cookie)) === "", "no cookie");
	await page.getByRole("button", { name: "Add this browser" }).click();
	await page.locator(".app").waitFor();
	check((await d.p.over) === 0 && /is a device of yours on demo/.test(d.p.out), "the command tells that it was added", d.p.out);
	check(!existsSync(d.file), "the file is gone");
	const after = JSON.parse(s.as("bob", ["peers", "--json"])).members;
	check(after.length === before + 1, "only then it is a member", { before, after });
	check(after.every(m => m.verified !== false), "and its key is vouched for", after);

	const again = await s.browser();
	await again.goto(d.link);
	await again.getByRole("alert").waitFor();
	check(/was used or is older than a minute/.test(await again.getByRole("alert").innerText()), "a code works once");
	const bad = await s.browser();
	await bad.goto(`${s.url}/#${"A".repeat(43)}`);
	await bad.getByRole("alert").waitFor();
	check(true, "a code that nobody made is none");

	const no = await s.browser();
	const refused = await s.dashboard("alice", no);
	await no.getByRole("button", { name: "No", exact: true }).click();
	await no.getByText("claudemesh dashboard").waitFor();
	check(JSON.parse(s.as("bob", ["peers", "--json"])).members.length === before + 1, "who says no adds nothing");
	refused.p.kill();

	const key = await page.evaluate(async () => {
		const db = await new Promise(done => { const o = indexedDB.open("claudemesh"); o.onsuccess = () => done(o.result); });
		const get = (store, k) => new Promise(done => { const r = db.transaction(store).objectStore(store).get(k); r.onsuccess = () => done(r.result); });
		const all = await new Promise(done => { const r = db.transaction("identity").objectStore("identity").getAll(); r.onsuccess = () => done(r.result); });
		const wrapping = await get("setting", "wrapping-key");
		return { extractable: wrapping.extractable, fields: Object.keys(all[0]) };
	});
	check(key.extractable === false && !key.fields.includes("secret"), "the key lies wrapped by one that cannot be read", key);

	const replay = await again.evaluate(async base => {
		const { challenge } = await (await fetch("api/v1/challenge")).json();
		const open = c => new Promise(done => {
			const ws = new WebSocket(`${base.replace("http", "ws")}/ws?challenge=${c}`);
			ws.onopen = () => done("open");
			ws.onerror = () => done("refused");
		});
		return [await open(challenge), await open(challenge.slice(0, 42) + "_"), await open("")];
	}, s.url);
	check(replay[0] === "open" && replay[1] === "refused" && replay[2] === "refused", "a challenge is one that the broker made", replay);

	/* What somebody may have seen of a hello opens nothing. */
	let seen;
	page.on("websocket", ws => ws.on("framesent", f => { seen ??= { url: ws.url(), hello: String(f.payload) }; }));
	await page.reload();
	await page.locator(".dot.on").first().waitFor();
	check(true, "the key is still there after a reload, and opens the connection");
	const stolen = await again.evaluate(async ({ url, hello }) => {
		const say = address => new Promise(done => {
			const ws = new WebSocket(address);
			ws.onopen = () => ws.send(hello);
			ws.onmessage = e => done(JSON.parse(e.data).code ?? JSON.parse(e.data).type);
			ws.onerror = () => done("refused");
		});
		const { challenge } = await (await fetch("api/v1/challenge")).json();
		return [await say(url), await say(url.replace(/=.*/, `=${challenge}`)), await say(url.replace(/[?].*/, ""))];
	}, seen);
	check(stolen.join() === "refused,bad_signature,bad_signature", "a hello cannot be said again, here or under another challenge", stolen);
	const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? -1);
	check(paint >= 0 && paint < 3000, "the first view is there at once, also on a busy machine", paint);
	check(page.foreign.length === 0, "no other origin was asked", page.foreign);
	check(page.problems.length === 0, "no error in the console", page.problems);

	await page.goto(`${s.url}/#/m/demo/settings`);
	page.on("dialog", x => void x.accept());
	await page.getByRole("button", { name: /Sign out of demo/ }).click();
	await page.getByText("claudemesh dashboard").waitFor();
	await until(() => JSON.parse(s.as("bob", ["peers", "--json"])).members.length === before, "the device is gone");
	check(true, "signing out removes the device");
});
