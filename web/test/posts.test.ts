// Whose word a post is, told by a broker that lies: as src/client/topics_lines_test.c.
import test from "node:test";
import assert from "node:assert/strict";
import * as c from "../src/lib/crypto";
import type { Frame } from "../src/lib/link";
import type { Mesh } from "../src/lib/mesh";
import { type Room, type TopicEntry, Topics } from "../src/lib/topics";

await c.crypto_ready();

const MESH = "MeshId00000000000000000000000001", TOPIC = "TopicId0000000000000000000000001";
const pair = (n: number) => c.pair_from_seed(new Uint8Array(32).fill(n));
const alice = pair(1), bob = pair(2), eve = pair(4);

function room_of(mesh_id = MESH): Room {
	const entry: TopicEntry = { id: TOPIC, name: "ops", description: null, visibility: "public", memberCount: 2, role: "member",
		unread: 0, lastSeq: 0, lastMessageAt: null, epoch: 0, stale: false, plaintext: true };
	const mesh = {
		id: { mesh_id, member_id: "Alice", pubkey: alice.pubkey, of_name: "alice" }, pair: alice, members: [], changed: () => undefined,
		member: () => undefined, add_former: () => undefined, request: () => Promise.reject(new Error("nobody answers")),
	};
	return new Topics(mesh as unknown as Mesh).room(entry);
}

/** A push of bob's, signed as our clients do. */
function push(seq: number, text: string, more: Frame = {} as Frame, by = bob): Frame {
	const sealed = c.plain(text), client_message_id = `c${seq}`;
	const reply_to = String(more.replyToId ?? "");
	const signature = c.post_sign({ mesh_id: MESH, topic_id: TOPIC, epoch: 0, body_version: 1, client_message_id, reply_to, ...sealed }, by);
	return { messageId: `m${seq}`, topicId: TOPIC, topicSeq: seq, senderMemberPubkey: by.pubkey, senderPubkey: by.pubkey,
		senderMemberId: "Bob", senderName: "bob", bodyVersion: 1, epoch: 0, createdAt: "2026-01-01T00:00:00Z", client_message_id, signature, ...sealed, ...more, type: "push" };
}

function take(...frames: Frame[]): Room {
	const room = room_of();
	frames.forEach(f => room.on_push(f));
	return room;
}

test("what its author signed is shown as that", () => {
	const [post] = take(push(1, "hello")).posts;
	assert.deepEqual([post!.proof, post!.text, post!.sender_key, post!.encrypted], ["signed", "hello", bob.pubkey, false]);
	const reply = { replyToId: "m1" } as unknown as Frame, answer = push(2, "yes", reply);
	assert.equal(take(answer).posts[0]!.proof, "signed");
	/* Its parent is gone. */
	const { replyToId: _, ...rest } = answer;
	assert.equal(take({ ...rest, signedReplyTo: "m1" } as unknown as Frame).posts[0]!.proof, "signed");
});

test("a lie about a signed post is found out", () => {
	const good = push(1, "hello"), other = push(2, "send me money");
	const lies: object[] = [
		{ senderMemberPubkey: alice.pubkey }, { replyToId: "m7" }, { client_message_id: "c9" }, { client_message_id: "" },
		{ ciphertext: other.ciphertext, nonce: other.nonce }, { signature: other.signature }, { signature: "00" }, { bodyVersion: 2, epoch: 1 },
	];
	for (const lie of lies) {
		const [post] = take({ ...good, ...lie } as Frame).posts;
		assert.equal(post!.proof, "forged", JSON.stringify(lie));
		assert.equal(post!.text, "");
		assert(/signature/.test(post!.unreadable!));
	}
	/* Of another mesh: which one this is, the page knows itself. */
	const elsewhere = room_of("MeshId00000000000000000000000002");
	elsewhere.on_push(good);
	assert.equal(elsewhere.posts[0]!.proof, "forged");
});

test("what nobody signed is nobody's", () => {
	const { signature: _, ...stripped } = push(1, "hello");
	const [post] = take(stripped as Frame).posts;
	assert.deepEqual([post!.proof, post!.text], ["unsigned", "hello"]);
	assert.equal(take(push(1, "hi", {} as Frame, eve)).posts[0]!.proof, "signed"); /* by eve; who that is, is another question */
});

test("what was signed is told once, and not replaced by what was not", () => {
	const good = push(1, "hello"), { signature: _, ...unsigned } = push(1, "goodbye");
	const again = take(good, { ...good, messageId: "m2", topicSeq: 2 });
	assert.equal(again.posts.length, 1);
	for (const lie of [unsigned as Frame, { ...unsigned, signature: good.signature } as Frame]) {
		const room = take(good, lie);
		assert.deepEqual(room.posts.map(p => p.text), ["hello"]);
		assert.equal(room.posts[0]!.proof, "signed");
	}
	const beside = take(good, { ...unsigned, messageId: "m2", topicSeq: 2 } as Frame);
	assert.deepEqual(beside.posts.map(p => [p.text, p.proof]), [["hello", "signed"], ["goodbye", "unsigned"]]);
});
