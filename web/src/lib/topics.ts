// The topics of a mesh: what was posted, under which keys it is read and written.
//
// A topic's key is made by a client and sealed to members whose chain holds. What is written goes
// under a key that a verified member sealed for this very topic and epoch; what is read may be
// under any. A topic without a key is plain text to the broker, and says so.
import type { Bytes } from "./bytes";
import { from_plain, plain, post_sign, random, topic_key_open, topic_key_seal, topic_open, topic_seal } from "./crypto";
import * as db from "./db";
import { type Frame, Refused } from "./link";
import type { Member, Mesh } from "./mesh";
import { mentions_of } from "./mentions";
import { type Post, prove } from "./post";
import { Store } from "./store";

const PAGE = 100, TRIES_MAX = 4, REFRESH_MS = 300;
const WENT_BACK = "The broker went back to an older key of this topic, or to none; nothing was written.";

export interface TopicEntry {
	id: string;
	name: string;
	description: string | null;
	visibility: "public" | "private" | "dm";
	memberCount: number;
	role: "lead" | "member" | "observer" | null;
	unread: number;
	lastSeq: number;
	lastMessageAt: string | null;
	epoch: number;
	stale: boolean;
	plaintext: boolean;
}

export interface TopicMember {
	memberId: string;
	pubkey: string;
	displayName: string;
	role: string;
	deviceOf?: string;
	revoked?: boolean;
	keyed: boolean;
}

interface Key {
	key: Bytes;
	/** bound to its slot and sealed by somebody who is verified */
	trusted: boolean;
}

/** One topic that is or was looked at. */
export class Room extends Store {
	posts: Post[] = [];
	more = true;
	loading = false;
	members: TopicMember[] = [];
	/** why nothing can be written now, or "" */
	blocked = "";
	/** the first post that was new when the topic was opened comes after this one; none was */
	unread_after = Infinity;
	private keys = new Map<number, Key>();
	private by_id = new Map<string, Post>();

	constructor(private topics: Topics, public entry: TopicEntry) {
		super();
	}

	private get mesh(): Mesh {
		return this.topics.mesh;
	}

	/** Its first page, or what came since. */
	async open(): Promise<void> {
		if (this.entry.role === null && this.entry.visibility === "public") {
			/* Who was taken out by a lead may read what is not encrypted, and is told when it writes. */
			await this.mesh.request("topic_join", { topic: this.entry.id }).catch(e => {
				if (!(e instanceof Refused) || e.code !== "forbidden")
					throw e;
			});
			await this.topics.refresh();
		}
		this.unread_after = this.entry.unread ? this.entry.lastSeq - this.entry.unread : Infinity;
		await Promise.all([this.load_keys(), this.load_members()]);
		if (this.posts.length)
			await this.catch_up();
		else
			await this.older();
		await this.make_first_key();
		await this.seal_pending();
	}

	async older(): Promise<void> {
		if (this.loading || !this.more)
			return;
		this.loading = true;
		const oldest = this.posts.find(p => p.seq > 0);
		try {
			const page = await this.mesh.request("topic_history", {
				topic: this.entry.id, limit: PAGE, ...(oldest ? { beforeId: oldest.id } : {}),
			});
			this.more = page.more === true;
			this.mesh.add_former((page.authors ?? []) as Member[]);
			this.add((page.messages as Frame[]).map(m => this.post_of(m)));
		} finally {
			this.loading = false;
			this.changed();
		}
	}

	private async catch_up(): Promise<void> {
		for (;;) {
			const newest = [...this.posts].reverse().find(p => p.seq > 0);
			if (!newest)
				return;
			const page = await this.mesh.request("topic_history", { topic: this.entry.id, limit: PAGE, afterId: newest.id });
			this.mesh.add_former((page.authors ?? []) as Member[]);
			this.add((page.messages as Frame[]).map(m => this.post_of(m)));
			if (page.more !== true)
				return;
		}
	}

	get(id: string): Post | undefined {
		return this.by_id.get(id);
	}

	private post_of(m: Frame): Post {
		const member = this.mesh.member(String(m.senderMemberId));
		const post: Post = {
			id: String(m.id ?? m.messageId), seq: Number(m.seq ?? m.topicSeq ?? 0), sender_id: String(m.senderMemberId),
			sender_key: String(m.senderMemberPubkey ?? member?.pubkey ?? m.senderPubkey),
			name: String(m.senderName ?? member?.displayName ?? ""), text: "", encrypted: m.bodyVersion === 2, proof: "unsigned",
			at_ms: Date.parse(String(m.createdAt)), client_id: String(m.client_message_id ?? ""),
			raw: { nonce: String(m.nonce), ciphertext: String(m.ciphertext), epoch: Number(m.epoch ?? 0) },
			...(m.replyToId ? { reply_to: String(m.replyToId) } : {}),
		};
		prove(post, m, this.mesh.id.mesh_id, this.entry.id);
		this.decrypt(post);
		return post;
	}

	private decrypt(post: Post): void {
		const { raw } = post;
		if (!raw)
			return;
		try {
			if (!post.encrypted) {
				post.text = from_plain(raw);
			} else {
				const key = this.keys.get(raw.epoch || 1);
				if (!key) {
					post.unreadable = "This was written under a key that this browser has no copy of. It was written before you were let in, or nobody has sealed the key to you yet.";
					return;
				}
				post.text = topic_open(raw, key.key);
			}
			delete post.unreadable;
			delete post.raw;
		} catch {
			post.unreadable = post.encrypted ? "This does not open under the topic's key: it was changed, or written under another one." : "This is no text.";
		}
	}

	private add(more: Post[]): void {
		for (const p of more) {
			const known = this.by_id.get(p.id) ?? (p.client_id && p.proof !== "forged" ? this.posts.find(x => x.client_id === p.client_id && x.sender_key === p.sender_key && x.proof === p.proof) : undefined);
			/* What its author signed is not replaced by what somebody else says. */
			if (known?.proof === "signed" && p.proof !== "signed" && known.seq > 0)
				continue;
			if (known) {
				this.by_id.delete(known.id);
				Object.assign(known, p, { state: known.state === "sending" || known.state === "failed" ? "stored" : known.state });
				delete known.error;
				this.by_id.set(known.id, known);
			} else {
				this.posts.push(p);
				this.by_id.set(p.id, p);
			}
		}
		this.posts = [...this.posts].sort((a, b) => (a.seq || Infinity) - (b.seq || Infinity) || a.at_ms - b.at_ms);
		this.changed();
	}

	on_push(frame: Frame): void {
		const post = this.post_of(frame);
		this.add([post]);
		if (post.unreadable && post.proof !== "forged")
			void this.load_keys().catch(() => undefined);
	}

	// ---- keys ----

	async load_keys(): Promise<void> {
		const { mesh, entry } = this;
		const data = await mesh.request("topic_key_get", { topic: entry.id });
		entry.epoch = Number(data.epoch);
		entry.stale = data.stale === true;
		for (const copy of data.keys as Record<string, unknown>[]) {
			const epoch = Number(copy.epoch), sealer = mesh.members.find(m => m.pubkey === copy.sealerPubkey);
			if (this.keys.get(epoch)?.trusted)
				continue;
			try {
				const opened = topic_key_open({ nonce: String(copy.nonce), ciphertext: String(copy.encryptedKey) },
					{ mesh_id: mesh.id.mesh_id, topic_id: entry.id, epoch }, mesh.pair, String(copy.sealerPubkey));
				this.keys.set(epoch, { key: opened.key, trusted: opened.bound && (copy.sealerPubkey === mesh.id.pubkey || sealer?.verified === true) });
			} catch {
				/* Somebody seals another one. */
				await mesh.request("topic_key_drop", { topic: entry.id, epoch }).catch(() => undefined);
			}
		}
		await this.remember();
		for (const p of this.posts)
			if (p.unreadable)
				this.decrypt(p);
		this.posts = [...this.posts];
		this.look_blocked();
		this.changed();
	}

	look_blocked(): void {
		const { entry } = this, key = this.keys.get(entry.epoch);
		if (entry.role === "observer")
			this.blocked = "You are an observer here: you read.";
		else if (entry.role === null)
			this.blocked = "You are not in this topic: a lead took you out, and can add you again.";
		else if (entry.plaintext || entry.epoch === 0 || entry.stale)
			this.blocked = "";
		else if (!key)
			this.blocked = "Nobody has sealed the key of this topic to this browser yet. It comes as soon as one of its members is online.";
		else
			this.blocked = key.trusted ? "" : "The key of this topic was sealed by somebody whose membership could not be proved: compare safety numbers with 'claudemesh verify' before you write here.";
	}

	async load_members(): Promise<void> {
		const answer = await this.mesh.request("topic_members", { topic: this.entry.id });
		this.members = answer.members as TopicMember[];
		this.changed();
	}

	/** The next key, sealed to every member whose chain holds. */
	private async next_key(): Promise<{ key: Bytes; epoch: number; field: object }> {
		/* Who came a moment ago shall not be left out. */
		await Promise.all([this.load_members(), this.mesh.refresh()]);
		const { mesh, entry } = this, epoch = entry.epoch + 1, key = random(32);
		if (await this.is_behind())
			throw new Error(WENT_BACK);
		const slot = { mesh_id: mesh.id.mesh_id, topic_id: entry.id, epoch };
		/* One's own key is known here: whatever the broker says that it is, it is never sealed to. */
		const others = this.members.filter(m => !m.revoked && m.memberId !== mesh.id.member_id && mesh.members.some(x => x.pubkey === m.pubkey && x.verified));
		const copies = [{ memberId: mesh.id.member_id, pubkey: mesh.id.pubkey }, ...others].map(m => {
			const sealed = topic_key_seal(key, slot, mesh.pair, m.pubkey);
			return { memberId: m.memberId, encryptedKey: sealed.ciphertext, nonce: sealed.nonce };
		});
		return { key, epoch, field: { epoch, copies } };
	}

	private async take_key(key: Bytes, epoch: number): Promise<void> {
		this.keys.set(epoch, { key, trusted: true });
		this.entry.epoch = epoch;
		this.entry.stale = false;
		await this.remember();
		this.look_blocked();
	}

	private get epoch_setting(): string {
		return `epoch ${this.mesh.id.mesh_id} ${this.entry.id}`;
	}

	/** A topic that had a key never has an older one again, nor none: who was removed has the old ones. */
	private async is_behind(): Promise<boolean> {
		const seen = (await db.setting<number>(this.epoch_setting)) ?? 0;
		return this.entry.plaintext ? seen > 0 : this.entry.epoch < seen;
	}

	/** The newest epoch that a key fit to write with was held of. */
	private async remember(): Promise<void> {
		const { epoch } = this.entry, seen = (await db.setting<number>(this.epoch_setting)) ?? 0;
		if (epoch > seen && this.keys.get(epoch)?.trusted)
			await db.set_setting(this.epoch_setting, epoch);
	}

	/** A topic that has no key gets one when a client of ours opens it. */
	private async make_first_key(): Promise<void> {
		const { entry, mesh } = this;
		if (entry.plaintext || entry.epoch !== 0 || entry.role === null || entry.role === "observer")
			return;
		try {
			const next = await this.next_key();
			await mesh.request("topic_key_install", { topic: entry.id, newKey: next.field });
			await this.take_key(next.key, next.epoch);
		} catch {
			await this.load_keys().catch(() => undefined);
		}
		this.changed();
	}

	/** Who has no copy of the key yet gets one from whoever is there first. */
	async seal_pending(): Promise<void> {
		const { mesh, entry } = this, held = this.keys.get(entry.epoch);
		if (!held?.trusted || entry.stale || await this.is_behind())
			return;
		const wanted = await mesh.request("topic_pending_seals", { topic: entry.id });
		if (Number(wanted.epoch) !== entry.epoch)
			return;
		const pending = wanted.pending as { memberId: string; pubkey: string }[];
		if (pending.some(p => !mesh.members.some(m => m.memberId === p.memberId)))
			await mesh.refresh();
		for (const p of pending) {
			if (!mesh.members.some(m => m.pubkey === p.pubkey && m.memberId === p.memberId && m.verified))
				continue;
			const sealed = topic_key_seal(held.key, { mesh_id: mesh.id.mesh_id, topic_id: entry.id, epoch: entry.epoch }, mesh.pair, p.pubkey);
			await mesh.request("topic_seal", { topic: entry.id, epoch: entry.epoch, memberId: p.memberId, encryptedKey: sealed.ciphertext, nonce: sealed.nonce }).catch(() => undefined);
		}
	}

	// ---- writing ----

	async post(text: string, reply_to?: string): Promise<void> {
		const { mesh } = this;
		const post: Post = {
			id: crypto.randomUUID(), seq: 0, sender_id: mesh.id.member_id, sender_key: mesh.id.pubkey, name: mesh.id.of_name,
			text, encrypted: !this.entry.plaintext, proof: "signed", at_ms: Date.now(), client_id: "", state: "sending",
			...(reply_to ? { reply_to } : {}),
		};
		post.client_id = post.id;
		this.add([post]);
		await this.push_out(post);
	}

	/** Also of one that failed. */
	async push_out(post: Post): Promise<void> {
		post.state = "sending";
		delete post.error;
		this.changed();
		try {
			const ack = await this.write(post);
			const by_push = this.by_id.get(String(ack.messageId));
			if (by_push && by_push !== post) {
				this.posts = this.posts.filter(p => p !== post);
				this.by_id.delete(post.id);
				by_push.state = "stored";
			} else {
				this.by_id.delete(post.id);
				Object.assign(post, { id: String(ack.messageId), seq: Number(ack.seq ?? post.seq), state: "stored" });
				this.by_id.set(post.id, post);
				this.add([]);
			}
		} catch (e) {
			post.state = "failed";
			post.error = e instanceof Error ? e.message : String(e);
		}
		this.posts = [...this.posts];
		this.changed();
	}

	private async write(post: Post): Promise<Frame> {
		const { mesh } = this;
		for (let tries = 0; ; tries++) {
			const { entry } = this;
			const common = {
				targetSpec: `#${entry.id}`, priority: "next", client_message_id: post.client_id, mentions: mentions_of(post.text),
				...(post.reply_to ? { replyToId: post.reply_to } : {}),
			};
			let next: Awaited<ReturnType<Room["next_key"]>> | undefined;
			let fields: { nonce: string; ciphertext: string; bodyVersion: number; epoch?: number };
			/* What was shown as encrypted is sent so or not at all. */
			if (await this.is_behind() || (entry.plaintext && post.encrypted)) {
				/* Once more: an answer may have been on its way. */
				if (tries)
					throw new Error(WENT_BACK);
				await this.topics.refresh();
				await this.load_keys();
				continue;
			}
			if (entry.plaintext) {
				fields = { ...plain(post.text), bodyVersion: 1 };
			} else {
				next = entry.epoch === 0 || entry.stale ? await this.next_key() : undefined;
				const held = next?.key ?? (this.keys.get(entry.epoch)?.trusted ? this.keys.get(entry.epoch)!.key : undefined);
				if (!held)
					throw new Error(this.blocked || "This browser has no key of this topic.");
				fields = { ...topic_seal(post.text, held), bodyVersion: 2, epoch: next?.epoch ?? entry.epoch, ...(next ? { newKey: next.field } : {}) };
			}
			try {
				const signature = post_sign({
					mesh_id: mesh.id.mesh_id, topic_id: entry.id, epoch: fields.epoch ?? 0, body_version: fields.bodyVersion,
					client_message_id: post.client_id, reply_to: post.reply_to ?? "", nonce: fields.nonce, ciphertext: fields.ciphertext,
				}, mesh.pair);
				const ack = await mesh.send_frame({ ...common, ...fields, signature });
				if (next)
					await this.take_key(next.key, next.epoch);
				return ack;
			} catch (e) {
				/* Somebody else's key is there now, or a new one is wanted. */
				if (!(e instanceof Refused) || !e.code.includes("stale_epoch") || tries >= TRIES_MAX)
					throw e;
				await this.load_keys();
			}
		}
	}

	// ---- who is in it ----

	async add_member(member_id: string): Promise<void> {
		await this.mesh.request("topic_member_set", { topic: this.entry.id, memberId: member_id });
		await this.load_members();
		await this.seal_pending();
	}

	async set_role(member_id: string, role: string): Promise<void> {
		await this.mesh.request("topic_member_set", { topic: this.entry.id, memberId: member_id, role });
		await this.load_members();
	}

	/** A post that is shown elsewhere. */
	async read_post(frame: Frame): Promise<Post> {
		if (frame.bodyVersion === 2 && !this.keys.has(Number(frame.epoch) || 1))
			await this.load_keys();
		return this.post_of(frame);
	}

	/** From then on the next post is under a new key. */
	async remove_member(member_id: string): Promise<void> {
		await this.mesh.request("topic_member_remove", { topic: this.entry.id, memberId: member_id });
		await Promise.all([this.load_members(), this.load_keys()]);
	}

	async leave(): Promise<void> {
		await this.mesh.request("topic_leave", { topic: this.entry.id });
		this.posts = [];
		this.by_id.clear();
		this.more = true;
		await this.topics.refresh();
	}

	async mark_read(): Promise<void> {
		const newest = [...this.posts].reverse().find(p => p.seq > 0);
		if (!newest || !this.entry.unread)
			return;
		this.entry.unread = 0;
		this.mesh.notices.read_topic(this.entry.id);
		this.topics.changed();
		this.mesh.changed();
		await this.mesh.request("topic_mark_read", { topic: this.entry.id, upToId: newest.id }).catch(() => undefined);
	}
}

export class Topics extends Store {
	list: TopicEntry[] = [];
	/** false: a broker without topics */
	there = true;
	private rooms = new Map<string, Room>();
	private timer = 0;

	constructor(readonly mesh: Mesh) {
		super();
	}

	get unread(): number {
		return this.list.reduce((n, t) => n + (t.role ? t.unread : 0), 0);
	}

	async refresh(): Promise<void> {
		try {
			const answer = await this.mesh.request("topic_list");
			this.list = answer.topics as TopicEntry[];
			this.there = true;
		} catch (e) {
			if (e instanceof Refused && e.code === "unknown_message_type")
				this.there = false;
			return;
		}
		for (const t of this.list) {
			const room = this.rooms.get(t.id);
			if (room) {
				room.entry = t;
				room.look_blocked();
			}
		}
		this.changed();
		this.mesh.changed();
	}

	private refresh_soon(): void {
		if (!this.timer)
			this.timer = setTimeout(() => {
				this.timer = 0;
				void this.refresh();
			}, REFRESH_MS);
	}

	find(name: string): TopicEntry | undefined {
		return this.list.find(t => t.name === name || t.id === name);
	}

	/** Its name in the address, where that means it: there may be private ones of the same name. */
	address(t: TopicEntry): string {
		return this.find(t.name) === t ? t.name : t.id;
	}

	room(entry: TopicEntry): Room {
		let room = this.rooms.get(entry.id);
		if (!room) {
			room = new Room(this, entry);
			this.rooms.set(entry.id, room);
		}
		room.entry = entry;
		return room;
	}

	/** A post of any topic that is seen here. */
	async read_post(topic_id: string, frame: Frame): Promise<Post | undefined> {
		const entry = this.find(topic_id);
		return entry ? this.room(entry).read_post(frame) : undefined;
	}

	async create(name: string, description: string, visibility: string): Promise<void> {
		await this.mesh.request("topic_create", { name, visibility, ...(description ? { description } : {}) });
		await this.refresh();
	}

	on_push(frame: Frame): void {
		const entry = this.find(String(frame.topicId));
		if (entry) {
			const mine = this.mesh.person_key(String(frame.senderMemberPubkey ?? "")) === this.mesh.own_key;
			entry.lastSeq = Math.max(entry.lastSeq, Number(frame.topicSeq ?? 0));
			entry.lastMessageAt = String(frame.createdAt);
			entry.unread += mine ? 0 : 1;
			this.rooms.get(entry.id)?.on_push(frame);
			this.changed();
			this.mesh.changed();
		}
		this.refresh_soon();
	}

	/** Seals the key for who wants it, whether the topic is open here or not. */
	private async serve(room: Room): Promise<void> {
		await room.load_keys();
		await room.seal_pending();
	}

	/** True if it was about topics. */
	on_event(event: string, data: Record<string, unknown>): boolean {
		if (!event.startsWith("topic_") && event !== "notification")
			return false;
		const room = this.rooms.get(String(data.topicId));
		const quietly = (p: Promise<unknown> | undefined) => void p?.catch(() => undefined);
		if (event === "topic_stale" && room) {
			room.entry.stale = true;
			quietly(room.load_keys());
		} else if (event === "topic_epoch" || event === "topic_key_sealed") {
			quietly(room?.load_keys());
		} else if (event === "topic_key_wanted") {
			const entry = this.find(String(data.topicId));
			quietly(entry && this.serve(this.room(entry)));
		} else if (event === "topic_changed") {
			quietly(room?.load_members());
		}
		this.refresh_soon();
		return true;
	}
}
