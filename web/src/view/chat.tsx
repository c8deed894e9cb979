// A conversation: of a topic, or direct.
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import * as db from "../lib/db";
import type { Mesh } from "../lib/mesh";
import { href } from "../lib/route";
import { use_store } from "../lib/store";
import type { Room } from "../lib/topics";
import { Composer } from "./composer";
import { Members } from "./members";
import { type Line, Message } from "./message";
import { Empty, Head, reach_text, Trouble } from "./parts";

const PAGE = 100, NEAR_PX = 80, GROUP_MS = 300000;

interface Conversation {
	mesh: Mesh;
	title: string;
	sub: string;
	notice?: string;
	blocked?: string;
	lines: Line[];
	/** line before which the unread begin */
	first_unread?: string | undefined;
	more: boolean;
	names: string[];
	placeholder: string;
	tools?: ComponentChildren;
	older(): Promise<void>;
	send(text: string, reply_to?: string): Promise<void>;
	again(id: string): void;
	read(): void;
}

export function TopicChat({ mesh, name }: { mesh: Mesh; name: string }) {
	const [room, set_room] = useState<Room>();
	const [error, set_error] = useState("");
	const entry = mesh.topics.find(name);
	use_store(mesh, mesh.topics, room);
	useEffect(() => {
		if (!entry || mesh.state !== "ready" || !mesh.loaded)
			return;
		const r = mesh.topics.room(entry);
		set_room(r);
		r.open().then(() => set_error(""), e => set_error(e instanceof Error ? e.message : String(e)));
	}, [entry?.id, mesh.state, mesh.loaded]);
	const lines = useMemo(() => (room?.posts ?? []).map((p): Line => {
		const key = mesh.person_key(p.sender_key);
		const parent = p.reply_to ? room?.get(p.reply_to) : undefined;
		return {
			id: p.id, name: p.name, key, mine: key === mesh.own_key, text: p.text, at_ms: p.at_ms,
			...(p.unreadable ? { trouble: p.unreadable } : {}), ...(p.error ? { trouble: p.error } : {}), ...(p.state ? { state: p.state } : {}),
			...(p.reply_to ? { reply: parent ? { name: parent.name, text: parent.text, id: parent.id } : { name: "", text: "an earlier message", id: p.reply_to } } : {}),
			open: !p.encrypted, verified: mesh.members.some(m => m.pubkey === p.sender_key && m.verified),
		};
	}), [room?.posts, mesh.members]);
	if (!entry)
		return <><Head mesh={mesh} title={`#${name}`} /><Trouble mesh={mesh} />{mesh.loaded && mesh.topics.list.length ? <Empty title="There is no such topic"><p>Or it is not for you.</p></Empty> : null}</>;
	const first = room ? room.posts.find(p => p.seq > room.unread_after && mesh.person_key(p.sender_key) !== mesh.own_key)?.id : undefined;
	const leave = async () => {
		if (!confirm(`Leave #${entry.name}?`))
			return;
		await room?.leave();
		location.hash = href(mesh.id.slug, "people");
	};
	const people = entry.memberCount === 1 ? "1 member" : `${entry.memberCount} members`;
	const plain = entry.plaintext || entry.epoch === 0;
	return <Chat c={{
		mesh, title: `#${entry.name}`, sub: [people, entry.visibility === "public" ? "" : entry.visibility, entry.description ?? ""].filter(Boolean).join(" · "),
		notice: error || (plain ? "Not encrypted: whoever runs the broker can read this topic." : ""),
		blocked: room?.blocked ?? "", lines, first_unread: first, more: room?.more ?? false,
		names: [...new Set((room?.members ?? []).map(m => m.displayName))], placeholder: `Write to #${entry.name}`,
		tools: room ? <Members mesh={mesh} room={room} leave={leave} /> : null,
		older: async () => room?.older(), send: async (text, reply) => room?.post(text, reply),
		again: id => {
			const post = room?.posts.find(p => p.id === id);
			if (post)
				void room?.push_out(post);
		},
		read: () => void room?.mark_read(),
	}} />;
}

export function DirectChat({ mesh, peer }: { mesh: Mesh; peer: string }) {
	const [messages, set_messages] = useState<db.DirectMessage[]>();
	const [count, set_count] = useState(PAGE);
	const [first, set_first] = useState<string>();
	const loaded = !!messages;
	use_store(mesh);
	useEffect(() => {
		void db.conversation(mesh.id.mesh_id, peer, Infinity, count).then(all => {
			set_messages(all);
			set_first(f => f ?? all.find(m => !m.mine && !m.read)?.id);
		});
	}, [mesh.correspondents, count, peer]);
	const person = mesh.person(peer), name = mesh.name_of(peer), multicast = peer === "*" || peer.startsWith("@");
	const lines = (messages ?? []).map((m): Line => ({
		id: m.id, name: m.mine ? mesh.id.of_name : m.from ?? name, key: m.mine ? mesh.own_key : peer, mine: m.mine, text: m.text, at_ms: m.at_ms,
		...(m.error ? { trouble: m.error } : {}), ...(m.mine && m.state ? { state: m.state } : {}), verified: m.mine || m.verified, open: multicast,
	}));
	return <Chat c={{
		mesh, title: name, sub: person ? reach_text(person) : multicast ? "Whoever is online" : "", lines, first_unread: first,
		notice: multicast ? "Not encrypted: messages to groups and to everyone can be read by whoever runs the broker." : person && !person.member.verified ? `That this is ${name} could not be proved: compare safety numbers with 'claudemesh verify'.` : "",
		more: lines.length >= count, names: [], placeholder: `Write to ${name}`,
		older: async () => set_count(n => n + PAGE), send: async (text, reply) => mesh.send_direct(peer, text, reply),
		again: id => {
			const m = messages?.find(x => x.id === id);
			if (m)
				void mesh.push_out({ ...m, state: "sending" });
		},
		/* Not before it is known which are new. */
		read: () => void (loaded && mesh.read(peer)),
	}} />;
}

function Chat({ c }: { c: Conversation }) {
	const box = useRef<HTMLDivElement>(null);
	const at_end = useRef(true);
	const height = useRef(0);
	const [reply, set_reply] = useState<Line>();
	const [search, set_search] = useState<string>();
	const [loading, set_loading] = useState(false);
	const wanted = search?.trim().toLowerCase() ?? "";
	const shown = wanted ? c.lines.filter(l => l.text.toLowerCase().includes(wanted) || l.name.toLowerCase().includes(wanted)) : c.lines;
	const newest = c.lines[c.lines.length - 1]?.id, oldest = c.lines[0]?.id;

	/* New lines keep the end in view; older ones keep what is in view where it is. */
	useLayoutEffect(() => {
		const el = box.current;
		if (!el)
			return;
		if (at_end.current)
			el.scrollTop = el.scrollHeight;
		else if (height.current)
			el.scrollTop += el.scrollHeight - height.current;
		height.current = 0;
	}, [newest, oldest, wanted, c.lines.length]);
	useEffect(() => {
		if (at_end.current && !document.hidden)
			c.read();
	});
	useEffect(() => {
		const on = () => !document.hidden && at_end.current && c.read();
		document.addEventListener("visibilitychange", on);
		return () => document.removeEventListener("visibilitychange", on);
	});
	const scrolled = async () => {
		const el = box.current!;
		at_end.current = el.scrollHeight - el.scrollTop - el.clientHeight < NEAR_PX;
		if (at_end.current)
			c.read();
		if (el.scrollTop < NEAR_PX && c.more && !loading && !wanted) {
			set_loading(true);
			height.current = el.scrollHeight;
			await c.older().catch(() => undefined);
			set_loading(false);
		}
	};
	const send = async (text: string) => {
		const to = reply?.id;
		at_end.current = true;
		set_reply(undefined);
		await c.send(text, to);
	};
	return (
		<>
			<Head mesh={c.mesh} title={c.title} sub={c.sub}>
				{c.tools}
				{search === undefined ? <button class="quiet" onClick={() => set_search("")} aria-label="Search in this conversation">Search</button> : (
					<label class="search"><span class="hidden">Search in what is decrypted</span>
						<input type="search" autoFocus placeholder="Search what is loaded" value={search} onInput={e => set_search(e.currentTarget.value)} onKeyDown={e => e.key === "Escape" && set_search(undefined)} />
					</label>
				)}
			</Head>
			<Trouble mesh={c.mesh} />
			{c.notice ? <p class="strip" role="status">{c.notice}</p> : null}
			<div class="scroll chat" ref={box} onScroll={() => void scrolled()} tabIndex={0} role="log" aria-label={`Messages of ${c.title}`}>
				<div class="column">
					{!c.lines.length ? <Empty title={c.mesh.loaded ? "Nothing here yet" : ""}>{c.mesh.loaded ? <p>Say the first word.</p> : null}</Empty> : null}
					{wanted ? <p class="muted center" role="status">{shown.length === 1 ? "1 message" : `${shown.length} messages`} with “{search}”</p> : null}
					{!wanted && c.more && c.lines.length ? <p class="center"><button class="quiet" disabled={loading} onClick={() => {
						height.current = box.current!.scrollHeight;
						at_end.current = false;
						void c.older();
					}}>{loading ? "Loading…" : "Older messages"}</button></p> : null}
					{shown.map((l, i) => {
						const before = shown[i - 1];
						return <Message key={l.id} line={l} before_ms={before?.at_ms} follows={!!before && !l.reply && before.key === l.key && before.name === l.name && l.at_ms - before.at_ms < GROUP_MS && l.id !== c.first_unread}
							unread={l.id === c.first_unread && !wanted} own_name={c.mesh.id.of_name} on_reply={set_reply} on_again={c.again} />;
					})}
				</div>
			</div>
			<Composer placeholder={c.placeholder} blocked={c.mesh.state === "final" ? c.mesh.why : c.blocked ?? ""} names={c.names} reply={reply} drop_reply={() => set_reply(undefined)} send={send} />
		</>
	);
}
