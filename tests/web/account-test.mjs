// account-test.mjs - signing in by a code, a program that is signed in by the page, or not, a token
// to paste, and the list of sessions (TAP).
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { accessible, broker, check, picture, play, until } from "./stage.mjs";

await play(async s => {
	const code_of = email => execFileSync(broker, ["admin", "login-code", email, "--data", join(s.dir, "broker")], { encoding: "utf8" }).split("\n")[0];
	const page = await s.browser({ bypassCSP: true });
	page.on("dialog", d => void d.accept());

	/* In. */
	await page.goto(`${s.url}/#/account`);
	await page.getByLabel("E-mail address").fill("Ann@X.org");
	await accessible(page, "signing in");
	await page.getByRole("button", { name: "I have a code" }).click();
	await page.getByRole("button", { name: "Another address" }).click();
	await page.getByLabel("E-mail address").fill("Ann@X.org");
	await page.getByRole("button", { name: "Continue" }).click();
	await page.getByText("This broker sends no mail").waitFor();
	await page.getByLabel("Code of 6 digits").fill("000000");
	const code = code_of("ann@x.org");
	if (code !== "000000") {
		await page.getByRole("button", { name: "Sign in" }).click();
		await page.getByRole("alert").waitFor();
		check(/not right/.test(await page.getByRole("alert").innerText()), "a wrong code is refused");
	}
	await page.getByLabel("Code of 6 digits").fill(`${code.slice(0, 3)} ${code.slice(3)}`);
	await page.getByRole("button", { name: "Sign in" }).click();
	await page.getByRole("heading", { name: "Sessions" }).waitFor();
	await page.getByText("this one").waitFor();
	check(true, "signed in, and the session is listed");
	check((await page.evaluate(() => document.cookie)) === "", "no cookie");
	const kept = await page.evaluate(async () => {
		const db = await new Promise(done => { const o = indexedDB.open("claudemesh"); o.onsuccess = () => done(o.result); });
		const all = await new Promise(done => { const r = db.transaction("setting").objectStore("setting").getAll(); r.onsuccess = () => done(r.result); });
		return JSON.stringify(all) + JSON.stringify(localStorage) + JSON.stringify(sessionStorage);
	});
	check(!kept.includes("eyJ"), "the token lies nowhere in the clear", kept);
	await page.reload();
	await page.getByRole("heading", { name: "Sessions" }).waitFor();
	check(true, "a reload keeps it");

	/* A program. */
	const login = async (who, opened) => {
		const p = s.begin(who, ["login", "--no-open", "--no-input", "--broker", s.url]);
		const address = await until(() => /(http\S+cli-auth\?session=\S+)/.exec(p.out)?.[1], "the address that login prints");
		await opened.goto(address);
		return p;
	};
	let p = await login("ann", page);
	const shown = (await page.getByTestId("user-code").innerText()).trim();
	check(p.out.includes(shown), "A10 both screens show the same code", { shown, out: p.out });
	const facts = await page.locator("dl").innerText();
	check(/linux/.test(facts) && /127\.0\.0\.1/.test(facts) && /clm_sess_/.test(facts), "A10 machine, address and session are shown", facts);
	await accessible(page, "a program asks");
	await picture(page, "account-ask");
	check(p.exitCode === null, "A10 looking approves nothing");
	await page.getByRole("button", { name: "Yes, sign it in" }).click();
	await page.getByText("is signed in").waitFor();
	check((await p.over) === 0 && /signed in as/.test(p.out), "then the program is signed in", p.out);

	p = await login("bob", page);
	await page.getByRole("button", { name: "No", exact: true }).click();
	await page.getByRole("heading", { name: "Refused" }).waitFor();
	check((await p.over) === 2 && /denied/.test(p.out), "a program that is refused is told so", p.out);

	/* Not signed in: nothing is shown of what asks. */
	const stranger = await s.browser();
	p = await login("carol", stranger);
	await stranger.getByRole("heading", { name: "Sign in" }).waitFor();
	check(await stranger.getByTestId("user-code").count() === 0, "A1 who is not signed in sees nothing to approve");
	await page.goto(`${s.url}/cli-auth?code=${/([A-Z2-9]{4}-[A-Z2-9]{4})/.exec(p.out)[1]}`);
	check((await page.getByTestId("user-code").innerText()).length === 9, "a code instead of the link does as well");
	await page.getByRole("button", { name: "No", exact: true }).click();
	await p.over;
	await page.goto(`${s.url}/cli-auth?session=clm_sess_${"A".repeat(32)}`);
	check(/no program waits/.test(await page.getByRole("alert").innerText()), "a link that is none");

	/* A token to paste. */
	await page.goto(`${s.url}/token`);
	await page.getByRole("button", { name: "Make a token" }).click();
	const token = (await page.locator("pre code").innerText()).trim();
	check(/signed in as/.test(s.as("dave", ["login", "--paste", "--broker", s.url], `${token}\n`)), "a token is pasted");
	await accessible(page, "a token");

	/* Sessions. */
	await page.goto(`${s.url}/#/account`);
	await page.getByRole("button", { name: "Revoke" }).first().waitFor();
	await picture(page, "account");
	await accessible(page, "the account");
	await page.setViewportSize({ width: 360, height: 740 });
	check(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "it fits a narrow screen");
	await picture(page, "account-360");
	check(/1 yours|signed in/.test(s.as("ann", ["whoami"])), "before");
	for (let n = await page.getByRole("button", { name: "Revoke" }).count(); n > 0; n--) {
		await page.getByRole("button", { name: "Revoke" }).first().click();
		await until(async () => await page.getByRole("button", { name: "Revoke" }).count() === n - 1, "the list without it");
	}
	check(/expired or revoked/.test(s.as("ann", ["whoami"])), "B19 what was revoked on the page is signed out");
	await page.getByRole("button", { name: "Sign out" }).click();
	await page.getByLabel("E-mail address").waitFor();
	check(true, "signed out");
	check(page.foreign.length === 0, "nothing was asked of others", page.foreign);
});
