// create-test.mjs - a mesh that is made in the page: its owner's key, a post, an invite that proves,
// who joins by it from the command line, and the backup of the key (TAP).
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { accessible, broker, check, picture, play, until } from "./stage.mjs";

async function every_look(page, name) {
	for (const theme of ["light", "dark"]) {
		await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
		for (const width of [360, 1280]) {
			await page.setViewportSize({ width, height: 800 });
			const wide = await page.evaluate(() => document.documentElement.scrollWidth);
			check(wide <= width, `${name}: nothing sticks out at ${width}`, wide);
			await accessible(page, `${name}, ${theme}, ${width}`);
			await picture(page, `${name}-${theme}-${width}`);
		}
	}
	await page.setViewportSize({ width: 1280, height: 800 });
}

async function sign_in(s, page, email) {
	await page.goto(`${s.url}/#/account`);
	await page.getByLabel("E-mail address").fill(email);
	await page.getByRole("button", { name: "Continue" }).click();
	await page.getByLabel("Code of 6 digits").fill(execFileSync(broker, ["admin", "login-code", email, "--data", join(s.dir, "broker")], { encoding: "utf8" }).split("\n")[0]);
	await page.getByRole("button", { name: "Sign in" }).click();
	await page.getByRole("heading", { name: "New mesh" }).waitFor();
}

await play(async s => {
	const page = await s.browser({ bypassCSP: true }), sent = [], asked = [];
	page.on("request", r => sent.push(r.url() + (r.postData() ?? "")));
	page.on("websocket", w => w.on("framesent", f => sent.push(String(f.payload))));
	page.on("dialog", d => {
		asked.push(d.message());
		void d.accept();
	});
	await page.goto(`${s.url}/`);
	await page.getByText("makes a mesh in this browser").waitFor();
	await sign_in(s, page, "ann@x.org");
	await page.getByRole("button", { name: "Make the mesh" }).scrollIntoViewIfNeeded();
	await every_look(page, "new-mesh");

	/* What the broker refuses is told, and nothing of it is kept. */
	const kept = () => page.evaluate(async () => {
		const db = await new Promise(done => { const o = indexedDB.open("claudemesh"); o.onsuccess = () => done(o.result); });
		const all = await new Promise(done => { const r = db.transaction("setting").objectStore("setting").getAll(); r.onsuccess = () => done(r.result); });
		const keys = await new Promise(done => { const r = db.transaction("setting").objectStore("setting").getAllKeys(); r.onsuccess = () => done(r.result); });
		return { owners: keys.filter((k, i) => k.startsWith("owner ") && all[i]).length, text: JSON.stringify(all) };
	});
	await page.getByLabel("Name of the mesh").fill("a\u0085b");
	await page.getByRole("button", { name: "Make the mesh" }).click();
	await page.getByRole("alert").waitFor();
	check(/control characters/.test(await page.getByRole("alert").innerText()) && (await kept()).owners === 0, "a name that the broker refuses leaves no key behind", await page.getByRole("alert").innerText());

	await page.getByLabel("Name of the mesh").fill("Garden of Ann");
	await page.getByLabel("Your name there").fill("ann");
	const saved = page.waitForEvent("download");
	await page.getByRole("button", { name: "Make the mesh" }).click();
	const download = await saved, backup = readFileSync(await download.path(), "utf8"), keys = JSON.parse(backup);
	await page.getByRole("heading", { name: "#general" }).waitFor();
	check(page.url() === `${s.url}/#/m/garden-of-ann/t/general`, "the new mesh opens at #general", page.url());
	check(download.suggestedFilename() === `${keys.mesh_id}.json` && /^[0-9A-Za-z]{32}$/.test(keys.mesh_id) && /^[0-9a-f]{128}$/.test(keys.owner_secret), "the backup is named as claudemesh names it");
	const now = await kept();
	check(now.owners === 1 && !now.text.includes(keys.owner_secret.slice(0, 64)) && !now.text.includes(keys.root_key), "the owner's key lies in the browser, nowhere in the clear");
	await page.getByRole("combobox").fill("The first line of this garden.");
	await page.keyboard.press("Enter");
	await page.locator(".state.stored").last().waitFor();
	check((await page.getByText(/Not encrypted|unverified|unsigned/).count()) === 0, "a post there is encrypted and signed by a proved member");
	await page.goto(`${s.url}/#/m/garden-of-ann/people`);
	await page.getByText("owner", { exact: true }).waitFor();
	check((await page.getByText("unverified").count()) === 0, "who made it is its owner, proved");

	/* An invite that proves. */
	await page.goto(`${s.url}/#/m/garden-of-ann/invites`);
	await page.getByText("signed with the owner's key").waitFor();
	await page.locator("form select").nth(1).selectOption("5");
	await page.getByRole("button", { name: "Invite", exact: true }).click();
	const link = await page.locator(".secret code").first().textContent(), secret = link.split("#")[1];
	check(/^http:\/\/127\.0\.0\.1:\d+\/i\/[A-Z2-9]{12}#[A-Za-z0-9_-]{43}$/.test(link), "an invite of the owner's has a secret behind '#'", link);
	await every_look(page, "invite-signed");
	const bob = JSON.parse(s.as("bob", ["join", link, "--name", "bob", "--json"]));
	check(bob.verified === true, "who joins by it on the command line is proved", bob);
	await until(() => /The first line of this garden/.test(s.as("bob", ["topic", "history", "general"])), "bob reads what was posted in the page");
	check(true, "and reads what was posted in the page");
	s.as("bob", ["topic", "post", "general", "Good soil."]);
	await page.goto(`${s.url}/#/m/garden-of-ann/t/general`);
	await page.getByText("Good soil.").waitFor();
	check((await page.getByText(/unverified/).count()) === 0, "the page reads him, proved");
	for (const [what, text] of [["the owner's key", keys.owner_secret.slice(0, 64)], ["the root key", keys.root_key], ["the invite's secret", secret]])
		check(!sent.some(r => r.includes(text)) && !s.log.includes(text), `${what} was sent nowhere`);

	/* The backup is the owner on a machine. */
	const mine = join(s.dir, "ann", "keys");
	mkdirSync(mine, { recursive: true, mode: 0o700 });
	writeFileSync(join(mine, download.suggestedFilename()), backup, { mode: 0o600 });
	s.as("ann", ["join", link, "--name", "ann on a machine"]);
	const shared = JSON.parse(s.as("ann", ["share", "--json"]));
	check(shared.proves === true, "the backup in keys/ makes a machine sign invites", shared);
	check(JSON.parse(s.as("carol", ["join", shared.url, "--name", "carol", "--json"])).verified === true, "by which others are proved");

	/* It is there after a reload, also for the account; signing out says what goes with it. */
	await page.goto(`${s.url}/#/account`);
	await page.getByText("Garden of Ann").waitFor();
	check(/yours/.test(await page.getByRole("listitem").filter({ hasText: "Garden of Ann" }).innerText()), "the account has it");
	await page.goto(`${s.url}/#/m/garden-of-ann/settings`);
	await page.reload();
	await page.getByRole("heading", { name: "The owner's key" }).waitFor();
	await every_look(page, "owner-key");
	const again = page.waitForEvent("download");
	await page.getByRole("button", { name: "Save a backup" }).click();
	check(readFileSync(await (await again).path(), "utf8") === backup, "the backup can be saved again");
	await page.getByRole("button", { name: "Sign out of Garden of Ann" }).click();
	await page.getByRole("heading", { name: "claudemesh" }).waitFor();
	check(asked.some(q => /owner's key goes, too/.test(q)) && (await kept()).owners === 0, "signing out says that the owner's key goes, and it does", asked);
	check(page.foreign.length === 0, "nothing was asked of others", page.foreign);

	/* Under the page's own policy, and without a backup. */
	const plain = await s.browser();
	await sign_in(s, plain, "ann@x.org");
	await plain.getByLabel("Name of the mesh").fill("Garden of Ann");
	await plain.getByLabel("Save a backup").uncheck();
	await plain.getByRole("button", { name: "Make the mesh" }).click();
	await plain.getByRole("heading", { name: "#general" }).waitFor();
	check(plain.url().endsWith("/#/m/garden-of-ann-2/t/general"), "a second mesh of the same name is another one", plain.url());
	check(plain.problems.length === 0, "the policy of the page stops nothing of it", plain.problems);
});
