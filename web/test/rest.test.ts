// The token of REST: in a header, renewed in time, asked for again by a broker that knows it no more.
import test from "node:test";
import assert from "node:assert/strict";
import { Refused } from "../src/lib/link";
import { Rest } from "../src/lib/rest";

interface Call {
	url: string;
	init: { method: string; headers: Record<string, string>; body: string | null };
}

/** fetch as the broker answers it; tokens are t1, t2 ... */
function scene(answer: (call: Call, n: number) => { status: number; value: unknown }) {
	const calls: Call[] = [];
	let given = 0, now = 1000;
	Object.assign(globalThis, {
		document: { baseURI: "https://mesh.example/" },
		fetch: async (url: string, init: Call["init"]) => {
			const call = { url, init };
			calls.push(call);
			const { status, value } = answer(call, calls.length);
			return { ok: status < 400, status, statusText: "", json: async () => value === undefined ? JSON.parse("<html>") : value };
		},
	});
	Object.defineProperty(globalThis.performance, "now", { value: () => now, configurable: true });
	const rest = new Rest(async () => `t${++given}`);
	return { rest, calls, given: () => given, wait: (ms: number) => now += ms };
}

const fine = () => ({ status: 200, value: { fine: true } });

test("the token goes in a header, never in an address, and one serves many calls", async () => {
	const s = scene(fine);
	await Promise.all([s.rest.get("notifications", { since: "2026-01-01T00:00:00Z" }), s.rest.get("me")]);
	await s.rest.call("POST", "notifications/read", { ids: ["x"] });
	assert.equal(s.given(), 1);
	assert.deepEqual(s.calls.map(c => c.init.headers.Authorization), ["Bearer t1", "Bearer t1", "Bearer t1"]);
	assert.deepEqual(s.calls.map(c => c.url), ["https://mesh.example/api/v1/notifications?since=2026-01-01T00%3A00%3A00Z", "https://mesh.example/api/v1/me", "https://mesh.example/api/v1/notifications/read"]);
	assert.equal(s.calls[2]!.init.method, "POST");
	assert.equal(s.calls[2]!.init.body, '{"ids":["x"]}');
	assert(!JSON.stringify(s.rest).includes("t1"));
});

test("it is renewed before its ten minutes are over, and after the page signed out", async () => {
	const s = scene(fine);
	await s.rest.get("me");
	s.wait(530000);
	await s.rest.get("me");
	assert.equal(s.given(), 1);
	s.wait(20000);
	await s.rest.get("me");
	assert.equal(s.given(), 2);
	s.rest.forget();
	await s.rest.get("me");
	assert.equal(s.given(), 3);
});

test("a token that a broker does not know is asked for once more, and no more than that", async () => {
	const refuse = { status: 401, value: { error: "api_key_invalid", detail: "unknown token" } };
	const once = scene((_, n) => n === 1 ? refuse : fine());
	await once.rest.get("me");
	assert.deepEqual(once.calls.map(c => c.init.headers.Authorization), ["Bearer t1", "Bearer t2"]);
	const always = scene(() => refuse);
	await assert.rejects(always.rest.get("me"), /unknown token/);
	assert.equal(always.calls.length, 2);
});

test("another refusal is told as it is", async () => {
	const s = scene(() => ({ status: 429, value: { error: "rate_limit", detail: "wait a minute" } }));
	const e = await s.rest.get("me").catch(x => x as Refused);
	assert(e instanceof Refused);
	assert.equal((e as Refused).code, "rate_limit");
	assert.equal((e as Refused).status, 429);
	assert.equal(s.calls.length, 1);
});

test("what stands before the broker and does not speak JSON is told by its status", async () => {
	const s = scene(() => ({ status: 502, value: undefined }));
	const e = await s.rest.get("me").catch(x => x as Refused);
	assert(e instanceof Refused, String(e));
	assert.equal((e as Refused).status, 502);
});
