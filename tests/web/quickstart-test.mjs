// quickstart-test.mjs - the link at the end of ./quickstart shows what alice and bob wrote (TAP).
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { check, claudemesh, picture, play } from "./stage.mjs";

const root = join(dirname(new URL(import.meta.url).pathname), "../..");

await play(async s => {
	/* A port that is free, as far as one can tell. */
	const port = s.port;
	await s.halt();
	const data = join(s.dir, "quickstart");
	const p = spawn(join(root, "quickstart"), ["--data", data, "--port", String(port)], { env: { ...process.env, QUICKSTART_PROGRAMS: dirname(claudemesh) }, stdio: ["ignore", "pipe", "pipe"] });
	let out = "";
	p.stdout.on("data", d => { out += d; });
	p.stderr.on("data", d => { out += d; });
	const status = await new Promise(done => p.once("exit", done));
	const link = /http:\S+#[A-Za-z0-9_-]{43}/.exec(out)?.[0];
	check(status === 0 && link, "it ends with a link", out);
	s.url = `http://127.0.0.1:${port}`;
	try {
		const page = await s.browser();
		await page.goto(link);
		await page.getByRole("button", { name: "Add this browser" }).click();
		await page.locator(".app").waitFor();
		await page.goto(`${s.url}/#/m/demo/t/general`);
		await page.getByText("Hello everybody, this is Alice.").waitFor();
		await page.getByText("Hello Alice, Bob is here, too.").waitFor();
		check(true, "opening it shows alice's and bob's messages");
		await picture(page, "quickstart");
	} finally {
		process.kill(Number(readFileSync(join(data, "broker.pid"), "utf8")));
	}
});
