// stage.mjs - a broker, people with the command line, and browsers with the page. For *-test.mjs.
import { spawn, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, existsSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createRequire } from "node:module";

const START_MS = 20000, COMMAND_MS = 60000, STEP_MS = 40000;
const [, , ...given] = process.argv;
export const [claudemesh, broker, work] = given.map(p => resolve(p)), shots = given[3];
const { chromium } = createRequire(join(work, "x.js"))("playwright-core");

if (shots)
	mkdirSync(shots, { recursive: true });
let n = 0, failed = 0;
export function check(ok, what, seen = "") {
	n++;
	failed += ok ? 0 : 1;
	console.log(`${ok ? "ok" : "not ok"} ${n} - ${what}`);
	if (!ok)
		console.log(`# seen: ${String(typeof seen === "string" ? seen : JSON.stringify(seen)).replace(/\n/g, "\n# ")}`);
}

const axe = createRequire(join(work, "x.js")).resolve("axe-core");

/** No finding that keeps somebody out. The page must be opened with bypassCSP. */
export async function accessible(page, what) {
	await page.addScriptTag({ path: axe });
	const found = await page.evaluate(async () => (await window.axe.run(document, { resultTypes: ["violations"] })).violations
		.filter(v => v.impact === "serious" || v.impact === "critical").map(v => `${v.id}: ${v.nodes.map(n => n.html).slice(0, 2).join(" ; ")}`));
	check(found.length === 0, `axe: ${what}`, found);
}

export async function picture(page, name) {
	if (shots)
		await page.screenshot({ path: join(shots, `${name}.png`) });
}

const pause = ms => new Promise(done => setTimeout(done, ms));

/** Until it is so, or STEP_MS. */
export async function until(fn, what) {
	const end = Date.now() + STEP_MS;
	for (;;) {
		const value = await fn();
		if (value)
			return value;
		if (Date.now() > end)
			throw new Error(`in vain: ${what}`);
		await pause(50);
	}
}

export class Stage {
	constructor() {
		this.dir = mkdtempSync(join(tmpdir(), "claudemesh-web-"));
		this.procs = [];
		this.pages = [];
	}

	async start(port = 0) {
		const data = join(this.dir, "broker"), addr = join(data, "broker.addr");
		rmSync(addr, { force: true });
		this.broker = spawn(broker, ["--listen", `127.0.0.1:${port}`, "--data", data, "--rate-limit", "0"], { stdio: ["ignore", "ignore", "pipe"] });
		this.log = "";
		this.broker.stderr.on("data", d => { this.log += d; });
		const end = Date.now() + START_MS;
		while (!existsSync(addr) || !readFileSync(addr, "utf8").trim()) {
			if (Date.now() > end || this.broker.exitCode !== null)
				throw new Error(`the broker does not start: ${this.log}`);
			await pause(20);
		}
		this.url = readFileSync(addr, "utf8").trim();
		this.port = Number(this.url.split(":").pop());
	}

	async halt() {
		const gone = new Promise(done => this.broker.once("exit", done));
		this.broker.kill("SIGTERM");
		await gone;
	}

	env(who) {
		const dir = join(this.dir, who);
		mkdirSync(dir, { recursive: true, mode: 0o700 });
		return { ...process.env, CLAUDEMESH_CONFIG_DIR: dir, CLAUDEMESH_NO_DAEMON: "1", NO_COLOR: "1" };
	}

	/** claudemesh as somebody; its output. */
	as(who, args, input) {
		return execFileSync(claudemesh, args, { env: this.env(who), input, encoding: "utf8", timeout: COMMAND_MS, stdio: ["pipe", "pipe", "pipe"] });
	}

	begin(who, args) {
		const p = spawn(claudemesh, args, { env: this.env(who), stdio: ["ignore", "pipe", "pipe"] });
		p.out = "";
		p.stdout.on("data", d => { p.out += d; });
		p.stderr.on("data", d => { p.out += d; });
		p.over = new Promise(done => p.once("exit", done));
		this.procs.push(p);
		return p;
	}

	create(who, mesh) {
		this.as(who, ["create", mesh, "--broker", this.url, "--name", who]);
	}

	join(who, mesh, inviter) {
		const link = JSON.parse(this.as(inviter, ["share", "--mesh", mesh, "--json"])).url;
		this.as(who, ["join", "-", "--name", who], link);
	}

	async browser(options = {}) {
		this.chromium ??= await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });
		const context = await this.chromium.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: "reduce", ...options });
		context.setDefaultTimeout(STEP_MS);
		const page = await context.newPage();
		this.pages.push(page);
		page.foreign = [];
		page.problems = [];
		page.on("request", r => {
			if (!r.url().startsWith(this.url) && !/^(data|file|about|blob):/.test(r.url()))
				page.foreign.push(r.url());
		});
		page.on("console", m => m.type() === "error" && page.problems.push(m.text()));
		page.on("pageerror", e => page.problems.push(String(e)));
		return page;
	}

	/** `claudemesh dashboard`, its file opened in the page. */
	async dashboard(who, page, mesh) {
		const p = this.begin(who, ["dashboard", "--no-open", ...(mesh ? ["--mesh", mesh] : [])]);
		const dir = join(this.dir, who);
		const file = await until(() => readdirSync(dir).find(f => /^dashboard-.*[.]html$/.test(f) && readFileSync(join(dir, f), "utf8").includes("#")), "the file of the dashboard");
		const html = readFileSync(join(dir, file), "utf8");
		await page.goto(`file://${join(dir, file)}`);
		return { p, html, file: join(dir, file), link: /url=([^"]+)/.exec(html)[1] };
	}

	async sign_in(who, page, mesh) {
		const d = await this.dashboard(who, page, mesh);
		await page.getByRole("button", { name: "Add this browser" }).click();
		await page.locator(".app").waitFor();
		await d.p.over;
		return d;
	}

	async end() {
		await this.chromium?.close();
		for (const p of this.procs)
			p.kill();
		if (this.broker?.exitCode === null)
			await this.halt();
		rmSync(this.dir, { recursive: true, force: true });
	}
}

/** Runs it, whatever happens ends the stage, prints the plan. */
export async function play(fn) {
	const stage = new Stage();
	try {
		await stage.start();
		await fn(stage);
	} catch (e) {
		check(false, "to the end", e.stack ?? String(e));
		for (const [i, page] of stage.pages.entries()) {
			console.log(`# page ${i}: ${page.url()} ${page.problems.join(" | ").replace(/\n/g, " ")}`);
			if (shots)
				await page.screenshot({ path: join(shots, `failed-${i}.png`) }).catch(() => undefined);
		}
		if (stage.log)
			console.log(`# broker: ${stage.log.slice(-2000).replace(/\n/g, "\n# ")}`);
	}
	await stage.end();
	console.log(`1..${n}`);
	process.exit(failed ? 1 : 0);
}
