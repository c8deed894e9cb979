// What the page signs, seals and opens: the same texts and boxes as src/crypto, held to the same
// vectors (test/crypto.test.ts). Everything here is libsodium's; it is fetched when first needed.
import type * as Sodium from "libsodium-wrappers";
import {
	type Bytes, base64, base64url, concat, from_base64, from_hex, from_utf8, hex, same, utf8,
} from "./bytes";

type Lib = typeof Sodium;
let lib: Lib | undefined;
let coming: Promise<void> | undefined;

/** Before anything else here. */
export function crypto_ready(): Promise<void> {
	coming ??= (async () => {
		const module = await import("libsodium-wrappers");
		const loaded = (module as unknown as { default?: Lib }).default ?? module;
		await loaded.ready;
		lib = loaded;
	})();
	return coming;
}

function na(): Lib {
	if (!lib)
		throw new Error("libsodium is not there yet");
	return lib;
}

export interface Pair {
	/** 64 lower hex */
	pubkey: string;
	secret: Bytes;
}

export function random(n: number): Bytes {
	return crypto.getRandomValues(new Uint8Array(n));
}

export function pair_from_seed(seed: Uint8Array): Pair {
	const made = na().crypto_sign_seed_keypair(seed);
	return { pubkey: hex(made.publicKey), secret: made.privateKey as Bytes };
}

export function sign(text: string, pair: Pair): string {
	return hex(na().crypto_sign_detached(utf8(text), pair.secret));
}

export function signature_holds(text: string, signature: string, pubkey: string): boolean {
	try {
		return na().crypto_sign_verify_detached(from_hex(signature), utf8(text), from_hex(pubkey));
	} catch {
		return false;
	}
}

/** Fields joined by '|'; one that holds it could be read two ways. */
export function canonical(...parts: (string | number)[]): string {
	const texts = parts.map(String);
	if (texts.some(t => t.includes("|")))
		throw new Error("a signed field has a '|'");
	return texts.join("|");
}

// ---- boxes between members ----

const shared = new Map<string, Uint8Array>();
const SHARED_MAX = 512;

function shared_key(own: Pair, pubkey: string): Uint8Array {
	const name = own.pubkey + pubkey;
	let key = shared.get(name);
	if (!key) {
		const s = na();
		key = s.crypto_box_beforenm(
			s.crypto_sign_ed25519_pk_to_curve25519(from_hex(pubkey)),
			s.crypto_sign_ed25519_sk_to_curve25519(own.secret));
		if (shared.size >= SHARED_MAX)
			shared.clear();
		shared.set(name, key);
	}
	return key;
}

export interface Sealed {
	nonce: string;
	ciphertext: string;
}

export function seal(own: Pair, pubkey: string, text: string, nonce: Bytes = random(24)): Sealed {
	const boxed = na().crypto_box_easy_afternm(utf8(text), nonce, shared_key(own, pubkey));
	return { nonce: base64(nonce), ciphertext: base64(boxed) };
}

/** Throws: wrong key, changed on the way, not UTF-8. Never taken for plain text. */
export function open(own: Pair, pubkey: string, sealed: Sealed): string {
	const text = na().crypto_box_open_easy_afternm(
		from_base64(sealed.ciphertext), from_base64(sealed.nonce), shared_key(own, pubkey));
	return from_utf8(text);
}

/** Groups, broadcasts, plaintext topics: the text itself. */
export function plain(text: string): Sealed {
	return { nonce: base64(random(24)), ciphertext: base64(utf8(text)) };
}

export function from_plain(sealed: Sealed): string {
	return from_utf8(from_base64(sealed.ciphertext));
}

/** base64url of the X25519 key that goes with it. */
export function x25519_of(pair: Pair): string {
	return base64url(na().crypto_sign_ed25519_pk_to_curve25519(from_hex(pair.pubkey)));
}

// ---- topics ----

const SLOT_TAG_BYTES = 16;

export interface Slot {
	mesh_id: string;
	topic_id: string;
	epoch: number;
}

function slot_tag(slot: Slot): Uint8Array {
	const text = `claudemesh-topic-key|${slot.mesh_id}|${slot.topic_id}|${slot.epoch}`;
	return na().crypto_generichash(32, utf8(text), null).subarray(0, SLOT_TAG_BYTES);
}

/** A copy of a topic's key for one member, bound to its topic and epoch by the nonce. */
export function topic_key_seal(key: Bytes, slot: Slot, own: Pair, pubkey: string, nonce?: Bytes): Sealed {
	const s = na();
	const n = nonce ?? concat(slot_tag(slot), random(24 - SLOT_TAG_BYTES));
	const own_pk = s.crypto_sign_ed25519_pk_to_curve25519(from_hex(own.pubkey));
	const boxed = s.crypto_box_easy_afternm(key, n, shared_key(own, pubkey));
	return { nonce: base64(n), ciphertext: base64(concat(own_pk, boxed)) };
}

/** bound: the copy says itself that it is of this topic and epoch, so it may be written with. */
export function topic_key_open(sealed: Sealed, slot: Slot, own: Pair, sender: string): { key: Bytes; bound: boolean } {
	const s = na();
	const blob = from_base64(sealed.ciphertext), nonce = from_base64(sealed.nonce);
	if (blob.length !== 80)
		throw new Error("a sealed topic key has 80 bytes");
	if (!same(blob.subarray(0, 32), s.crypto_sign_ed25519_pk_to_curve25519(from_hex(sender))))
		throw new Error("the topic key was sealed by another key than the one named");
	const key = s.crypto_box_open_easy_afternm(blob.subarray(32), nonce, shared_key(own, sender)) as Bytes;
	return { key, bound: same(nonce.subarray(0, SLOT_TAG_BYTES), slot_tag(slot)) };
}

export function topic_seal(text: string, key: Bytes, nonce: Bytes = random(24)): Sealed {
	return { nonce: base64(nonce), ciphertext: base64(na().crypto_secretbox_easy(utf8(text), nonce, key)) };
}

export function topic_open(sealed: Sealed, key: Bytes): string {
	return from_utf8(na().crypto_secretbox_open_easy(from_base64(sealed.ciphertext), from_base64(sealed.nonce), key));
}

/** What the author of a post signs: where it belongs and what it is, not when. */
export interface PostClaim {
	mesh_id: string;
	topic_id: string;
	/** 0: under no key */
	epoch: number;
	body_version: number;
	client_message_id: string;
	/** "" if it answers nothing */
	reply_to: string;
	/** as they are sent */
	nonce: string;
	ciphertext: string;
}

function post_text(p: PostClaim): string {
	if (!p.client_message_id || p.nonce.includes("|") || p.ciphertext.includes("|"))
		throw new Error("a post that is signed has an id, and base64 in it");
	const hash = hex(na().crypto_generichash(32, utf8(`${p.nonce}|${p.ciphertext}`), null));
	return canonical("claudemesh-post-v1", p.mesh_id, p.topic_id, p.epoch, p.body_version, p.client_message_id, p.reply_to, hash);
}

export function post_sign(p: PostClaim, author: Pair): string {
	return sign(post_text(p), author);
}

export function post_holds(p: PostClaim, author: string, signature: string): boolean {
	try {
		return signature_holds(post_text(p), signature, author);
	} catch {
		return false;
	}
}

// ---- hello, devices, chains ----

export interface Hello {
	mesh_id: string;
	member_id: string;
	session_id: string;
	timestamp: number;
	challenge: string;
}

export function hello_sign(h: Hello, pair: Pair): string {
	return sign(canonical("claudemesh-hello-2", h.mesh_id, h.member_id, pair.pubkey, "", h.session_id,
		h.timestamp, h.challenge), pair);
}

export function code_pair(code: Bytes): Pair {
	return pair_from_seed(na().crypto_kdf_derive_from_key(32, 1, "cmdevice", code));
}

/** What the member's own machine says of the mesh; throws if who sealed it has not the code. */
export function introduction_open(sealed: string, code: Bytes): string {
	const packed = from_base64(sealed), key = na().crypto_kdf_derive_from_key(32, 2, "cmdevice", code);
	return from_utf8(na().crypto_secretbox_open_easy(packed.subarray(24), packed.subarray(0, 24), key));
}

export function device_claim_sign(mesh_id: string, code: Pair, device: Pair): string {
	return sign(canonical("claudemesh-device-claim", mesh_id, code.pubkey, device.pubkey, x25519_of(device)), code);
}

export interface Chain {
	inviteId: string;
	invitePubkey: string;
	role: string;
	expiresAt: number;
	maxUses: number;
	ownerSignature: string;
	x25519: string;
	claimSignature: string;
}

export interface DeviceOf {
	memberId: string;
	memberPubkey: string;
	label: string;
	code: string;
	expiresAt: number;
	codeSignature: string;
	x25519: string;
	claimSignature: string;
}

/** A member's keys: signed by its invite's key, or, of who makes a mesh (invite "owner"), by the owner's. */
export function claim_sign(mesh_id: string, invite_id: string, pubkey: string, x25519: string, by: Pair): string {
	return sign(canonical("claudemesh-claim", mesh_id, invite_id, pubkey, x25519), by);
}

// ---- invites that prove, for who has the owner's key ----

/** 32 bytes that stand behind '#' in the link, and nowhere else. */
export function invite_pair(secret: Bytes): Pair {
	return pair_from_seed(na().crypto_kdf_derive_from_key(32, 1, "cminvite", secret));
}

/** Root key and owner, for who has the link: it learns from it who owns the mesh, whatever the broker says. */
export function invite_root_seal(root: Bytes, owner: string, secret: Bytes, nonce: Bytes = random(24)): string {
	const s = na(), key = s.crypto_kdf_derive_from_key(32, 2, "cminvite", secret);
	return base64(concat(nonce, s.crypto_secretbox_easy(concat(root, from_hex(owner)), nonce, key)));
}

export interface InviteTerms {
	mesh_id: string;
	invite_id: string;
	role: string;
	expires_s: number;
	max_uses: number;
}

export function invite_sign(t: InviteTerms, invite_pubkey: string, owner: Pair): string {
	return sign(canonical("claudemesh-invite", t.mesh_id, t.invite_id, invite_pubkey, t.role, t.expires_s, t.max_uses), owner);
}

export function capability_sign(t: InviteTerms, owner: Pair): string {
	return sign(canonical("v=2", t.mesh_id, t.invite_id, t.expires_s, t.role, owner.pubkey), owner);
}

/** For programs that know no more. root: random, they need the field and never use it. */
export function invite_token(t: InviteTerms, slug: string, broker_url: string, root: Bytes, owner: Pair): string {
	const payload = {
		v: 1, mesh_id: t.mesh_id, mesh_slug: slug, broker_url, expires_at: t.expires_s, mesh_root_key: base64url(root),
		role: t.role, owner_pubkey: owner.pubkey,
	};
	const signature = sign(canonical(...Object.values(payload)), owner);
	return base64url(utf8(JSON.stringify({ ...payload, signature })));
}

/** Is this key a member by the owner's own signature? The broker's word does not count. */
export function chain_holds(c: Chain, mesh_id: string, owner: string, pubkey: string): boolean {
	try {
		const claim = canonical("claudemesh-claim", mesh_id, c.inviteId, pubkey, c.x25519);
		if (c.inviteId === "owner")
			return signature_holds(claim, c.claimSignature, owner);
		const invite = canonical("claudemesh-invite", mesh_id, c.inviteId, c.invitePubkey, c.role, c.expiresAt,
			c.maxUses);
		return signature_holds(invite, c.ownerSignature, owner) &&
			signature_holds(claim, c.claimSignature, c.invitePubkey);
	} catch {
		return false;
	}
}

/** Is this key a device of that member by the member's own signature? */
export function device_holds(d: DeviceOf, mesh_id: string, pubkey: string): boolean {
	try {
		return signature_holds(canonical("claudemesh-device", mesh_id, d.memberPubkey, d.code, d.expiresAt),
			d.codeSignature, d.memberPubkey) &&
			signature_holds(canonical("claudemesh-device-claim", mesh_id, d.code, pubkey, d.x25519),
				d.claimSignature, d.code);
	} catch {
		return false;
	}
}

/** Does the member vouch for this session key? */
export function attestation_holds(member: string, session: string, until_ms: number, signature: string): boolean {
	return signature_holds(canonical("claudemesh-session-attest", member, session, until_ms), signature, member);
}
