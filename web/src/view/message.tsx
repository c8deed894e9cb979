// One line of a conversation.
import { memo } from "preact/compat";
import { at_clock, at_full, day_name, same_day } from "../lib/time";
import { Avatar } from "./parts";

export interface Line {
	id: string;
	name: string;
	key: string;
	mine: boolean;
	text: string;
	at_ms: number;
	trouble?: string;
	state?: "sending" | "stored" | "delivered" | "failed";
	reply?: { name: string; text: string; id: string };
	/** the broker can read it */
	open?: boolean;
	verified: boolean;
	/** of a topic: its author's signature holds */
	signed?: boolean;
	/** its author is not a member any more */
	left?: boolean;
}

interface Props {
	line: Line;
	before_ms: number | undefined;
	follows: boolean;
	unread: boolean;
	own_name: string;
	on_reply(l: Line): void;
	on_again(id: string): void;
}

const states = { sending: "sending", stored: "stored", delivered: "delivered", failed: "not sent" };
const marks = { sending: "◌", stored: "✓", delivered: "✓✓", failed: "!" };

/** Text with its mentions, links and code set apart; nothing in it is taken for HTML. */
function Rich({ text, own_name }: { text: string; own_name: string }) {
	const parts = text.split(/(```[\s\S]*?```|`[^`\n]+`|(?<![A-Za-z0-9_-])@[A-Za-z0-9_-]{1,64}|https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)])/g);
	return <>{parts.map((p, i) => {
		if (i % 2 === 0)
			return p;
		if (p.startsWith("```"))
			return <pre key={i}><code>{p.slice(3, -3).replace(/^\w*\n/, "")}</code></pre>;
		if (p.startsWith("`"))
			return <code key={i}>{p.slice(1, -1)}</code>;
		if (p.startsWith("@"))
			return <span key={i} class={p.slice(1).toLowerCase() === own_name.toLowerCase() ? "mention me" : "mention"}>{p}</span>;
		return <a key={i} href={p} rel="noreferrer noopener" target="_blank">{p}</a>;
	})}</>;
}

/** What is not proved about it, and who else can read it. What is forged says so in its text's place. */
function Doubts({ line: l }: { line: Line }) {
	return (
		<>
			{l.signed === false ? (l.text ? <span class="tag warn" title="Nobody signed this: whoever is in the topic, or runs the broker, can have written it.">unsigned</span> : null)
				: l.verified ? null : <span class="tag warn" title="That the sender is who it says could not be proved.">unverified</span>}
			{l.left ? <span class="tag" title="Not a member of this mesh any more.">left</span> : null}
			{l.open ? <span class="tag" title="Whoever runs the broker can read this.">not encrypted</span> : null}
		</>
	);
}

function jump(id: string): void {
	const el = document.getElementById(`m-${id}`);
	el?.scrollIntoView({ block: "center" });
	el?.focus();
}

export const Message = memo(function Message({ line: l, before_ms, follows, unread, own_name, on_reply, on_again }: Props) {
	const new_day = before_ms === undefined || !same_day(before_ms, l.at_ms);
	const first = !follows || new_day;
	return (
		<>
			{new_day ? <p class="day"><span>{day_name(l.at_ms)}</span></p> : null}
			{unread ? <p class="unread-line" role="separator"><span>New</span></p> : null}
			<article class={`message ${first ? "first" : ""} ${l.mine ? "mine" : ""}`} id={`m-${l.id}`} tabIndex={-1}>
				{first ? <Avatar name={l.name} id={l.key} size={36} /> : <span class="gutter small muted" aria-hidden="true">{at_clock(l.at_ms)}</span>}
				<div class="body">
					{first ? (
						<p class="who"><strong>{l.name}</strong>
							<Doubts line={l} />
							<time class="muted small" dateTime={new Date(l.at_ms).toISOString()} title={at_full(l.at_ms)}>{at_clock(l.at_ms)}</time>
						</p>
					) : null}
					{l.reply ? <button class="quote" onClick={() => jump(l.reply!.id)}><strong>{l.reply.name}</strong> {l.reply.text.slice(0, 120)}</button> : null}
					{l.trouble && !l.text ? <p class="unreadable">{l.trouble}</p> : <div class="text"><Rich text={l.text} own_name={own_name} /></div>}
					{l.state === "failed" ? <p class="error small">{l.trouble} <button class="quiet" onClick={() => on_again(l.id)}>Try again</button></p> : null}
				</div>
				<div class="tools">
					{l.mine && l.state ? <span class={`state ${l.state}`} title={states[l.state]}><span aria-hidden="true">{marks[l.state]}</span><span class="hidden">{states[l.state]}</span></span> : null}
					{l.text && l.state !== "sending" && l.state !== "failed" ? <button class="quiet reply" onClick={() => on_reply(l)} aria-label={`Reply to ${l.name}`} title="Reply"><span aria-hidden="true">↩</span></button> : null}
				</div>
			</article>
		</>
	);
}, (a, b) => a.follows === b.follows && a.unread === b.unread && a.before_ms === b.before_ms && a.line.text === b.line.text && a.line.state === b.line.state &&
	a.line.trouble === b.line.trouble && a.line.verified === b.line.verified && a.line.signed === b.line.signed && a.line.open === b.line.open && a.line.left === b.line.left && a.line.id === b.line.id && a.line.name === b.line.name && a.line.reply?.text === b.line.reply?.text);
