// invites-test.mjs - invites in the page, and the page behind a link: with and without scripts (TAP).
import { accessible, check, picture, play, until } from "./stage.mjs";

await play(async s => {
	s.create("alice", "demo");
	s.join("bob", "demo", "alice");
	const page = await s.browser({ bypassCSP: true });
	await s.sign_in("alice", page, "demo");
	await page.goto(`${s.url}/#/m/demo/invites`);
	page.on("dialog", d => void d.accept());
	await page.locator("form select").nth(1).selectOption("5");
	await page.getByRole("button", { name: "Invite", exact: true }).click();
	const link = await page.locator(".secret code").first().textContent();
	check(/^http:\/\/127\.0\.0\.1:\d+\/i\/[A-Z0-9]{12}$/.test(link), "an invite made in the page has a link without a secret", link);
	await page.locator(".qr svg").first().waitFor();
	check(true, "shown as a QR code");
	for (const theme of ["light", "dark"]) {
		await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
		for (const width of [360, 1280, 1600]) {
			await page.setViewportSize({ width, height: 900 });
			await accessible(page, `invites, ${theme}, ${width}`);
			const wide = await page.evaluate(() => document.documentElement.scrollWidth);
			check(wide <= width, `nothing sticks out at ${width}`, wide);
			await picture(page, `invites-${theme}-${width}`);
		}
	}
	await page.setViewportSize({ width: 1280, height: 900 });
	s.create("alice", "other");
	const again = await s.browser();
	await s.sign_in("alice", again, "demo");
	await s.sign_in("alice", again, "other");
	await again.goto(`${s.url}/#/m/demo/invites`);
	await again.getByRole("button", { name: "Invite", exact: true }).click();
	await again.locator(".secret code").first().waitFor();
	await again.goto(`${s.url}/#/m/other/invites`);
	await again.getByText("claudemesh share --mesh other").waitFor();
	check((await again.locator(".secret").count()) === 0, "a link to one mesh is not shown on the page of another");
	await again.context().close();
	const said = JSON.parse(s.as("carol", ["join", link, "--name", "carol", "--json"]));
	check(said.verified === false, "who joins by it is unverified", said);
	await page.getByLabel("Mail it to").fill("dora@example.org");
	await page.getByRole("button", { name: "Invite", exact: true }).click();
	await page.getByText("Not mailed to dora@example.org").waitFor();
	check((await page.getByRole("row").filter({ hasText: "dora@example.org" }).count()) === 1, "without a mail server the page says that nothing was mailed");
	await page.getByRole("row").filter({ hasText: "1 of 5" }).getByRole("button").click();
	await until(async () => (await page.getByRole("row").filter({ hasText: "1 of 5" }).count()) === 0, "the invite gone from the list");
	let refused = "";
	try {
		s.as("eve", ["join", link, "--name", "eve"]);
	} catch (e) {
		refused = String(e.stderr);
	}
	check(refused !== "", "B19: revoked in the page it lets nobody in");

	/* A member who may not invite sees how it is done, and no form. */
	const other = await s.browser({ bypassCSP: true });
	await s.sign_in("bob", other, "demo");
	await other.goto(`${s.url}/#/m/demo/invites`);
	await other.getByText("claudemesh share --mesh demo").waitFor();
	check((await other.getByRole("button", { name: "Invite", exact: true }).count()) === 0, "who may not invite sees no form");

	/* The page behind a link. Its policy holds here. */
	const whole = JSON.parse(s.as("alice", ["share", "--mesh", "demo", "--json"])).url;
	const [bare, secret] = whole.split("#");
	const sent = [];
	const visitor = await s.browser({ permissions: ["clipboard-read", "clipboard-write"] });
	visitor.on("request", r => sent.push(r.url() + (r.postData() ?? "")));
	await visitor.goto(whole);
	await visitor.getByRole("heading", { name: "join demo on claudemesh" }).waitFor();
	const shown = await visitor.locator("pre").last().textContent();
	check(shown === `claudemesh join '${whole}'`, "A12: the page puts the link's secret into the command, on this machine", shown);
	check(!sent.some(r => r.includes(secret)) && !s.log.includes(secret), "A12: and sends it nowhere", sent);
	await visitor.getByRole("button", { name: "Copy" }).last().click();
	await visitor.getByRole("button", { name: "Copied" }).waitFor();
	check((await visitor.evaluate(() => navigator.clipboard.readText())) === shown, "a button copies the command");
	check(visitor.foreign.length === 0 && visitor.problems.length === 0, "it loads nothing from elsewhere, and its policy stops nothing of its own", [...visitor.foreign, ...visitor.problems]);
	const odd = await s.browser();
	await odd.goto(`${bare}#'; rm -rf ~; '`);
	check((await odd.locator("pre").last().textContent()) === `claudemesh join '${bare}#...'`, "what is no secret does not get into a command");
	const plain = await s.browser({ javaScriptEnabled: false });
	await plain.goto(whole);
	check((await plain.getByText("Put your whole link").count()) === 1 && (await plain.getByRole("button").filter({ visible: true }).count()) === 0, "without scripts it says what to do, and has no dead button");
	const looks = await s.browser({ bypassCSP: true });
	for (const theme of ["light", "dark"]) {
		await looks.emulateMedia({ colorScheme: theme });
		for (const [name, where] of [["live", whole], ["revoked", link], ["unknown", `${s.url}/i/NOSUCHCODE22`]]) {
			for (const width of [360, 1280]) {
				await looks.setViewportSize({ width, height: 900 });
				await looks.goto(where);
				await looks.locator("h1").waitFor();
				await accessible(looks, `the page of a ${name} invite, ${theme}, ${width}`);
				const wide = await looks.evaluate(() => document.documentElement.scrollWidth);
				check(wide <= width, `nothing sticks out at ${width}`, wide);
				await picture(looks, `invite-${name}-${theme}-${width}`);
			}
		}
	}
});
