// A conversation: of a topic, or direct.
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import * as db from "../lib/db";
import type { Mesh } from "../lib/mesh";
import { href } from "../lib/route";
import { use_store } from "../lib/store";
import type { Room } from "../lib/topics";
import { Composer } from "./composer";
import { Members } from "./members";
import { type Line, Message } from "./message";
import { Empty, Head, reach_text, Trouble } from "./parts";
import { use_window } from "./window";

const PAGE = 250, GROUP_MS = 300000;

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
	const proved = useMemo(() => mesh.proved(), [mesh.members, mesh.former]);
	const left = useMemo(() => new Set(mesh.former.map(m => m.pubkey)), [mesh.former]);
	const lines = useMemo(() => (room?.posts ?? []).map((p): Line => {
		const key = mesh.person_key(p.sender_key);
		const parent = p.reply_to ? room?.get(p.reply_to) : undefined;
		return {
			id: p.id, name: p.name, key, mine: key === mesh.own_key, text: p.text, at_ms: p.at_ms,
			...(p.unreadable ? { trouble: p.unreadable } : {}), ...(p.error ? { trouble: p.error } : {}), ...(p.state ? { state: p.state } : {}),
			...(p.reply_to ? { reply: parent ? { name: parent.name, text: parent.text, id: parent.id } : { name: "", text: "an earlier message", id: p.reply_to } } : {}),
			open: !p.encrypted, signed: p.proof === "signed", verified: p.proof === "signed" && proved.has(p.sender_key),
			...(left.has(p.sender_key) ? { left: true } : {}),
		};
	}), [room?.posts, proved, left]);
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
	const [more, set_more] = useState(false);
	const [first, set_first] = useState<string>();
	const loaded = !!messages;
	use_store(mesh);
	useEffect(() => {
		void db.conversation(mesh.id.mesh_id, peer, Infinity, PAGE).then(newest => {
			set_messages(known => merge(known ?? [], newest));
			set_more(was => loaded ? was : newest.length >= PAGE);
			set_first(f => f ?? newest.find(m => !m.mine && !m.read)?.id);
		});
	}, [mesh.correspondents, peer]);
	const older = async () => {
		const oldest = messages?.[0];
		if (!oldest)
			return;
		/* Several may be of the same millisecond: the page begins with what is known. */
		const page = await db.conversation(mesh.id.mesh_id, peer, oldest.at_ms, PAGE + 1);
		set_more(page.length > PAGE);
		set_messages(known => merge(page, known ?? []));
	};
	const person = mesh.person(peer), name = mesh.name_of(peer), multicast = peer === "*" || peer.startsWith("@");
	const lines = (messages ?? []).map((m): Line => ({
		id: m.id, name: m.mine ? mesh.id.of_name : m.from ?? name, key: m.mine ? mesh.own_key : peer, mine: m.mine, text: m.text, at_ms: m.at_ms,
		...(m.error ? { trouble: m.error } : {}), ...(m.mine && m.state ? { state: m.state } : {}), verified: m.mine || m.verified, open: multicast,
	}));
	return <Chat c={{
		mesh, title: name, sub: person ? reach_text(person) : multicast ? "Whoever is online" : "", lines, first_unread: first,
		notice: multicast ? "Not encrypted: messages to groups and to everyone can be read by whoever runs the broker." : person && !person.member.verified ? `That this is ${name} could not be proved: compare safety numbers with 'claudemesh verify'.` : "",
		more, names: [], placeholder: `Write to ${name}`,
		older, send: async (text, reply) => mesh.send_direct(peer, text, reply),
		again: id => {
			const m = messages?.find(x => x.id === id);
			if (m)
				void mesh.push_out({ ...m, state: "sending" });
		},
		/* Not before it is known which are new. */
		read: () => void (loaded && mesh.read(peer)),
	}} />;
}

/** Both, each message once: as the second list has it. */
function merge(a: db.DirectMessage[], b: db.DirectMessage[]): db.DirectMessage[] {
	const all = new Map(a.map(m => [m.id, m]));
	for (const m of b)
		all.set(m.id, m);
	return [...all.values()].sort((x, y) => x.at_ms - y.at_ms);
}

function Chat({ c }: { c: Conversation }) {
	const [reply, set_reply] = useState<Line>();
	const [search, set_search] = useState<string>();
	const wanted = search?.trim().toLowerCase() ?? "";
	const found = wanted ? c.lines.filter(l => l.text.toLowerCase().includes(wanted) || l.name.toLowerCase().includes(wanted)) : c.lines;
	const { box, shown, start, at_newest, earlier, scrolled, to_end } = use_window(found, !!wanted, c);
	const send = async (text: string) => {
		const to = reply?.id;
		to_end();
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
			<div class="scroll chat" ref={box} onScroll={scrolled} tabIndex={0} role="log" aria-label={`Messages of ${c.title}`}>
				<div class="column">
					{!c.lines.length ? <Empty title={c.mesh.loaded ? "Nothing here yet" : ""}>{c.mesh.loaded ? <p>Say the first word.</p> : null}</Empty> : null}
					{wanted ? <p class="muted center" role="status">{found.length === 1 ? "1 message" : `${found.length} messages`} with “{search}”</p> : null}
					{!wanted && (start || c.more) && c.lines.length ? <p class="center"><button class="quiet" onClick={() => void earlier()}>Older messages</button></p> : null}
					{shown.map((l, i) => {
						const before = shown[i - 1];
						return <Message key={l.id} line={l} before_ms={before?.at_ms} follows={!!before && !l.reply && before.key === l.key && before.name === l.name && before.verified === l.verified && before.signed === l.signed && before.open === l.open && l.at_ms - before.at_ms < GROUP_MS && l.id !== c.first_unread}
							unread={l.id === c.first_unread && !wanted} own_name={c.mesh.id.of_name} on_reply={set_reply} on_again={c.again} />;
					})}
				</div>
			</div>
			{at_newest ? null : <p class="newest"><button onClick={to_end}>↓ Newest</button></p>}
			<Composer placeholder={c.placeholder} blocked={c.mesh.state === "final" ? c.mesh.why : c.blocked ?? ""} names={c.names} reply={reply} drop_reply={() => set_reply(undefined)} send={send} />
		</>
	);
}
