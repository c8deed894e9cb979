// moderation-test.mjs - the owner manages people in the page, and those who are hit see why (TAP).
import { accessible, check, picture, play, until } from "./stage.mjs";

await play(async s => {
	s.create("alice", "demo");
	s.join("bob", "demo", "alice");
	s.join("carol", "demo", "alice");
	const alice = await s.browser({ bypassCSP: true }), bob = await s.browser();
	await s.sign_in("alice", alice);
	await s.sign_in("bob", bob);
	const people = `${s.url}/#/m/demo/people`;
	await bob.goto(people);
	await bob.getByText("Write", { exact: true }).first().waitFor();
	check((await bob.getByRole("button", { name: /^Manage/ }).count()) === 0 && (await bob.getByText("Banned members").count()) === 0, "a member manages nobody");

	await alice.goto(people);
	await alice.locator(".person", { hasText: "alice" }).getByText("owner", { exact: true }).waitFor();
	check((await alice.getByRole("button", { name: "Manage alice" }).count()) === 0, "nobody manages the owner, herself neither");
	for (const width of [360, 1280, 1600]) {
		await alice.setViewportSize({ width, height: 800 });
		for (const theme of ["light", "dark"]) {
			await alice.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
			const wide = await alice.evaluate(() => document.documentElement.scrollWidth);
			if (wide > width)
				check(false, `people: nothing sticks out at ${width}`, wide);
			await picture(alice, `people-${theme}-${width}`);
		}
	}
	await alice.setViewportSize({ width: 1280, height: 800 });
	await alice.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
	await alice.getByRole("button", { name: "Manage bob" }).click();
	const sheet = alice.getByRole("dialog", { name: "Manage bob" });
	await picture(alice, "manage");
	await accessible(alice, "managing somebody");

	await sheet.getByRole("button", { name: "Disconnect" }).click();
	await sheet.getByText("They will auto-reconnect within seconds.").waitFor();
	await until(() => bob.evaluate(() => !document.querySelector(".strip")), "bob's page is back");
	check(true, "a disconnected page comes back by itself");

	await sheet.getByRole("button", { name: "Kick" }).click();
	await sheet.getByText("They can rejoin anytime by running claudemesh.").waitFor();
	await bob.getByText("Kicked from this mesh.").first().waitFor();
	check(true, "a kicked page says so, and stays away");
	await bob.reload();
	await bob.getByText("Write", { exact: true }).first().waitFor();
	check((await bob.getByText("Kicked from this mesh.").count()) === 0, "it is back when it is loaded again");

	await sheet.getByRole("button", { name: "Make admin" }).click();
	await sheet.getByText("bob is an admin now.").waitFor();
	await bob.getByRole("button", { name: "Manage carol" }).waitFor();
	check((await bob.getByRole("button", { name: "Manage alice" }).count()) === 0, "an admin manages members, and not the owner");
	check((await alice.locator(".person", { hasText: "bob" }).getByText("unverified").count()) === 0, "and is verified as before");
	await sheet.getByRole("button", { name: "Make member" }).click();
	await sheet.getByText("bob is a member now.").waitFor();

	await sheet.getByRole("button", { name: "Ban…" }).click();
	await picture(alice, "ban");
	await accessible(alice, "banning somebody");
	await sheet.getByRole("button", { name: "Keep" }).click();
	check((await bob.getByText("been removed").count()) === 0, "a ban is asked about");
	await sheet.getByRole("button", { name: "Ban…" }).click();
	await sheet.getByLabel("Reason, for the list of bans").fill("too <b>loud</b>");
	await sheet.getByRole("button", { name: "Ban bob" }).click();
	await bob.getByText("You've been removed from \"demo\". Contact the mesh owner to rejoin.").first().waitFor();
	check(true, "a banned page says so");
	await until(async () => !(await alice.getByRole("button", { name: "Manage bob" }).count()), "bob is off the list");
	await bob.reload();
	await bob.getByText("You've been removed from \"demo\". Contact the mesh owner to rejoin.").first().waitFor();
	check(true, "also when it is loaded again");
	await alice.getByText("Banned members").click();
	await alice.getByText("too <b>loud</b>").waitFor();
	await picture(alice, "bans");
	await accessible(alice, "the list of bans");
	await alice.getByRole("button", { name: "Unban bob" }).click();
	await alice.getByText("Nobody is banned.").waitFor();
	await bob.reload();
	await bob.getByText("Write", { exact: true }).first().waitFor();
	check(true, "let in again it is back");
});
