// What the owner and admins may do to somebody: end connections, put out and let in, make an admin.
import { useRef, useState } from "preact/hooks";
import { said } from "../lib/link";
import type { Mesh, Person } from "../lib/mesh";

interface Ban {
	name: string;
	pubkey: string;
	revokedAt: string;
	bannedBy?: string;
	reason?: string;
}

interface Ack {
	affected: string[];
	skipped_control_plane?: string[];
}

function rank(m?: { owner?: boolean; role: string }): number {
	return m?.owner ? 2 : m?.role === "admin" ? 1 : 0;
}

/** Whoever stands above somebody may; the broker looks as well. */
export function may_moderate(mesh: Mesh, person?: Person): boolean {
	const own = rank(mesh.member(mesh.id.member_id));
	return own > 0 && (!person || (!person.is_self && own > rank(person.member)));
}

function ended(ack: Ack, done: string, after: string): string {
	if (ack.affected.length)
		return `${done} ${ack.affected.length === 1 ? "one connection" : `${ack.affected.length} connections`}. ${after}`;
	return ack.skipped_control_plane?.length
		? "Only the link of a daemon is there, which a kick leaves alone. A ban ends it."
		: "No connection is open.";
}

export function Moderate({ mesh, person }: { mesh: Mesh; person: Person }) {
	const box = useRef<HTMLDialogElement>(null);
	const [told, set_told] = useState("");
	const [error, set_error] = useState("");
	const [reason, set_reason] = useState("");
	const [sure, set_sure] = useState(false);
	const { member, key } = person, name = member.displayName;
	const is_owner = mesh.member(mesh.id.member_id)?.owner === true;
	const act = async (type: string, fields: object, done: (reply: Record<string, unknown>) => string) => {
		set_error("");
		try {
			set_told(done(await mesh.request(type, fields)));
			void mesh.refresh();
		} catch (e) {
			set_error(said(e));
		}
	};
	const role = member.role === "admin" ? "member" : "admin";
	return (
		<>
			<button onClick={() => {
				set_told("");
				set_error("");
				set_sure(false);
				box.current?.showModal();
			}} aria-label={`Manage ${name}`}>Manage</button>
			<dialog ref={box} aria-label={`Manage ${name}`} onClick={e => e.target === box.current && box.current?.close()}>
				<div class="sheet">
					<header class="card-head"><h2>{name}</h2><button class="quiet" onClick={() => box.current?.close()} aria-label="Close">✕</button></header>
					{error ? <p class="error" role="alert">{error}</p> : null}
					{told ? <p role="status">{told}</p> : null}
					<p class="muted small">Disconnect: what {name} runs comes back by itself. Kick: it stays away until it is started again. Ban: {name} stays out until somebody takes the ban back.</p>
					<button onClick={() => void act("disconnect", { target: key }, r => ended(r as unknown as Ack, "Closed", "They will auto-reconnect within seconds."))}>Disconnect</button>
					<button onClick={() => void act("kick", { target: key }, r => ended(r as unknown as Ack, "Closed", "They can rejoin anytime by running claudemesh."))}>Kick</button>
					{is_owner && !member.device ? <button onClick={() => void act("member_update", { memberId: member.memberId, role }, () => role === "admin" ? `${name} is an admin now.` : `${name} is a member now.`)}>{role === "admin" ? "Make admin" : "Make member"}</button> : null}
					{sure ? (
						<form class="ban" onSubmit={e => {
							e.preventDefault();
							set_sure(false);
							void act("ban", { target: key, ...(reason.trim() ? { reason: reason.trim() } : {}) }, () => `${name} is banned.`);
						}}>
							<p>{name}'s devices, connections and API keys end at once, until somebody lets {name} in again.</p>
							<label>Reason, for the list of bans<input type="text" maxLength={200} value={reason} onInput={e => set_reason(e.currentTarget.value)} /></label>
							<div class="bar"><button class="danger">Ban {name}</button><button type="button" onClick={() => set_sure(false)}>Keep {name}</button></div>
						</form>
					) : <button class="danger" onClick={() => set_sure(true)}>Ban…</button>}
				</div>
			</dialog>
		</>
	);
}

/** Who is banned, for those who may let them in again. */
export function Bans({ mesh }: { mesh: Mesh }) {
	const [bans, set_bans] = useState<Ban[]>();
	const [error, set_error] = useState("");
	const ask = async (type?: string, fields: object = {}) => {
		try {
			if (type)
				await mesh.request(type, fields);
			set_bans((await mesh.request("list_bans")).bans as Ban[]);
			set_error("");
			void mesh.refresh();
		} catch (e) {
			set_error(said(e));
		}
	};
	return (
		<details onToggle={e => e.currentTarget.open && void ask()}>
			<summary>Banned members</summary>
			{error ? <p class="error" role="alert">{error}</p> : null}
			{bans?.length === 0 ? <p class="muted">Nobody is banned.</p> : null}
			<ul class="plain-list bans">
				{bans?.map(b => (
					<li key={b.pubkey} class="item">
						<span class="grow">{b.name} <span class="muted small">{b.pubkey.slice(0, 16)}… · {[`since ${new Date(b.revokedAt).toLocaleString()}`, b.bannedBy && `by ${b.bannedBy}`, b.reason].filter(Boolean).join(" · ")}</span></span>
						<button onClick={() => void ask("unban", { target: b.pubkey })} aria-label={`Unban ${b.name}`}>Unban</button>
					</li>
				))}
			</ul>
		</details>
	);
}
