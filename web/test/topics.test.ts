// A broker that lies about a topic: nothing is written for it to read, and nothing is sealed to it.
import test from "node:test";
import assert from "node:assert/strict";
import * as c from "../src/lib/crypto";
import type { Mesh } from "../src/lib/mesh";
import { Room, type TopicEntry, Topics } from "../src/lib/topics";

await c.crypto_ready();

/** As much of IndexedDB as settings need. */
function fake_store(): void {
	const rows = new Map<string, unknown>();
	const soon = (value: unknown) => {
		const ask = { result: value, onsuccess: undefined as (() => void) | undefined };
		queueMicrotask(() => ask.onsuccess?.());
		return ask;
	};
	const store = { get: (name: string) => soon(rows.get(name)), put: (value: unknown, name: string) => soon(rows.set(name, value)) };
	Object.assign(globalThis, { indexedDB: { open: () => soon({ transaction: () => ({ objectStore: () => store }) }) } });
}
fake_store();

const pair = (n: number) => c.pair_from_seed(new Uint8Array(32).fill(n));
const alice = pair(1), broker = pair(2), bob = pair(3);
let meshes = 0;

type Sent = Record<string, unknown> & { ciphertext: string; nonce: string; newKey?: { copies: { memberId: string; encryptedKey: string; nonce: string }[] } };

/** alice's page; `told` is what the broker says, `sent` what it got. */
function scene() {
	const told = { epoch: 0, stale: false, plaintext: false, refuses: false, keys: [] as object[], own_key: alice.pubkey };
	const sent: Sent[] = [];
	const id = { mesh_id: `MeshId0000000000000000000000000${++meshes}`, member_id: "Alice", pubkey: alice.pubkey, of_name: "alice" };
	const entry = (): TopicEntry => ({ id: "Topic", name: "ops", description: null, visibility: "private", memberCount: 2, role: "member",
		unread: 0, lastSeq: 0, lastMessageAt: null, epoch: told.epoch, stale: told.stale, plaintext: told.plaintext });
	const members = [{ memberId: "Alice", pubkey: alice.pubkey, verified: true }, { memberId: "Bob", pubkey: bob.pubkey, verified: true }];
	const mesh = {
		id, pair: alice, members, changed: () => undefined, refresh: async () => undefined, member: () => undefined,
		request: async (type: string) => type === "topic_list" ? { topics: [entry()] }
			: type === "topic_key_get" ? { epoch: told.epoch, stale: told.stale, keys: told.keys }
			: { members: [{ memberId: "Alice", pubkey: told.own_key }, { memberId: "Bob", pubkey: bob.pubkey },
				{ memberId: "Eve", pubkey: broker.pubkey }] },
		send_frame: async (fields: Sent) => {
			if (told.refuses)
				throw new Error("not now");
			sent.push(fields);
			return { messageId: `p${sent.length}`, seq: sent.length };
		},
	};
	const topics = new Topics(mesh as unknown as Mesh);
	const room: Room = topics.room(entry());
	const post = async (text: string) => {
		await room.post(text);
		return room.posts[room.posts.length - 1]!;
	};
	return { told, sent, topics, room, post, id };
}

test("a key is sealed to one's own key, whatever the broker calls that", async () => {
	const s = scene();
	s.told.own_key = broker.pubkey;
	assert.equal((await s.post("one")).state, "stored");
	const copies = s.sent[0]!.newKey!.copies;
	assert.deepEqual(copies.map(x => x.memberId), ["Alice", "Bob"]);
	const slot = { mesh_id: s.id.mesh_id, topic_id: "Topic", epoch: 1 };
	const open = (n: number, by: c.Pair) =>
		c.topic_key_open({ nonce: copies[n]!.nonce, ciphertext: copies[n]!.encryptedKey }, slot, by, alice.pubkey);
	assert.deepEqual(open(0, alice).key, open(1, bob).key);
	for (const n of [0, 1])
		assert.throws(() => open(n, broker));
});

test("a topic that had a key never becomes plain text, nor has an older key", async () => {
	for (const lie of [{ plaintext: true }, { plaintext: true, epoch: 0 }, { epoch: 0 }, { epoch: 0, stale: true }]) {
		const s = scene();
		assert.equal((await s.post("one")).state, "stored");
		Object.assign(s.told, { epoch: 1 }, lie);
		await s.topics.refresh();
		const two = await s.post("two");
		assert.equal(two.state, "failed");
		assert(/older key|to none/.test(two.error!));
		assert.equal(s.sent.length, 1);
	}
});

test("what was written as encrypted is not sent as plain text", async () => {
	const s = scene();
	s.told.refuses = true;
	const post = await s.post("one");
	assert.equal(post.state, "failed");
	s.told.refuses = false;
	s.told.plaintext = true;
	await s.topics.refresh();
	await s.room.push_out(post);
	assert.equal(post.state, "failed");
	assert.equal(s.sent.length, 0);
});

test("a topic that was always plain text is written to as that", async () => {
	const s = scene();
	s.told.plaintext = true;
	await s.topics.refresh();
	assert.equal((await s.post("one")).state, "stored");
	assert.equal(c.from_plain(s.sent[0]!), "one");
});

test("what is posted is signed by this browser", async () => {
	for (const plaintext of [true, false]) {
		const s = scene();
		s.told.plaintext = plaintext;
		await s.topics.refresh();
		await s.post("one");
		const { nonce, ciphertext, signature, client_message_id } = s.sent[0]! as Sent & Record<"signature" | "client_message_id", string>;
		const claim = { mesh_id: s.id.mesh_id, topic_id: "Topic", epoch: plaintext ? 0 : 1, body_version: plaintext ? 1 : 2, client_message_id, reply_to: "", nonce, ciphertext };
		assert(c.post_holds(claim, alice.pubkey, signature));
		assert(!c.post_holds({ ...claim, topic_id: "Other" }, alice.pubkey, signature));
	}
});
