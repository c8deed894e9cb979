// The vectors of src/crypto's tests: what the page and the programs write, the other can read.
import test from "node:test";
import assert from "node:assert/strict";
import { type Bytes, base64, concat, from_base64, from_base64url, from_hex, hex, utf8 } from "../src/lib/bytes";
import * as c from "../src/lib/crypto";

await c.crypto_ready();

const MEMBER = "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c";
const SESSION = "8139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394";
const RECIPIENT = "ed4928c628d1c2c6eae90338905995612959273a5c63f93636c14614ac8737d1";
const HELLO_MESH = "hello mesh \u2713";
const X25519 = "4kDxQrgh76EoyKGx7pjFwtDWGGQp7e7dPMzeife_dUo";
const MESH = "MeshId00000000000000000000000001";

function seed(n: number): c.Pair {
	return c.pair_from_seed(new Uint8Array(32).fill(n));
}

function counting(first: number, n: number): Bytes {
	return Uint8Array.from({ length: n }, (_, i) => first + i);
}

test("keys of the seeds", () => {
	assert.deepEqual([seed(1).pubkey, seed(2).pubkey, seed(3).pubkey], [MEMBER, SESSION, RECIPIENT]);
	assert.equal(c.x25519_of(seed(3)).length, 43);
});

test("a direct message is sealed as everywhere", () => {
	const sealed = c.seal(seed(2), RECIPIENT, HELLO_MESH, counting(0, 24));
	assert.deepEqual(sealed, {
		nonce: "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX",
		ciphertext: "IXNxG/dEMGP9Il79T52mNF1u2YGDaYmIc0RHxKrJ",
	});
	assert.equal(c.open(seed(3), SESSION, sealed), HELLO_MESH);
	assert.throws(() => c.open(seed(3), MEMBER, sealed));
	assert.throws(() => c.open(seed(3), SESSION, c.plain("transfer the money")));
	assert.throws(() => c.open(seed(3), SESSION, { ...sealed, ciphertext: "no base64" }));
});

test("a topic's key and body", () => {
	const key = new Uint8Array(32).fill(0x11), slot = { mesh_id: MESH, topic_id: "t", epoch: 1 };
	const sealed = c.topic_key_seal(key, slot, seed(2), RECIPIENT, counting(0, 24));
	assert.equal(sealed.ciphertext, "YDRufJEaX2uhVBKRdMr+dbKUrDu9VUljL0jOxiZvhBCt8obZpiogNNqFTCMzUnvbJBqk" +
		"/P1Y9fwRPXY3J0s/DaPBsamqooyJtIkL38sP19k=");
	assert.deepEqual(c.topic_key_open(sealed, slot, seed(3), SESSION), { key, bound: false });
	const body = c.topic_seal(HELLO_MESH, key, counting(0, 24));
	assert.equal(body.ciphertext, "KkHT1E86wfGcpdEr0zFbKAKNCjJ9w5mkytesW0eM");
	assert.equal(c.topic_open(body, key), HELLO_MESH);
	assert.throws(() => c.topic_open(body, new Uint8Array(32)));
});

test("a copy of a topic's key is bound to its topic and epoch", () => {
	const key = new Uint8Array(32).fill(9), slot = { mesh_id: MESH, topic_id: "t", epoch: 2 };
	const sealed = c.topic_key_seal(key, slot, seed(2), RECIPIENT);
	assert.equal(c.topic_key_open(sealed, slot, seed(3), SESSION).bound, true);
	assert.equal(c.topic_key_open(sealed, { ...slot, epoch: 1 }, seed(3), SESSION).bound, false);
	assert.equal(c.topic_key_open(sealed, { ...slot, topic_id: "u" }, seed(3), SESSION).bound, false);
	assert.throws(() => c.topic_key_open(sealed, slot, seed(3), MEMBER), /another key/);
	assert.throws(() => c.topic_key_open(sealed, slot, seed(1), SESSION));
});

/* src/crypto/post_test.c */
const POST: c.PostClaim = {
	mesh_id: MESH, topic_id: "TopicId0000000000000000000000001", epoch: 2, body_version: 2, client_message_id: "c1",
	reply_to: "PostId00000000000000000000000001", nonce: "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX",
	ciphertext: "KkHT1E86wfGcpdEr0zFbKAKNCjJ9w5mkytesW0eM",
};
const POST_SIGNATURE = "6e165b5b23d307734150f38803df80d6a5ea61d3f73cc9a5f7f5fdba9f6345a1" +
	"7effaabddb6bf5eff3b98e2b1ca177273353ee293776cd33f10e36be0802d000";

test("a post is signed as everywhere, and nothing of it can be exchanged", () => {
	assert.equal(c.post_sign(POST, seed(1)), POST_SIGNATURE);
	assert(c.post_holds(POST, MEMBER, POST_SIGNATURE));
	assert(!c.post_holds(POST, SESSION, POST_SIGNATURE));
	const lies: Partial<c.PostClaim>[] = [
		{ mesh_id: "another" }, { topic_id: "another" }, { epoch: 1 }, { body_version: 1 }, { client_message_id: "c2" },
		{ reply_to: "" }, { nonce: POST.nonce + "K", ciphertext: POST.ciphertext.slice(1) }, { ciphertext: "" },
		{ client_message_id: "" }, { client_message_id: "c|1" }, { nonce: "|" },
	];
	for (const lie of lies)
		assert(!c.post_holds({ ...POST, ...lie }, MEMBER, POST_SIGNATURE), JSON.stringify(lie));
	for (const bad of ["", "00", POST_SIGNATURE.toUpperCase(), POST_SIGNATURE.replace(/^6/, "7")])
		assert(!c.post_holds(POST, MEMBER, bad));
	assert.throws(() => c.post_sign({ ...POST, client_message_id: "a|b" }, seed(1)));
});

test("the key of a code", () => {
	assert.equal(c.code_pair(counting(0, 32)).pubkey,
		"b76a4a1ca17118b1d20ee4519e765ceb69ae96590f69d087a0a6c0958a1b2e7a");
});

test("a device holds only as it was signed", () => {
	const member = seed(1), device = seed(3), code = c.code_pair(new Uint8Array(32).fill(7));
	const d: c.DeviceOf = {
		memberId: "m", memberPubkey: member.pubkey, label: "", code: code.pubkey, expiresAt: 1800000000,
		codeSignature: c.sign(`claudemesh-device|${MESH}|${MEMBER}|${code.pubkey}|1800000000`, member),
		x25519: c.x25519_of(device), claimSignature: c.device_claim_sign(MESH, code, device),
	};
	assert(c.device_holds(d, MESH, RECIPIENT));
	assert(!c.device_holds(d, MESH, SESSION));
	assert(!c.device_holds(d, "another", RECIPIENT));
	assert(!c.device_holds({ ...d, memberPubkey: SESSION }, MESH, RECIPIENT));
	assert(!c.device_holds({ ...d, expiresAt: 1800000001 }, MESH, RECIPIENT));
	assert(!c.device_holds({ ...d, x25519: X25519 }, MESH, RECIPIENT));
	assert(!c.device_holds({ ...d, codeSignature: d.claimSignature }, MESH, RECIPIENT));
	assert(!c.device_holds({ ...d, code: "a|b" }, MESH, RECIPIENT));
});

test("a chain holds from the owner only", () => {
	const owner = seed(1), invite = seed(2);
	const chain: c.Chain = {
		inviteId: "i", invitePubkey: SESSION, role: "member", expiresAt: 5, maxUses: 1, x25519: X25519,
		ownerSignature: c.sign(`claudemesh-invite|${MESH}|i|${SESSION}|member|5|1`, owner),
		claimSignature: c.sign(`claudemesh-claim|${MESH}|i|${RECIPIENT}|${X25519}`, invite),
	};
	assert(c.chain_holds(chain, MESH, MEMBER, RECIPIENT));
	assert(!c.chain_holds({ ...chain, role: "admin" }, MESH, MEMBER, RECIPIENT));
	assert(!c.chain_holds(chain, MESH, SESSION, RECIPIENT));
	assert(!c.chain_holds({ ...chain, maxUses: 2 }, MESH, MEMBER, RECIPIENT));
	assert(!c.chain_holds({ ...chain, inviteId: "owner" }, MESH, MEMBER, RECIPIENT));
	const creator = { ...chain, inviteId: "owner", claimSignature: c.sign(`claudemesh-claim|${MESH}|owner|${RECIPIENT}|${X25519}`, owner) };
	assert(c.chain_holds(creator, MESH, MEMBER, RECIPIENT));
});

/* src/crypto/chain_test.c and invite_test.c */
const INVITE = "InviteId000000000000000000000001", SECRET = new Uint8Array(32).fill(5);
const TERMS: c.InviteTerms = { mesh_id: MESH, invite_id: INVITE, role: "member", expires_s: 1800000000, max_uses: 1 };

test("who makes a mesh claims it as everywhere", () => {
	assert.equal(c.claim_sign(MESH, "owner", RECIPIENT, X25519, seed(1)),
		"eba07eb3afa5da8e0cebf6c6de8b970f141f5e0b6096e3b45a8e11c74b78c44cb785145c0bd25dff0bf3aedfbc3a6b1d0651a2f770252665dfc56b6ffa3cab06");
	assert.throws(() => c.claim_sign("a|b", "owner", RECIPIENT, X25519, seed(1)), /'\|'/);
});

test("an invite is signed as everywhere", async () => {
	const owner = c.pair_from_seed(counting(0, 32));
	assert.equal(c.invite_pair(counting(0, 32)).pubkey, "a931b272ae76b4cf3a7dc06ce4c50047585184e08227eab208bdfbebafa6bb83");
	assert.equal(c.invite_sign(TERMS, c.invite_pair(SECRET).pubkey, seed(1)),
		"6884b573d226d02303deb73a1b00e670a7166dcb5e456a85270e4da0eaf319ff7a24924d4c4872a7bb9d3b38e3332e44cba254a98b029575c1979e23bcf71e01");
	assert.equal(c.capability_sign(TERMS, owner),
		"6c9b522d44a1706651d355262a5ed7bf911848c89c7d69f25e764ca75cd2cb0f91c90193230d52d0cb536535edceb917067afe4776c557d55c5751ef04810d03");
	const token = c.invite_token(TERMS, "demo", "wss://broker.example/ws", counting(0x80, 32), owner);
	assert.equal(hex(new Uint8Array(await crypto.subtle.digest("SHA-256", utf8(token)))),
		"9a9b445073d2ad68eff367a1236ece8a88a74231aee8dfa0a3fcd7af9be9ca61");
});

test("the root key is sealed to the link's secret as everywhere", () => {
	const sealed = "nQO7jt35K3v+tlmJtNcLQoOuuT7fXH4A0xJnDFYAc235cWWH1dUjVVYNKF5MEHbT42vVYnzRpmA9jQywbcImq+rHsGLcE9bO6e8IDFkzfHtx" +
		"cAc2fb5ECWfyZJptLBcNIIybr+3Sn6k=";
	const nonce = from_base64(sealed).slice(0, 24);
	assert.equal(c.invite_root_seal(counting(0x80, 32), MEMBER, SECRET, nonce), sealed);
	assert.notEqual(c.invite_root_seal(counting(0x80, 32), MEMBER, SECRET), c.invite_root_seal(counting(0x80, 32), MEMBER, SECRET));
});

test("the hello signs the challenge", () => {
	const pair = seed(1), hello = { mesh_id: MESH, member_id: "m", session_id: "s", timestamp: 7, challenge: "c" };
	assert(c.signature_holds(`claudemesh-hello-2|${MESH}|m|${MEMBER}||s|7|c`, c.hello_sign(hello, pair), MEMBER));
	assert.throws(() => c.hello_sign({ ...hello, session_id: "a|b" }, pair), /'\|'/);
});

test("texts are strict", () => {
	assert.equal(base64(from_base64("AAEC")), "AAEC");
	for (const bad of ["AAE", "AB==", "A A=", "AAEC\n"])
		assert.throws(() => from_base64(bad));
	assert.throws(() => from_base64url("AA="));
	assert.throws(() => from_hex("AB"));
	assert.equal(hex(concat(utf8("a"), from_hex("00ff"))), "6100ff");
});
