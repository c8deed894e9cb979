// What stays in this browser: identities, direct messages, small settings. IndexedDB.
//
// A secret key lies there only wrapped by an AES key that WebCrypto does not let out, so that a
// copy of the files alone is not the key.
import type { Bytes } from "./bytes";
import type { Pair } from "./crypto";
import { pair_from_seed, random } from "./crypto";

const NAME = "claudemesh", VERSION = 1;
export const MESSAGES_PER_PEER_MAX = 10000;

export interface Identity {
	mesh_id: string;
	slug: string;
	name: string;
	member_id: string;
	pubkey: string;
	/** the member whose device this browser is */
	of_id: string;
	of_pubkey: string;
	of_name: string;
	owner_pubkey: string;
	wrapped: ArrayBuffer;
	iv: Bytes;
	added_ms: number;
}

export type Delivery = "sending" | "stored" | "delivered" | "failed";

export interface DirectMessage {
	id: string;
	mesh_id: string;
	/** key of the person at the other end */
	peer: string;
	mine: boolean;
	text: string;
	at_ms: number;
	read: boolean;
	/** the sender proved to be who it says, by the owner's signature */
	verified: boolean;
	reply_to?: string;
	/** who wrote to everyone or a group */
	from?: string;
	/** of one's own: how far it came, and why not */
	state?: Delivery;
	error?: string;
	broker_ids?: string[];
}

let opening: Promise<IDBDatabase> | undefined;

function db(): Promise<IDBDatabase> {
	opening ??= new Promise((done, failed) => {
		const ask = indexedDB.open(NAME, VERSION);
		ask.onupgradeneeded = () => {
			const d = ask.result;
			d.createObjectStore("identity", { keyPath: "mesh_id" });
			d.createObjectStore("setting");
			const messages = d.createObjectStore("message", { keyPath: ["mesh_id", "id"] });
			messages.createIndex("conversation", ["mesh_id", "peer", "at_ms"]);
			messages.createIndex("mesh", ["mesh_id", "at_ms"]);
		};
		ask.onsuccess = () => done(ask.result);
		ask.onerror = () => failed(ask.error);
		ask.onblocked = () => failed(new Error("another tab holds the old version of the store open"));
	});
	return opening;
}

function result<T>(ask: IDBRequest<T>): Promise<T> {
	return new Promise((done, failed) => {
		ask.onsuccess = () => done(ask.result);
		ask.onerror = () => failed(ask.error);
	});
}

async function store(name: string, mode: IDBTransactionMode): Promise<IDBObjectStore> {
	return (await db()).transaction(name, mode).objectStore(name);
}

export async function setting<T>(name: string): Promise<T | undefined> {
	return result((await store("setting", "readonly")).get(name));
}

export async function set_setting(name: string, value: unknown): Promise<void> {
	await result((await store("setting", "readwrite")).put(value, name));
}

/** Of this browser; made at the first use and never readable by anyone. */
async function wrapping_key(): Promise<CryptoKey> {
	const known = await setting<CryptoKey>("wrapping-key");
	if (known)
		return known;
	const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
	await set_setting("wrapping-key", made);
	return made;
}

/** A text that only this browser can read again. */
export async function keep_secret(text: string): Promise<{ wrapped: ArrayBuffer; iv: Bytes }> {
	const iv = random(12);
	return { wrapped: await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await wrapping_key(), new TextEncoder().encode(text)), iv };
}

export async function kept_secret(kept: { wrapped: ArrayBuffer; iv: Bytes }): Promise<string> {
	return new TextDecoder().decode(await crypto.subtle.decrypt({ name: "AES-GCM", iv: kept.iv }, await wrapping_key(), kept.wrapped));
}

/** A fresh key pair, and how it is kept. */
export async function new_pair(): Promise<{ pair: Pair; wrapped: ArrayBuffer; iv: Bytes }> {
	const seed = random(32), iv = random(12);
	const wrapped = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await wrapping_key(), seed);
	const pair = pair_from_seed(seed);
	seed.fill(0);
	return { pair, wrapped, iv };
}

export async function pair_of(id: Identity): Promise<Pair> {
	const seed = new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv: id.iv }, await wrapping_key(), id.wrapped));
	const pair = pair_from_seed(seed);
	seed.fill(0);
	return pair;
}

export async function identities(): Promise<Identity[]> {
	const all = await result<Identity[]>((await store("identity", "readonly")).getAll());
	return all.sort((a, b) => a.added_ms - b.added_ms);
}

export async function put_identity(id: Identity): Promise<void> {
	await result((await store("identity", "readwrite")).put(id));
}

/** The key and everything of its mesh. */
export async function forget_mesh(mesh_id: string): Promise<void> {
	await result((await store("identity", "readwrite")).delete(mesh_id));
	const messages = await store("message", "readwrite");
	await result(messages.delete(IDBKeyRange.bound([mesh_id], [mesh_id, []])));
}

export async function put_message(m: DirectMessage): Promise<void> {
	await result((await store("message", "readwrite")).put(m));
}

export async function get_message(mesh_id: string, id: string): Promise<DirectMessage | undefined> {
	return result((await store("message", "readonly")).get([mesh_id, id]));
}

export async function has_message(mesh_id: string, id: string): Promise<boolean> {
	return (await result((await store("message", "readonly")).count([mesh_id, id]))) > 0;
}

/** The newest of a conversation, oldest first; until_ms: of those up to then. */
export async function conversation(mesh_id: string, peer: string, until_ms: number, n: number): Promise<DirectMessage[]> {
	const index = (await store("message", "readonly")).index("conversation");
	const range = IDBKeyRange.bound([mesh_id, peer, 0], [mesh_id, peer, until_ms]);
	const out: DirectMessage[] = [];
	return new Promise((done, failed) => {
		const ask = index.openCursor(range, "prev");
		ask.onerror = () => failed(ask.error);
		ask.onsuccess = () => {
			const at = ask.result;
			if (!at || out.length >= n)
				return done(out.reverse());
			out.push(at.value as DirectMessage);
			at.continue();
		};
	});
}

export interface Correspondent {
	peer: string;
	unread: number;
	last: DirectMessage;
}

/** Who has written or was written to in a mesh, the latest first. */
export async function correspondents(mesh_id: string): Promise<Correspondent[]> {
	const index = (await store("message", "readonly")).index("mesh");
	const range = IDBKeyRange.bound([mesh_id, 0], [mesh_id, Infinity]);
	const all = new Map<string, Correspondent>();
	for (const m of await result<DirectMessage[]>(index.getAll(range))) {
		const c = all.get(m.peer) ?? { peer: m.peer, unread: 0, last: m };
		c.last = m;
		c.unread += m.mine || m.read ? 0 : 1;
		all.set(m.peer, c);
	}
	return [...all.values()].sort((a, b) => b.last.at_ms - a.last.at_ms);
}

export async function mark_read(mesh_id: string, peer: string): Promise<void> {
	const messages = await store("message", "readwrite");
	const range = IDBKeyRange.bound([mesh_id, peer, 0], [mesh_id, peer, Infinity]);
	await new Promise<void>((done, failed) => {
		const ask = messages.index("conversation").openCursor(range);
		ask.onerror = () => failed(ask.error);
		ask.onsuccess = () => {
			const at = ask.result;
			if (!at)
				return done();
			if (!(at.value as DirectMessage).read)
				at.update({ ...at.value, read: true });
			at.continue();
		};
	});
}
