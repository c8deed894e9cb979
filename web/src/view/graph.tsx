// Who talks to whom: people, topics and groups on a circle, lines as thick as the talk. Numbers only.
import { useState } from "preact/hooks";
import type { Mesh } from "../lib/mesh";
import { at_clock } from "../lib/time";
import { type Edge, use_traffic } from "../lib/traffic";
import { Bars, Period } from "./bars";
import { Empty, Head, Trouble } from "./parts";

const SIZE = 640, RADIUS = 230, NODES_MAX = 24, LABEL_MAX = 14, ROWS_MAX = 100;

interface Node {
	id: string;
	name: string;
	kind: "person" | "topic" | "group";
	online: boolean;
	n: number;
	x: number;
	y: number;
}

interface Row {
	from: string;
	to: string;
	kind: Node["kind"];
	n: number;
}

function rows_of(edges: Edge[], day: boolean): Row[] {
	return edges.map((e): Row => ({
		from: e.from, to: e.to ?? (e.topicId ? `#${e.topicId}` : e.group ?? ""), kind: e.to ? "person" : e.topicId ? "topic" : "group", n: day ? e.day : e.hour,
	})).filter(r => r.n > 0).sort((a, b) => b.n - a.n);
}

function nodes_of(mesh: Mesh, edges: Edge[], rows: Row[]): Node[] {
	const names = new Map(edges.filter(e => e.topicId).map(e => [`#${e.topicId}`, `#${e.topic}`]));
	const found = new Map<string, Node>();
	const add = (id: string, kind: Node["kind"], n: number) => {
		const person = kind === "person" ? mesh.people().find(p => p.member.memberId === id) : undefined;
		const node = found.get(id) ?? { id, kind, n: 0, x: 0, y: 0, online: person?.online ?? false,
			name: person?.member.displayName ?? names.get(id) ?? (id === "*" ? "everyone" : kind === "person" ? "?" : id) };
		node.n += n;
		found.set(id, node);
	};
	for (const r of rows) {
		add(r.from, "person", r.n);
		add(r.to, r.kind, r.n);
	}
	for (const p of mesh.people())
		if (p.online)
			add(p.member.memberId, "person", 0);
	/* People together, then topics: fewer lines cross. */
	const all = [...found.values()].sort((a, b) => b.n - a.n).slice(0, NODES_MAX).sort((a, b) => a.kind.localeCompare(b.kind) || a.name.localeCompare(b.name));
	return all.map((node, i) => {
		const angle = (2 * Math.PI * i) / all.length - Math.PI / 2;
		return { ...node, x: SIZE / 2 + RADIUS * Math.cos(angle), y: SIZE / 2 + RADIUS * Math.sin(angle) };
	});
}

function Picture({ nodes, rows }: { nodes: Node[]; rows: Row[] }) {
	const at = new Map(nodes.map(n => [n.id, n])), most = Math.max(1, ...rows.map(r => r.n));
	return (
		<svg class="graph" viewBox={`0 0 ${SIZE} ${SIZE}`} role="img" aria-label={`${nodes.length} people, topics and groups, ${rows.length} lines between them; the table has the numbers`}>
			{rows.map(r => {
				const a = at.get(r.from), b = at.get(r.to);
				if (!a || !b || a === b)
					return null;
				/* There and back beside each other. */
				const side = a.id < b.id ? 14 : -14, dx = b.x - a.x, dy = b.y - a.y, far = Math.hypot(dx, dy) || 1;
				const mx = SIZE / 2 + (a.x + b.x - SIZE) / 6 - side * dy / far, my = SIZE / 2 + (a.y + b.y - SIZE) / 6 + side * dx / far;
				return <path key={`${r.from} ${r.to}`} class={`edge ${r.kind}`} d={`M ${a.x} ${a.y} Q ${mx} ${my} ${b.x} ${b.y}`} stroke-width={1.5 + (6 * r.n) / most}><title>{`${a.name} to ${b.name}: ${r.n}`}</title></path>;
			})}
			{nodes.map(n => (
				<g key={n.id} class={`node ${n.kind} ${n.online ? "on" : ""}`}>
					<circle cx={n.x} cy={n.y} r={22} />
					<text class="initial" x={n.x} y={n.y + 6}>{n.kind === "topic" ? "#" : n.kind === "group" ? (n.id === "*" ? "*" : "@") : ([...n.name][0] ?? "?").toUpperCase()}</text>
					<text class="label" x={n.x} y={n.y + 42}>{n.name.length > LABEL_MAX ? `${n.name.slice(0, LABEL_MAX - 1)}…` : n.name}</text>
				</g>
			))}
		</svg>
	);
}

export function Graph({ mesh }: { mesh: Mesh }) {
	const [day, set_day] = useState(true);
	const { traffic, error } = use_traffic(mesh);
	const rows = rows_of(traffic?.edges ?? [], day), nodes = nodes_of(mesh, traffic?.edges ?? [], rows);
	const name = (id: string) => nodes.find(n => n.id === id)?.name ?? mesh.member(id)?.displayName ?? id;
	return (
		<>
			<Head mesh={mesh} title="Who talks to whom" sub={traffic ? `Numbers only, of what you may see, since ${at_clock(Date.parse(traffic.since))}` : "Numbers only"}>
				<Period day={day} set_day={set_day} />
			</Head>
			<Trouble mesh={mesh} />
			<div class="scroll" tabIndex={0} role="region" aria-label="Content">
				{error ? <p class="strip bad" role="alert">{error}</p> : null}
				{nodes.length ? (
					<div class="column wide">
						{traffic ? <Bars counts={day ? traffic.day : traffic.hour} label={day ? "in the last day" : "in the last hour"} /> : null}
						<Picture nodes={nodes} rows={rows} />
						{rows.length ? (
							<table>
								<thead><tr><th scope="col">From</th><th scope="col">To</th><th scope="col" class="num">Messages</th></tr></thead>
								<tbody>{rows.slice(0, ROWS_MAX).map(r => <tr key={`${r.from} ${r.to}`}><td>{name(r.from)}</td><td>{name(r.to)}</td><td class="num">{r.n}</td></tr>)}</tbody>
							</table>
						) : traffic ? <p class="muted center">No messages {day ? "in the last day" : "in the last hour"}.</p> : null}
					</div>
				) : traffic ? <Empty title="Nobody is here yet" /> : null}
			</div>
		</>
	);
}
