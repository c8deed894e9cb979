// The list of mentions: what is read of it stays, also when it is asked for again meanwhile.
import test from "node:test";
import assert from "node:assert/strict";
import type { Mesh } from "../src/lib/mesh";
import { Notices } from "../src/lib/notices";

const SHOWN = 50;

/** `told`: the numbers of the mentions that the broker has, newest first. */
function scene() {
	const s = { told: [1], read: (id: string) => Promise.resolve(`text of ${id}`) };
	const mesh = {
		changed: () => undefined,
		rest: { get: async () => ({ notifications: s.told.slice(0, SHOWN).map(n => ({ id: `n${n}`, topicId: "t", topicName: "ops", senderMemberId: "b", senderName: "bob", createdAt: "2026-01-01T00:00:00Z", readAt: null })) }) },
		topics: { read_post: async (_: string, frame: { id: string }) => ({ text: await s.read(frame.id) }) },
	};
	return Object.assign(s, { notices: new Notices(mesh as unknown as Mesh) });
}

test("a text that was being decrypted while the list came again is shown", async () => {
	const s = scene();
	await s.notices.refresh();
	let done: (text: string) => void = () => undefined;
	s.read = () => new Promise(d => done = d);
	const opened = s.notices.open();
	await s.notices.refresh();
	done("hello");
	await opened;
	assert.deepEqual(s.notices.list.map(n => n.text), ["hello"]);
});

test("a new one in a full list is one that is not opened", async () => {
	const s = scene();
	s.told = [...Array(SHOWN).keys()];
	await s.notices.refresh();
	await s.notices.open();
	assert.equal(s.notices.unopened, "");
	s.told = [99, ...s.told];
	await s.notices.refresh();
	assert.equal(s.notices.list.length, SHOWN);
	assert.equal(s.notices.unopened, "n99");
});
