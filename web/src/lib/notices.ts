// Mentions of the person in one mesh, newest first.
import { type Frame, said } from "./link";
import type { Mesh } from "./mesh";
import { Store } from "./store";

const SHOWN = 50, KEPT_MS = 90 * 86400000, SOON_MS = 300;

export interface Notice {
	id: string;
	topic_id: string;
	topic: string;
	sender_id: string;
	sender: string;
	at_ms: number;
	read: boolean;
	/** as the post is in history */
	frame: Frame;
	/** when its topic's key is here */
	text?: string;
	trouble?: string;
}

export class Notices extends Store {
	list: Notice[] = [];
	loaded = false;
	error = "";
	private timer = 0;

	constructor(private mesh: Mesh) {
		super();
	}

	get unread(): number {
		return this.list.filter(n => !n.read).length;
	}

	refresh_soon(): void {
		if (!this.timer)
			this.timer = setTimeout(() => {
				this.timer = 0;
				void this.refresh();
			}, SOON_MS);
	}

	async refresh(): Promise<void> {
		try {
			const known = new Map(this.list.map(n => [n.id, n]));
			const answer = await this.mesh.rest.get<{ notifications: Frame[] }>("notifications", { since: new Date(Date.now() - KEPT_MS).toISOString(), limit: SHOWN });
			/* The same objects: open() may be at work on them. */
			this.list = answer.notifications.map(n => Object.assign(known.get(String(n.id)) ?? {}, notice_of(n)));
			this.loaded = true;
			this.error = "";
		} catch (e) {
			this.error = said(e);
		}
		this.told();
	}

	/** Ids of those that open() has not looked at. */
	get unopened(): string {
		return this.list.filter(n => !n.text && !n.trouble).map(n => n.id).join(" ");
	}

	/** Their texts, as far as this browser can read them. */
	async open(): Promise<void> {
		for (const n of this.list) {
			if (n.text || n.trouble)
				continue;
			const post = await this.mesh.topics.read_post(n.topic_id, n.frame).catch(() => undefined);
			if (post?.text)
				n.text = post.text;
			else
				n.trouble = post?.unreadable ?? "Its topic cannot be read here.";
		}
		this.told();
	}

	async read(which: Notice[]): Promise<void> {
		const ids = which.filter(n => !n.read).map(n => n.id);
		if (!ids.length)
			return;
		await this.mesh.rest.call("POST", "notifications/read", { ids });
		for (const n of which)
			n.read = true;
		this.told();
	}

	/** What was read in its topic was read. */
	read_topic(topic_id: string): void {
		this.read(this.list.filter(n => n.topic_id === topic_id)).catch(() => undefined);
	}

	private told(): void {
		this.list = [...this.list];
		this.changed();
		this.mesh.changed();
	}
}

function notice_of(n: Frame): Notice {
	return {
		id: String(n.id), topic_id: String(n.topicId), topic: String(n.topicName), sender_id: String(n.senderMemberId), sender: String(n.senderName),
		at_ms: Date.parse(String(n.createdAt)), read: n.readAt !== null, frame: n,
	};
}
