// Who is in the mesh: what they do and how they can be reached.
import type { Mesh, Peer, Person } from "../lib/mesh";
import { href } from "../lib/route";
import { Bans, may_moderate, Moderate } from "./moderate";
import { Avatar, Empty, Head, reach_text, Trouble } from "./parts";

export function People({ mesh }: { mesh: Mesh }) {
	const people = mesh.people();
	const online = people.filter(p => p.online).length;
	return (
		<>
			<Head mesh={mesh} title="People" sub={`${online} of ${people.length} online`} />
			<Trouble mesh={mesh} />
			<div class="scroll" tabIndex={0} role="region" aria-label="Content">
				<ul class="people column">
					{people.map(p => <PersonRow key={p.key} mesh={mesh} person={p} />)}
				</ul>
				{may_moderate(mesh) ? <div class="column"><Bans mesh={mesh} /></div> : null}
				{mesh.loaded && people.length === 1 ? <Empty title="You are alone here"><p>Invite somebody: <code>claudemesh share</code></p></Empty> : null}
			</div>
		</>
	);
}

function status_of(p: Person): "dnd" | "working" | "idle" {
	return p.peers.some(x => x.status === "dnd") ? "dnd" : p.peers.some(x => x.status === "working") ? "working" : "idle";
}

function PersonRow({ mesh, person }: { mesh: Mesh; person: Person }) {
	const { member, peers } = person;
	const summary = peers.find(p => p.summary)?.summary;
	const groups = [...new Set(peers.flatMap(p => p.groups.map(g => g.name)))];
	const status = status_of(person);
	return (
		<li class="person">
			<Avatar name={member.displayName} id={person.key} online={person.online} size={40} />
			<div class="grow">
				<p class="person-name">
					<strong>{member.displayName}</strong>
					{person.is_self ? <span class="tag">you</span> : null}
					{member.owner ? <span class="tag">owner</span> : member.role === "admin" ? <span class="tag">admin</span> : null}
					{person.online && status !== "idle" ? <span class={`tag ${status}`}>{status === "dnd" ? "do not disturb" : status}</span> : null}
					{member.verified ? null : <span class="tag warn" title="The owner's signature does not prove this membership.">unverified</span>}
				</p>
				{summary ? <p>{summary}</p> : null}
				<p class="muted small">{[reach_text(person), ...groups.map(g => `@${g}`)].join(" · ")}</p>
				{peers.length > 1 || peers.some(p => p.peerRole === "session") ? <ul class="sessions">{peers.map(p => <Session key={p.sessionId + p.pubkey} peer={p} />)}</ul> : null}
			</div>
			{may_moderate(mesh, person) ? <Moderate mesh={mesh} person={person} /> : null}
			{person.is_self ? null : <a class="button" href={href(mesh.id.slug, "d", person.key)} aria-label={`Write to ${member.displayName}`}>Write</a>}
		</li>
	);
}

function Session({ peer }: { peer: Peer }) {
	const what = peer.channel === "claudemesh-web" ? "a browser" : [peer.displayName, peer.model, peer.cwd.split("/").pop(), peer.hostname && `on ${peer.hostname}`].filter(Boolean).join(" · ");
	return <li class="muted small">{what}{peer.status === "idle" ? "" : ` (${peer.status})`}</li>;
}
