// topics-test.mjs - a topic from two browsers and the command line: keys, replies, mentions,
// who is removed reads nothing more, a lost connection is caught up with (TAP).
import { accessible, check, picture, play, until } from "./stage.mjs";

async function say(page, text) {
	await page.getByRole("combobox").fill(text);
	await page.keyboard.press("Enter");
}

await play(async s => {
	s.create("alice", "demo");
	s.join("bob", "demo", "alice");
	s.join("carol", "demo", "alice");
	s.as("alice", ["topic", "post", "general", "written before the browser came"]);
	const alice = await s.browser({ bypassCSP: true }), bob = await s.browser();
	await s.sign_in("alice", alice);
	await s.sign_in("bob", bob);

	/* #general is there from the beginning, and opening the mesh leads to it. */
	await alice.goto(`${s.url}/#/`);
	await alice.getByRole("heading", { name: "demo" }).getByRole("link").click();
	await alice.getByRole("heading", { name: "#general" }).waitFor();
	await alice.getByText("written before the browser came").waitFor();
	check(true, "it reads what was written before: the command sealed the key for it");
	await say(alice, "Good morning from the browser.");
	await alice.locator(".state.stored").last().waitFor();
	check((await alice.getByText("Not encrypted").count()) === 0, "#general has a key");
	await bob.getByRole("link", { name: /general/ }).first().click();
	await bob.getByText("Good morning from the browser.").waitFor();
	check(true, "another browser reads it");
	await until(() => /Good morning from the browser/.test(s.as("carol", ["topic", "read", "general"]) + s.as("carol", ["topic", "history", "general"])), "the command line reads it");
	check(true, "and the command line");

	/* A topic of one's own, with a mention and a reply. */
	await alice.getByRole("button", { name: "+ New topic" }).click();
	await alice.getByLabel("Name of the topic").fill("parser");
	await alice.getByRole("button", { name: "Create" }).click();
	await alice.getByRole("heading", { name: "#parser" }).waitFor();
	await bob.getByRole("link", { name: /parser/ }).click();
	await bob.getByRole("heading", { name: "#parser" }).waitFor();
	s.as("carol", ["topic", "join", "parser"]);
	await say(alice, "The parser drops the last byte. Who looks at it?");
	await bob.getByText("drops the last byte").waitFor();
	check((await bob.getByText("Not encrypted").count()) === 0, "a new topic is encrypted from the first message");
	await bob.getByText("drops the last byte").hover();
	await bob.getByRole("button", { name: "Reply to alice" }).click();
	await bob.getByRole("combobox").pressSequentially("I do, @ca");
	await bob.getByRole("option", { name: "@carol" }).waitFor();
	await bob.keyboard.press("Tab");
	await bob.keyboard.type("has the test.");
	await bob.keyboard.press("Enter");
	await alice.getByText("has the test.").waitFor();
	check((await alice.locator(".quote").innerText()).includes("drops the last byte"), "a reply shows what it answers");
	check((await alice.locator(".mention").first().innerText()) === "@carol", "a mention stands out");
	await until(() => /has the test/.test(s.as("carol", ["notification", "list"])), "carol's notification");
	check(true, "and notifies who was mentioned");
	s.as("carol", ["topic", "post", "parser", "Here it is: tests/last-byte.conv"]);
	await alice.getByText("tests/last-byte.conv").waitFor();
	await bob.getByText("tests/last-byte.conv").waitFor();
	check(true, "chat goes all ways");
	check((await bob.locator(".unread-line").count()) === 0, "what comes while one reads is not marked as unread");
	for (const page of [alice, bob])
		check((await page.getByText(/unsigned|unverified/).count()) === 0, "everybody's posts are signed by members");
	await accessible(alice, "a topic");
	await alice.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
	await picture(alice, "topic-light-1280");
	await alice.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
	await picture(alice, "topic-dark-1280");
	await alice.setViewportSize({ width: 360, height: 740 });
	await picture(alice, "topic-dark-360");
	await alice.setViewportSize({ width: 1280, height: 800 });

	/* Unread: counted, and marked where it begins. */
	await bob.getByRole("link", { name: /general/ }).first().click();
	await bob.getByRole("heading", { name: "#general" }).waitFor();
	await say(alice, "One more for later.");
	await bob.getByRole("link", { name: /parser/ }).getByLabel("1 unread").waitFor();
	await bob.getByRole("link", { name: /parser/ }).click();
	await bob.locator(".unread-line").waitFor();
	await bob.getByRole("link", { name: /parser/ }).getByLabel("1 unread").waitFor({ state: "detached" });
	check(true, "unread posts are counted and marked; opening reads them");

	// What nobody signed, and what the broker can read, is marked.
	s.as("carol", ["topic", "create", "open", "--plaintext"]);
	s.as("carol", ["topic", "post", "open", "Signed, in the open."]);
	const key = JSON.parse(s.as("carol", ["apikey", "create", "program", "--yes", "--json"])).secret;
	await fetch(`${s.url}/api/v1/topics/open`, { method: "POST", body: "By a program.", headers: { Authorization: `Bearer ${key}` } });
	await bob.getByRole("link", { name: /open/ }).first().click();
	await bob.getByText("By a program.").waitFor();
	const tags = async text => (await bob.locator(".message", { hasText: text }).locator(".tag").allInnerTexts()).join();
	/* A line is there before its signature was looked at. */
	const tagged = async (text, want) => { try { return await until(async () => await tags(text) === want, text); } catch { return false; } };
	check(await tagged("Signed, in the open.", "not encrypted"), "plain text is marked", await tags("Signed, in the open."));
	check(await tagged("By a program.", "unsigned,not encrypted"), "and a post that nobody signed", await tags("By a program."));
	await picture(bob, "topic-open");
	await bob.getByRole("link", { name: /parser/ }).click();

	/* Who is removed reads nothing more: the next post is under a new key. */
	await alice.getByRole("button", { name: "Members" }).click();
	await accessible(alice, "members of a topic");
	await picture(alice, "members");
	await alice.getByRole("button", { name: "Remove carol" }).click();
	await alice.getByRole("button", { name: "Add carol" }).waitFor();
	await alice.getByRole("button", { name: "Close" }).click();
	await say(alice, "Carol is gone: this is under the next key.");
	await bob.getByText("under the next key").waitFor();
	let seen = "";
	try {
		seen = s.as("carol", ["topic", "history", "parser"]);
	} catch (e) {
		seen = String(e.stdout) + String(e.stderr);
	}
	check(!/under the next key/.test(seen), "who was removed cannot read what follows", seen);

	/* The connection is lost, and what was missed comes. */
	await s.halt();
	await bob.getByText(/Trying again/).waitFor();
	await s.start(s.port);
	await alice.getByText(/Trying again|Connecting/).waitFor({ state: "detached" });
	await say(alice, "written while bob was away");
	await bob.getByText("written while bob was away").waitFor();
	check((await bob.getByText("written while bob was away").count()) === 1, "caught up, once");
	check(alice.foreign.length + bob.foreign.length === 0, "no other origin was asked");
	check(alice.problems.filter(p => !/ERR_CONNECTION|WebSocket|Failed to load/.test(p)).length === 0, "no error in the console", alice.problems);
});
