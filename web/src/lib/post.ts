// A post of a topic, and whether it is its author's word.
import { post_holds } from "./crypto";
import type { Frame } from "./link";

const FORGED = "The signature of this message does not hold: it was changed, moved here, or is not of who is named.";

export interface Post {
	/** the broker's; of one that is under way the client's */
	id: string;
	seq: number;
	sender_id: string;
	sender_key: string;
	name: string;
	text: string;
	/** why there is no text */
	unreadable?: string;
	encrypted: boolean;
	/** its author's signature, checked here; what is forged has no text */
	proof: "signed" | "unsigned" | "forged";
	reply_to?: string;
	at_ms: number;
	client_id: string;
	state?: "sending" | "stored" | "failed";
	error?: string;
	raw?: { nonce: string; ciphertext: string; epoch: number };
}

/** The mesh and the topic are ours to know, whatever the frame says. */
export function prove(post: Post, m: Frame, mesh_id: string, topic_id: string): void {
	if (!m.signature)
		return;
	const holds = post_holds({
		mesh_id, topic_id, epoch: post.encrypted ? Number(m.epoch ?? 0) : 0,
		body_version: Number(m.bodyVersion ?? 1), client_message_id: post.client_id, reply_to: String(m.replyToId ?? m.signedReplyTo ?? ""),
		nonce: String(m.nonce), ciphertext: String(m.ciphertext),
	}, post.sender_key, String(m.signature));
	post.proof = holds ? "signed" : "forged";
	if (holds)
		return;
	post.unreadable = FORGED;
	delete post.raw;
}
