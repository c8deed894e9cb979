// mesh-test.mjs - what goes on in a mesh: who writes to whom, what happened, mentions, roles in a topic,
// API keys; every screen in both themes and three widths (TAP).
import { accessible, check, picture, play, until } from "./stage.mjs";

/** The middles of what stands in one line are level. */
async function level(page, where, what) {
	const boxes = await page.locator(where).evaluateAll(all => all.map(e => e.getBoundingClientRect()).map(r => [r.top, r.bottom]));
	const off = Math.max(...boxes.map(b => Math.abs(b[0] - boxes[0][0])), ...boxes.map(b => Math.abs(b[1] - boxes[0][1])));
	check(boxes.length > 1 && off < 0.6, `${what} stand in one line`, boxes);
}

async function every_look(page, name, url) {
	await page.goto(url);
	await page.locator(".head").waitFor();
	for (const theme of ["light", "dark"]) {
		await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
		for (const width of [360, 1280, 1600]) {
			await page.setViewportSize({ width, height: 800 });
			const wide = await page.evaluate(() => document.documentElement.scrollWidth);
			if (wide > width)
				check(false, `${name}: nothing sticks out at ${width}`, wide);
			await picture(page, `${name}-${theme}-${width}`);
		}
		await accessible(page, `${name}, ${theme}`);
	}
	await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
	await page.setViewportSize({ width: 1280, height: 800 });
}

await play(async s => {
	s.create("alice", "demo");
	s.join("bob", "demo", "alice");
	s.join("carol", "demo", "alice");
	const alice = await s.browser({ bypassCSP: true }), bob = await s.browser(), carol = await s.browser();
	await s.sign_in("alice", alice);
	await s.sign_in("bob", bob);
	await s.sign_in("carol", carol);
	const at = page => `${s.url}/#/m/demo/${page}`;

	/* Others talk: alice's page, which sees none of it, shows the numbers. */
	for (let i = 0; i < 3; i++)
		s.as("bob", ["send", "carol", `number ${i}`]);
	s.as("bob", ["topic", "create", "board", "--visibility", "private"]);
	s.as("bob", ["topic", "post", "board", "nobody else may know"]);
	s.as("carol", ["topic", "post", "general", "good morning, @alice: the parser is yours"]);
	await alice.goto(at("graph"));
	await alice.locator(".edge.person").first().waitFor();
	const row = alice.getByRole("row", { name: "bob carol 3" });
	await row.waitFor();
	check(true, "direct messages of others are lines with their number (B17)");
	check((await alice.getByRole("row", { name: "carol #general 1" }).count()) === 1 && (await alice.locator(".edge.topic").count()) > 0, "so are posts");
	check(!/board/.test(await alice.locator("body").innerText()), "of a private topic there is nothing");
	check(/4 messages in the last day/.test(await alice.locator(".bars").innerText()), "and nothing in the sums", await alice.locator(".bars").innerText());
	await bob.goto(at("graph"));
	await bob.getByRole("row", { name: "bob #board 1" }).waitFor();
	check(true, "who is in it sees it");
	await alice.getByRole("button", { name: "Hour" }).click();
	await alice.getByText("in the last hour").first().waitFor();

	/* It asks again while one looks, and not while the page is hidden. */
	const asked = () => alice.evaluate(() => window.asked);
	await alice.evaluate(() => {
		window.asked = 0;
		const send = WebSocket.prototype.send;
		WebSocket.prototype.send = function (text) {
			window.asked += /"mesh_activity"/.test(text) ? 1 : 0;
			return send.call(this, text);
		};
		window.hide = hidden => {
			Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
			document.dispatchEvent(new Event("visibilitychange"));
		};
		window.hide(true);
	});
	s.as("bob", ["send", "carol", "while nobody looks"]);
	const before = await asked();
	await alice.evaluate(() => window.hide(false));
	await alice.getByRole("row", { name: "bob carol 4" }).waitFor();
	check(before === 0 && (await asked()) > 0, "a hidden page asks for nothing, one that is looked at again at once", before);

	await alice.goto(at("activity"));
	await alice.getByText("made #board").waitFor({ state: "detached" });
	await alice.locator(".activity").getByText("came online").first().waitFor();
	await bob.goto(at("activity"));
	await bob.getByRole("link", { name: "#board" }).first().waitFor();
	check(true, "what happened is told to who may know of it");

	/* Mentions, of all meshes. */
	await alice.getByRole("link", { name: /Mentions/ }).getByLabel("1 unread").waitFor();
	await alice.getByRole("link", { name: /Mentions/ }).click();
	await alice.getByText("the parser is yours").waitFor();
	check(true, "a mention is listed with its text, decrypted here");
	await every_look(alice, "mentions", `${s.url}/#/mentions`);
	await alice.getByText("the parser is yours").click();
	await alice.getByRole("heading", { name: "#general" }).waitFor();
	await alice.getByRole("link", { name: /Mentions/ }).getByLabel("1 unread").waitFor({ state: "detached" });
	check(true, "opening it reads it");
	/* Not while she reads that topic. */
	await alice.goto(at("people"));
	await alice.getByRole("link", { name: "Write to bob" }).waitFor();
	s.as("bob", ["topic", "post", "general", "@alice one more"]);
	s.as("bob", ["topic", "post", "general", "@alice and another"]);
	await alice.goto(`${s.url}/#/mentions`);
	await until(async () => (await alice.locator(".notice.new").count()) === 2, "two new ones");
	await alice.getByRole("button", { name: "Mark all as read" }).click();
	await alice.getByText("All read").waitFor();
	await alice.reload();
	await alice.getByText("and another").waitFor();
	check((await alice.locator(".notice.new").count()) === 0, "marked as read, and so after a reload");
	const kept = await alice.evaluate(async () => {
		const db = await new Promise(done => { const o = indexedDB.open("claudemesh"); o.onsuccess = () => done(o.result); });
		const all = await new Promise(done => { const r = db.transaction("setting").objectStore("setting").getAll(); r.onsuccess = () => done(r.result); });
		return JSON.stringify([all.map(String), { ...localStorage }, { ...sessionStorage }, document.cookie]);
	});
	check(!/cm_|Bearer|token/i.test(kept), "the token of REST is kept nowhere", kept);

	/* Roles in a topic. */
	await alice.goto(at("t/general"));
	await alice.getByRole("button", { name: "Members" }).click();
	await alice.getByLabel("Role of bob").selectOption("observer");
	await bob.goto(at("t/general"));
	await bob.getByText("You are an observer here").waitFor();
	check(true, "a lead makes somebody an observer");
	await picture(alice, "members-light-1280");
	await alice.setViewportSize({ width: 360, height: 740 });
	await picture(alice, "members-light-360");
	await alice.setViewportSize({ width: 1280, height: 800 });
	await accessible(alice, "members with roles");
	await alice.getByRole("button", { name: "Remove bob" }).click();
	await alice.getByRole("button", { name: "Add bob" }).waitFor();
	await bob.getByText("a lead took you out").waitFor();
	await bob.reload();
	await bob.getByText("a lead took you out").waitFor();
	check(true, "who was taken out of a public topic does not come back by itself");
	await alice.getByRole("button", { name: "Add bob" }).click();
	await alice.getByLabel("Role of bob").waitFor();
	await alice.getByRole("button", { name: "Close" }).click();
	await bob.getByText("a lead took you out").waitFor({ state: "detached" });

	/* Two topics of one name. */
	s.as("bob", ["topic", "post", "board", "for those in it"]);
	const second = JSON.parse(s.as("carol", ["topic", "create", "board", "--visibility", "private", "--json"])).id;
	const first = JSON.parse(s.as("bob", ["topic", "list", "--json"])).topics?.find(t => t.name === "board")?.id;
	check(second && first && second !== first, "a private topic's name can be taken again, by who sees none", [first, second]);

	/* API keys: fields and button in one line. */
	await alice.goto(at("keys"));
	await level(alice, ".bar input, .bar select, .bar button", "field, list and button");
	await alice.getByLabel("What it is for").fill("deploy script");
	await alice.getByRole("button", { name: "Create key" }).click();
	await alice.getByText("never shown again").waitFor();
	await alice.getByRole("button", { name: "Done" }).click();
	await alice.goto(at("people"));
	await alice.getByRole("link", { name: "Write to bob" }).waitFor();
	for (const width of [360, 1280]) {
		await alice.setViewportSize({ width, height: 800 });
		await level(alice, ".person:nth-child(2) > button, .person:nth-child(2) > .button", `what can be done with somebody, ${width}`);
	}
	for (const name of ["graph", "activity", "keys", "people", "settings", "invites"])
		await every_look(alice, name, at(name));
	check(alice.foreign.length + bob.foreign.length === 0, "no other origin was asked");
	check(alice.problems.length === 0, "no error in the console", alice.problems);
});
