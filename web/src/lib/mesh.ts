// One mesh as this browser knows it: who is there, its topics, direct messages, what happens.
import { from_plain, open, plain, seal, type Pair, attestation_holds, type Chain, chain_holds, type DeviceOf, device_holds } from "./crypto";
import * as db from "./db";
import { type Frame, Link, type LinkState, Refused } from "./link";
import { Notices } from "./notices";
import { Rest } from "./rest";
import { Store } from "./store";
import { Topics } from "./topics";

const REFRESH_MS = 400, ACTIVITY_MAX = 200, COPIES_MAX = 8;

export interface Member {
	memberId: string;
	pubkey: string;
	displayName: string;
	role: string;
	owner?: boolean;
	online: boolean;
	chain?: Chain;
	device?: DeviceOf;
	/** the chain holds, checked here */
	verified: boolean;
}

export interface Peer {
	pubkey: string;
	memberPubkey: string;
	displayName: string;
	status: "idle" | "working" | "dnd";
	summary: string | null;
	groups: { name: string; role?: string }[];
	sessionId: string;
	connectedAt: string;
	cwd: string;
	peerRole: string;
	hostname?: string;
	channel?: string;
	model?: string;
	reach?: "now" | "next_turn" | "poll" | "not";
	stats?: { messagesIn?: number; messagesOut?: number };
}

/** Of messages, which only this browser knows of. */
export interface Activity {
	at_ms: number;
	who: string;
	what: string;
}

/** A member with all its devices. */
export interface Person {
	key: string;
	member: Member;
	devices: Member[];
	peers: Peer[];
	online: boolean;
	is_self: boolean;
}

function text(v: unknown): string {
	return typeof v === "string" ? v : "";
}

export class Mesh extends Store {
	state: LinkState = "connecting";
	why = "";
	peers: Peer[] = [];
	members: Member[] = [];
	/** who left and signed posts that are shown */
	former: Member[] = [];
	correspondents: db.Correspondent[] = [];
	activity: Activity[] = [];
	/** counts what is told of who comes and goes */
	people_version = 0;
	loaded = false;
	role = "member";
	readonly topics: Topics;
	readonly rest = new Rest(async () => text((await this.request("bearer_token")).token));
	readonly notices = new Notices(this);
	private link: Link | undefined;
	private refresh_timer = 0;
	private by_broker_id = new Map<string, string>();
	private tabs = new BroadcastChannel("claudemesh");

	constructor(readonly id: db.Identity, readonly pair: Pair) {
		super();
		this.topics = new Topics(this);
		this.tabs.onmessage = e => {
			if (e.data === id.mesh_id)
				void this.load_messages();
		};
		void this.load_messages();
	}

	start(): void {
		const session_id = `page-${crypto.randomUUID()}`;
		this.link = new Link({ mesh_id: this.id.mesh_id, member_id: this.id.member_id, session_id, pair: this.pair }, {
			on_state: (state, why) => this.on_state(state, why),
			on_frame: frame => void this.on_frame(frame),
		});
	}

	stop(): void {
		this.link?.close();
		this.rest.forget();
		this.tabs.close();
	}

	request(type: string, fields: object = {}, timeout_ms?: number): Promise<Frame> {
		return this.link ? this.link.request(type, fields, timeout_ms) : Promise.reject(new Error("not connected"));
	}

	send_frame(fields: object): Promise<Frame> {
		return this.link ? this.link.send(fields) : Promise.reject(new Error("not connected"));
	}

	get unread(): number {
		return this.topics.unread + this.correspondents.reduce((n, c) => n + c.unread, 0);
	}

	private on_state(state: LinkState, why: string): void {
		this.state = state;
		this.why = why;
		if (state === "ready") {
			void this.refresh();
			void this.topics.refresh();
			void this.notices.refresh();
		}
		this.changed();
	}

	// ---- who ----

	/** Soon, however often it is asked for. */
	refresh_soon(): void {
		if (!this.refresh_timer)
			this.refresh_timer = setTimeout(() => {
				this.refresh_timer = 0;
				void this.refresh();
			}, REFRESH_MS);
	}

	/** The list anew, proved anew. */
	async refresh(): Promise<void> {
		let list: Frame;
		try {
			list = await this.request("list_peers", { members: true });
		} catch {
			return;
		}
		this.peers = list.peers as Peer[];
		const members = (list.members as Member[]).map(m => ({ ...m, verified: false }));
		/* Who is not in it any more signed what it wrote all the same. */
		this.former = [...this.former, ...this.members].filter(m => !members.some(x => x.pubkey === m.pubkey));
		this.members = members;
		this.verify();
		this.role = this.members.find(m => m.memberId === this.id.member_id)?.role ?? "member";
		this.loaded = true;
		this.changed();
	}

	private verify(): void {
		const { mesh_id, owner_pubkey } = this.id, all = [...this.former, ...this.members];
		const known = new Map(all.map(m => [m.pubkey, m]));
		for (const m of all)
			/* Who let this browser in has proved itself by the code. */
			m.verified = m.pubkey === this.id.of_pubkey ||
				(!!m.chain && !!owner_pubkey && chain_holds(m.chain, mesh_id, owner_pubkey, m.pubkey));
		for (const m of all) {
			const of = m.device && known.get(m.device.memberPubkey);
			if (m.device)
				m.verified = !!of && !of.device && of.verified && of.role === m.role && device_holds(m.device, mesh_id, m.pubkey);
		}
	}

	/** Of a page of history: those whose posts stay theirs. */
	add_former(list: Member[]): void {
		const fresh = list.filter(m => ![...this.former, ...this.members].some(x => x.pubkey === m.pubkey));
		if (!fresh.length)
			return;
		this.former = [...this.former, ...fresh.map(m => ({ ...m, verified: false }))];
		this.verify();
		this.changed();
	}

	/** Keys whose word is a member's, or was. */
	proved(): Set<string> {
		return new Set([...this.former, ...this.members].filter(m => m.verified).map(m => m.pubkey));
	}

	member(id: string): Member | undefined {
		return this.members.find(m => m.memberId === id);
	}

	/** The person whose key or device's key it is. */
	person_key(pubkey: string): string {
		const m = this.members.find(x => x.pubkey === pubkey);
		return m?.device && m.verified ? m.device.memberPubkey : pubkey;
	}

	get own_key(): string {
		return this.id.of_pubkey;
	}

	people(): Person[] {
		const all = new Map<string, Person>();
		for (const m of this.members) {
			if (m.device && m.verified)
				continue;
			all.set(m.pubkey, { key: m.pubkey, member: m, devices: [], peers: [], online: m.online, is_self: m.pubkey === this.own_key });
		}
		for (const m of this.members)
			if (m.device && m.verified)
				all.get(m.device.memberPubkey)?.devices.push(m);
		for (const p of this.peers) {
			const person = all.get(this.person_key(p.memberPubkey));
			if (person) {
				person.peers.push(p);
				person.online = person.online || p.channel !== "claudemesh-cli";
			}
		}
		return [...all.values()].sort((a, b) => Number(b.online) - Number(a.online) || a.member.displayName.localeCompare(b.member.displayName));
	}

	person(key: string): Person | undefined {
		return this.people().find(p => p.key === key);
	}

	name_of(key: string): string {
		if (key === "*")
			return "everyone";
		return this.members.find(m => m.pubkey === key)?.displayName ?? (key.startsWith("@") ? key : key.slice(0, 8));
	}

	// ---- what happens ----

	private note(who: string, what: string): void {
		this.activity = [{ at_ms: Date.now(), who, what }, ...this.activity].slice(0, ACTIVITY_MAX);
	}

	private async on_frame(frame: Frame): Promise<void> {
		if (frame.type === "message_state")
			return this.on_message_state(frame);
		if (frame.type !== "push")
			return;
		if (frame.subtype === "system")
			return this.on_event(text(frame.event), (frame.eventData ?? {}) as Record<string, unknown>);
		if (frame.topicId)
			this.topics.on_push(frame);
		else
			await this.on_message(frame);
		this.acknowledge(frame);
	}

	private acknowledge(frame: Frame): void {
		this.link?.tell({
			type: "client_ack", brokerMessageId: frame.messageId,
			...(frame.client_message_id ? { clientMessageId: frame.client_message_id } : {}),
		});
	}

	private on_event(event: string, data: Record<string, unknown>): void {
		if (event === "notification")
			this.notices.refresh_soon();
		if (this.topics.on_event(event, data))
			return;
		this.people_version++;
		this.refresh_soon();
		this.changed();
	}

	// ---- direct messages ----

	private async load_messages(): Promise<void> {
		this.correspondents = await db.correspondents(this.id.mesh_id);
		this.changed();
	}

	private async stored(): Promise<void> {
		await this.load_messages();
		this.tabs.postMessage(this.id.mesh_id);
	}

	private sender_is_verified(frame: Frame): boolean {
		const member = text(frame.senderMemberPubkey) || text(frame.senderPubkey), key = text(frame.senderPubkey);
		if (key !== member && !attestation_holds(member, key, Number(frame.senderAttestedUntil), text(frame.senderAttestation)))
			return false;
		return this.members.some(m => m.pubkey === member && m.verified);
	}

	private async on_message(frame: Frame): Promise<void> {
		const sender = text(frame.senderMemberPubkey) || text(frame.senderPubkey);
		const id = text(frame.client_message_id) ? `${sender.slice(0, 16)}-${text(frame.client_message_id)}` : text(frame.messageId);
		if (!this.loaded || !this.members.some(m => m.pubkey === sender))
			await this.refresh();
		const target = text(frame.targetSpec), person = this.person_key(sender);
		const sealed = { nonce: text(frame.nonce), ciphertext: text(frame.ciphertext) };
		let body: string, error: string | undefined;
		try {
			body = target ? from_plain(sealed) : open(this.pair, text(frame.senderPubkey), sealed);
		} catch {
			body = "";
			error = "This message could not be decrypted with this browser's key.";
		}
		if (await db.has_message(this.id.mesh_id, id))
			return;
		await db.put_message({
			id, mesh_id: this.id.mesh_id, peer: target || person, mine: person === this.own_key, text: body,
			at_ms: Date.parse(text(frame.createdAt)) || Date.now(), read: false, verified: this.sender_is_verified(frame),
			...(error ? { error } : {}), ...(target ? { from: text(frame.senderName) } : {}),
			...(frame.replyToId ? { reply_to: text(frame.replyToId) } : {}),
			broker_ids: [text(frame.messageId)],
		});
		this.note(text(frame.senderName) || this.name_of(person), target ? `wrote to ${this.name_of(target)}` : "wrote to you");
		await this.stored();
	}

	/** The keys that a copy is sealed to: the person's own and its devices'. */
	private recipients(key: string): string[] {
		const person = this.person(key);
		return [key, ...(person?.devices ?? []).map(d => d.pubkey)].slice(0, COPIES_MAX + 1);
	}

	async send_direct(key: string, body: string, reply_to?: string): Promise<void> {
		const message: db.DirectMessage = {
			id: crypto.randomUUID(), mesh_id: this.id.mesh_id, peer: key, mine: true, text: body, at_ms: Date.now(),
			read: true, verified: true, state: "sending", broker_ids: [], ...(reply_to ? { reply_to } : {}),
		};
		await db.put_message(message);
		await this.stored();
		await this.push_out(message);
	}

	/** Also of one that failed: the same ids, so it is never there twice. */
	async push_out(m: db.DirectMessage): Promise<void> {
		const multicast = m.peer === "*" || m.peer.startsWith("@");
		const to = multicast ? [m.peer] : this.recipients(m.peer);
		let first_error: unknown;
		const ids: string[] = [];
		for (const [i, key] of to.entries()) {
			const sealed = multicast ? plain(m.text) : seal(this.pair, key, m.text);
			try {
				const ack = await this.send_frame({
					targetSpec: key, priority: "next", ...sealed, wantReceipt: true,
					client_message_id: i ? `${m.id}.${key.slice(0, 8)}` : m.id,
					...(m.reply_to ? { replyToId: m.reply_to } : {}),
				});
				ids.push(text(ack.messageId));
				this.by_broker_id.set(text(ack.messageId), m.id);
			} catch (e) {
				/* A copy for a device that went away is no loss. */
				first_error ??= i ? undefined : e;
			}
		}
		const done: db.DirectMessage = ids.length && !first_error
			? { ...m, state: "stored", broker_ids: ids }
			: { ...m, state: "failed", error: first_error instanceof Refused ? first_error.message : "The broker could not be reached." };
		if (done.state === "stored")
			delete done.error;
		await this.put_own(done);
	}

	/** A delivery may have been told before the ack was stored. */
	private early = new Set<string>();

	private async put_own(m: db.DirectMessage): Promise<void> {
		if (m.state === "stored" && m.broker_ids?.some(id => this.early.delete(id)))
			m = { ...m, state: "delivered" };
		await db.put_message(m);
		await this.stored();
	}

	private async on_message_state(frame: Frame): Promise<void> {
		const recipients = frame.recipients as { state?: string }[];
		const id = text(frame.messageId);
		if (!recipients.some(r => r.state === "delivered"))
			return;
		this.early.add(id);
		const own = this.by_broker_id.get(id) ?? text(frame.client_message_id).split(".")[0];
		const known = own ? await db.get_message(this.id.mesh_id, own) : undefined;
		if (known?.mine && known.state === "stored")
			await this.put_own({ ...known, broker_ids: [...(known.broker_ids ?? []), id] });
	}

	async read(peer: string): Promise<void> {
		if (!this.correspondents.some(c => c.peer === peer && c.unread))
			return;
		await db.mark_read(this.id.mesh_id, peer);
		await this.stored();
	}
}
