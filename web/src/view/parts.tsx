// Small pieces that several screens share.
import type { ComponentChildren } from "preact";
import type { Mesh, Person } from "../lib/mesh";
import { href } from "../lib/route";

export function Head({ mesh, title, sub, children }: { mesh: Mesh; title: string; sub?: string; children?: ComponentChildren }) {
	return (
		<header class="head">
			<a class="back" href={href(mesh.id.slug)} aria-label={`Back to ${mesh.id.name}`}>‹</a>
			<div class="head-text">
				<h1>{title}</h1>
				{sub ? <p class="muted">{sub}</p> : null}
			</div>
			{children}
		</header>
	);
}

/** Of a screen that is of no mesh. */
export function TopHead({ title, sub, children }: { title: string; sub: string; children?: ComponentChildren }) {
	return (
		<header class="head">
			<a class="back" href="#/" aria-label="Back to your meshes">‹</a>
			<div class="head-text"><h1>{title}</h1><p class="muted">{sub}</p></div>
			{children}
		</header>
	);
}

/** A name's letters on a colour of its own. */
export function Avatar({ name, id, online, size = 32 }: { name: string; id: string; online?: boolean; size?: number }) {
	const letters = name.replace(/[^\p{L}\p{N}]+/gu, " ").trim().split(" ").map(w => [...w][0] ?? "").slice(0, 2).join("");
	return (
		<span class={`avatar hue-${parseInt(id.slice(0, 6), 16) % 8 || 0}`} style={{ width: `${size}px`, height: `${size}px` }} aria-hidden="true">
			{letters.toUpperCase() || "?"}
			{online === undefined ? null : <span class={online ? "dot on" : "dot"} />}
		</span>
	);
}

export function Badge({ n }: { n: number }) {
	return n ? <span class="badge" aria-label={`${n} unread`}>{n > 99 ? "99+" : n}</span> : null;
}

const reaches = { now: "hears at once", next_turn: "hears at its next turn", poll: "when it looks", not: "not reachable now" };

export function reach_text(person: Person): string {
	const order = ["now", "next_turn", "poll", "not"] as const;
	const best = order.find(r => person.peers.some(p => p.reach === r));
	if (best)
		return reaches[best];
	return person.online ? "online" : "away";
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
	return <div class="empty"><p class="empty-title">{title}</p>{children}</div>;
}

export function Trouble({ mesh }: { mesh: Mesh }) {
	if (mesh.state === "ready")
		return null;
	const text = mesh.state === "final" ? mesh.why : mesh.state === "connecting" ? "Connecting…" : `Offline: ${mesh.why}. Trying again…`;
	return <p class={mesh.state === "final" ? "strip bad" : "strip"} role="status">{text}</p>;
}
