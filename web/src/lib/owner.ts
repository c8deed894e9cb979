// The owner's part of a mesh that was made in this browser: its keys, and the invites that they
// sign. The keys are kept as the account's token is, wrapped (db.ts), and never sent anywhere.
import { type Bytes, base64url, from_base64url, from_hex, hex } from "./bytes";
import {
	capability_sign, claim_sign, crypto_ready, type InviteTerms, invite_pair, invite_root_seal, invite_sign, invite_token,
	type Pair, pair_from_seed, random, x25519_of,
} from "./crypto";
import { type Identity, keep_secret, kept_secret, new_pair, put_identity, set_setting, setting } from "./db";
import { api, ask, Refused } from "./link";

const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", ID_LEN = 32;
const CODE_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789", CODE_LEN = 12;
const TRIES = 2;

/** keys/<mesh id>.json of `claudemesh` (src/client/keys.h), and so the file to save. */
export interface OwnerKeys {
	mesh_id: string;
	owner_pubkey: string;
	/** 128 hex */
	owner_secret: string;
	root_key: string;
	role: string;
	slug: string;
	/** ws address by which the broker calls itself */
	public_url: string;
}

export interface MeshMade {
	id: string;
	slug: string;
	name: string;
	member_id: string;
	broker_url?: string;
}

/** No symbol is likelier than another. */
export function text_from(alphabet: string, n: number): string {
	const fair = 256 - 256 % alphabet.length;
	let out = "";
	while (out.length < n)
		out += [...random(n)].filter(b => b < fair).map(b => alphabet[b % alphabet.length]).join("");
	return out.slice(0, n);
}

// ---- the keys ----

function kept_as(mesh_id: string): string {
	return `owner ${mesh_id}`;
}

async function keep(keys: OwnerKeys): Promise<void> {
	await set_setting(kept_as(keys.mesh_id), await keep_secret(JSON.stringify(keys)));
}

export async function forget_owner(mesh_id: string): Promise<void> {
	await set_setting(kept_as(mesh_id), undefined);
}

/** Nothing where the mesh was made elsewhere. */
export async function owner_keys(mesh_id: string): Promise<OwnerKeys | undefined> {
	const kept = await setting<{ wrapped: ArrayBuffer; iv: Bytes }>(kept_as(mesh_id));
	return kept ? JSON.parse(await kept_secret(kept)) as OwnerKeys : undefined;
}

function new_keys(): { keys: OwnerKeys; owner: Pair } {
	const seed = random(32), owner = pair_from_seed(seed), root = random(32);
	const keys: OwnerKeys = {
		mesh_id: text_from(BASE62, ID_LEN), owner_pubkey: owner.pubkey, owner_secret: hex(owner.secret),
		root_key: base64url(root), role: "admin", slug: "", public_url: "",
	};
	seed.fill(0);
	root.fill(0);
	return { keys, owner };
}

// ---- making a mesh ----

/** The same request twice makes one mesh, so an answer that got lost is asked for again. */
async function insist<T>(fn: () => Promise<T>): Promise<T> {
	for (let tries = 1; ; tries++) {
		try {
			return await fn();
		} catch (e) {
			if (e instanceof Refused || tries >= TRIES)
				throw e;
		}
	}
}

/** As `claudemesh create` does it: the broker gets public keys and the owner's signature over them. */
export async function make_mesh(name: string, who: string, post: (body: object) => Promise<MeshMade>): Promise<Identity> {
	await crypto_ready();
	const { keys, owner } = new_keys(), { pair, wrapped, iv } = await new_pair(), x25519 = x25519_of(pair);
	const request = {
		name, pubkey: pair.pubkey, id: keys.mesh_id, display_name: who, owner_pubkey: owner.pubkey, x25519_pubkey: x25519,
		claim_signature: claim_sign(keys.mesh_id, "owner", pair.pubkey, x25519, owner),
	};
	owner.secret.fill(0);
	await keep(keys);
	try {
		const made = await insist(() => post(request));
		if (made.id !== keys.mesh_id)
			throw new Error("the broker made a mesh of its own instead of this one; nothing was kept");
		await keep({ ...keys, slug: made.slug, public_url: made.broker_url ?? "" });
		const id: Identity = {
			mesh_id: made.id, slug: made.slug, name: made.name || made.slug, member_id: made.member_id,
			pubkey: pair.pubkey, of_id: made.member_id, of_pubkey: pair.pubkey, of_name: who,
			owner_pubkey: keys.owner_pubkey, wrapped, iv, added_ms: Date.now(),
		};
		await put_identity(id);
		return id;
	} catch (e) {
		/* Without the broker's answer the keys open nothing. */
		await forget_owner(keys.mesh_id);
		throw e;
	}
}

// ---- inviting ----

export interface SignedInvite {
	url: string;
	code: string;
	expires_at: string;
	emailed: boolean;
}

/** An invite whose secret stands behind '#': the broker sees neither it nor the root key. */
export async function signed_invite(keys: OwnerKeys, role: string, max_uses: number, expires_s: number, email: string): Promise<SignedInvite> {
	await crypto_ready();
	const owner: Pair = { pubkey: keys.owner_pubkey, secret: from_hex(keys.owner_secret) };
	const terms: InviteTerms = { mesh_id: keys.mesh_id, invite_id: text_from(BASE62, ID_LEN), role, expires_s, max_uses };
	const secret = random(32), pair = invite_pair(secret), code = text_from(CODE_ALPHABET, CODE_LEN);
	const body = {
		id: terms.invite_id, code, role, max_uses, expires_at: expires_s, invite_pubkey: pair.pubkey,
		sealed_root: invite_root_seal(from_base64url(keys.root_key), owner.pubkey, secret),
		owner_signature: invite_sign(terms, pair.pubkey, owner), capability_signature: capability_sign(terms, owner),
		token: invite_token(terms, keys.slug, keys.public_url || api("ws").replace(/^http/, "ws"), random(32), owner),
		...(email ? { email } : {}),
	};
	owner.secret.fill(0);
	const made = await insist(() => ask<SignedInvite>(`cli/mesh/${encodeURIComponent(keys.slug)}/invite`, body));
	if (made.code !== code)
		throw new Error("the broker made an invite of its own instead of ours");
	const base = /^https?:\/\/[^#]*$/.test(made.url) && made.url.endsWith(`/i/${code}`) ? made.url : api(`i/${code}`);
	return { ...made, url: `${base}#${base64url(secret)}` };
}
