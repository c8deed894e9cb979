// Who is in a topic; its leads add and remove.
import { useRef, useState } from "preact/hooks";
import type { Mesh } from "../lib/mesh";
import type { Room } from "../lib/topics";
import { Avatar } from "./parts";

const roles = ["lead", "member", "observer"];

export function Members({ mesh, room, leave }: { mesh: Mesh; room: Room; leave(): Promise<void> }) {
	const box = useRef<HTMLDialogElement>(null);
	const [error, set_error] = useState("");
	const people = room.members.filter(m => !m.deviceOf && !m.revoked);
	const may = room.entry.visibility !== "dm" && (room.entry.role === "lead" || mesh.role === "admin");
	const inside = new Set(people.map(m => m.memberId));
	const others = mesh.people().filter(p => !inside.has(p.member.memberId));
	const act = async (what: Promise<void>) => {
		try {
			await what;
			set_error("");
		} catch (e) {
			set_error(e instanceof Error ? e.message : String(e));
		}
	};
	return (
		<>
			<button class="quiet" onClick={() => {
				void act(room.load_members());
				box.current?.showModal();
			}}>Members</button>
			<dialog ref={box} aria-label={`Members of #${room.entry.name}`} onClick={e => e.target === box.current && box.current?.close()}>
				<div class="sheet">
					<header class="card-head"><h2>#{room.entry.name}</h2><button class="quiet" onClick={() => box.current?.close()} aria-label="Close">✕</button></header>
					{error ? <p class="error" role="alert">{error}</p> : null}
					{may ? <p class="muted small">A lead adds, removes and gives roles; an observer reads. Who is removed does not come back by itself, and the next message is under a new key.</p> : null}
					<ul>
						{people.map(m => (
							<li class="member" key={m.memberId}>
								<Avatar name={m.displayName} id={m.pubkey} online={mesh.person(m.pubkey)?.online ?? false} size={28} />
								<span class="grow">{m.displayName}{m.role === "member" || (may && m.pubkey !== mesh.own_key) ? null : <span class="tag">{m.role}</span>}
									{room.entry.epoch && !m.keyed ? <span class="tag" title="Nobody has sealed the topic's key to this member yet.">no key yet</span> : null}</span>
								{may && m.pubkey !== mesh.own_key ? (
									<select value={m.role} aria-label={`Role of ${m.displayName}`} onChange={e => void act(room.set_role(m.memberId, e.currentTarget.value))}>
										{roles.map(r => <option key={r} value={r}>{r}</option>)}
									</select>
								) : null}
								{may && m.pubkey !== mesh.own_key ? <button class="quiet danger" onClick={() => void act(room.remove_member(m.memberId))} aria-label={`Remove ${m.displayName}`}>Remove</button> : null}
							</li>
						))}
						{may ? others.map(p => (
							<li class="member" key={p.key}>
								<Avatar name={p.member.displayName} id={p.key} online={p.online} size={28} />
								<span class="grow muted">{p.member.displayName}</span>
								<button class="quiet" onClick={() => void act(room.add_member(p.member.memberId))} aria-label={`Add ${p.member.displayName}`}>Add</button>
							</li>
						)) : null}
					</ul>
					<button class="danger" onClick={() => {
						box.current?.close();
						void act(leave());
					}}>Leave this topic</button>
				</div>
			</dialog>
		</>
	);
}
