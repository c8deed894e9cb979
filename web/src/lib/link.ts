// One WebSocket to the broker for one mesh: says hello with a challenge, correlates answers by
// id, comes back by itself. What cannot pass by itself (removed, banned) is final.
import { hello_sign, type Pair } from "./crypto";

const HELLO_MS = 10000, REPLY_MS = 10000, BACKOFF_MAX_MS = 15000, PING_MS = 25000;
const FINAL = new Set(["unauthorized", "revoked", "malformed", "kicked", "banned", "bad_signature"]);
const CLOSE_KICKED = 4001, CLOSE_BANNED = 4002;
const KICKED = "Kicked from this mesh. Load the page again to rejoin.";
const BANNED = "You've been removed from this mesh. Contact the mesh owner to rejoin.";

export type Frame = Record<string, unknown> & { type: string };
export type LinkState = "connecting" | "ready" | "waiting" | "final";

export interface LinkEvents {
	on_state(state: LinkState, why: string): void;
	on_frame(frame: Frame): void;
}

export interface Whom {
	mesh_id: string;
	member_id: string;
	session_id: string;
	pair: Pair;
}

interface Pending {
	done(f: Frame): void;
	failed(e: Error): void;
	timer: number;
}

/** A refusal of the broker's, with its word; over HTTP with its status. */
export class Refused extends Error {
	constructor(readonly code: string, text: string, readonly status = 0) {
		super(text);
	}
}

/** What to tell of a failure. */
export function said(e: unknown): string {
	return e instanceof Error ? e.message : String(e);
}

export function api(path: string): string {
	return new URL(path, document.baseURI).href.replace(/#.*$/, "");
}

export async function ask<T>(path: string, body?: unknown, token?: string, method = body === undefined ? "GET" : "POST"): Promise<T> {
	const answer = await fetch(api(path), {
		method,
		headers: {
			...(body === undefined ? {} : { "Content-Type": "application/json" }),
			...(token ? { Authorization: `Bearer ${token}` } : {}),
		},
		body: body === undefined ? null : JSON.stringify(body),
		credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer",
	});
	/* What stands before the broker may answer with a page of its own. */
	const value = await answer.json().catch(e => {
		if (answer.ok)
			throw e;
		return {};
	});
	if (!answer.ok)
		throw new Refused(String(value.error ?? answer.status), String(value.detail ?? answer.statusText), answer.status);
	return value as T;
}

export class Link {
	state: LinkState = "connecting";
	private socket: WebSocket | undefined;
	private pending = new Map<string, Pending>();
	private next_id = 1;
	private tries = 0;
	private timer = 0;
	private ping = 0;
	private closed = false;

	constructor(private whom: Whom, private events: LinkEvents) {
		addEventListener("online", this.hurry);
		document.addEventListener("visibilitychange", this.hurry);
		void this.connect();
	}

	close(): void {
		this.closed = true;
		removeEventListener("online", this.hurry);
		document.removeEventListener("visibilitychange", this.hurry);
		clearTimeout(this.timer);
		clearInterval(this.ping);
		this.socket?.close(1000);
		this.fail_all("closed");
	}

	/** One request and its answer, by _reqId. */
	request(type: string, fields: object = {}, timeout_ms = REPLY_MS): Promise<Frame> {
		const id = `r${this.next_id++}`;
		return this.await_reply(id, { type, ...fields, _reqId: id }, timeout_ms);
	}

	/** A send and its ack, by id; a refusal throws. */
	async send(fields: object): Promise<Frame> {
		const id = `s${this.next_id++}`;
		const ack = await this.await_reply(id, { type: "send", ...fields, id }, REPLY_MS);
		if (ack.queued !== true)
			throw new Refused(String(ack.code ?? "refused"), String(ack.error ?? "the broker refused it"));
		return ack;
	}

	tell(frame: Frame): void {
		if (this.state === "ready")
			this.socket?.send(JSON.stringify(frame));
	}

	private await_reply(id: string, frame: Frame, timeout_ms: number): Promise<Frame> {
		return new Promise((done, failed) => {
			if (this.state !== "ready")
				return failed(new Error("not connected"));
			const timer = setTimeout(() => {
				this.pending.delete(id);
				failed(new Error("the broker did not answer in time"));
			}, timeout_ms);
			this.pending.set(id, { done, failed, timer });
			this.socket!.send(JSON.stringify(frame));
		});
	}

	private fail_all(why: string): void {
		for (const p of this.pending.values()) {
			clearTimeout(p.timer);
			p.failed(new Error(why));
		}
		this.pending.clear();
	}

	private hurry = (): void => {
		if (this.state === "waiting" && !document.hidden) {
			clearTimeout(this.timer);
			this.tries = 0;
			void this.connect();
		}
	};

	private set(state: LinkState, why = ""): void {
		this.state = state;
		this.events.on_state(state, why);
	}

	private later(why: string): void {
		if (this.closed || this.state === "final" || this.state === "waiting")
			return;
		clearInterval(this.ping);
		this.fail_all(why);
		this.set("waiting", why);
		const delay = Math.random() * Math.min(BACKOFF_MAX_MS, 500 * 2 ** this.tries++);
		this.timer = setTimeout(() => void this.connect(), delay);
	}

	private async connect(): Promise<void> {
		if (this.closed || this.state === "final")
			return;
		this.set("connecting");
		let challenge: string;
		try {
			challenge = (await ask<{ challenge: string }>("api/v1/challenge")).challenge;
		} catch {
			return this.later("the broker cannot be reached");
		}
		if (this.closed)
			return;
		const address = api(`ws?challenge=${challenge}`).replace(/^http/, "ws");
		const socket = new WebSocket(address);
		const deadline = setTimeout(() => socket.close(), HELLO_MS);
		let refusal = "";
		this.socket = socket;
		socket.onopen = () => this.hello(socket, challenge);
		socket.onmessage = e => {
			const frame = JSON.parse(String(e.data)) as Frame;
			if (this.state === "ready") {
				this.take(frame);
				if (frame.type === "error" && frame.code === "revoked" && frame._reqId === undefined)
					this.end(String(frame.message));
			} else if (frame.type === "hello_ack") {
				clearTimeout(deadline);
				this.tries = 0;
				this.ping = setInterval(() => void this.request("list_peers").catch(() => socket.close()), PING_MS);
				this.set("ready");
			} else if (frame.type === "error") {
				refusal = String(frame.code);
				if (FINAL.has(refusal))
					this.end(String(frame.message));
			}
		};
		socket.onclose = e => {
			clearTimeout(deadline);
			if (this.socket !== socket)
				return;
			/* What the broker says, unless it is one word. */
			if (e.code === CLOSE_KICKED)
				this.end(KICKED);
			if (e.code === CLOSE_BANNED)
				this.end(e.reason.includes(" ") ? e.reason : BANNED);
			this.later(refusal || "the connection was lost");
		};
	}

	private end(why: string): void {
		this.fail_all(why);
		clearInterval(this.ping);
		this.set("final", why);
	}

	private hello(socket: WebSocket, challenge: string): void {
		const { mesh_id, member_id, session_id, pair } = this.whom;
		const timestamp = Date.now();
		socket.send(JSON.stringify({
			type: "hello", meshId: mesh_id, memberId: member_id, pubkey: pair.pubkey, sessionId: session_id,
			timestamp, helloVersion: 2, channel: "claudemesh-web", peerType: "human",
			capabilities: ["client_ack", "attestation", "receipts", "topics"],
			signature: hello_sign({ mesh_id, member_id, session_id, timestamp, challenge }, pair),
		}));
	}

	private take(frame: Frame): void {
		const id = (frame._reqId ?? frame.id) as string | undefined;
		const waiting = id === undefined ? undefined : this.pending.get(id);
		if (!waiting || frame.type === "push") {
			this.events.on_frame(frame);
			return;
		}
		this.pending.delete(id!);
		clearTimeout(waiting.timer);
		if (frame.type === "error")
			waiting.failed(new Refused(String(frame.code), String(frame.message)));
		else
			waiting.done(frame);
	}
}
