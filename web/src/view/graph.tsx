// Who talks to whom: people and topics on a circle, lines as thick as the talk. Numbers only.
import type { Mesh } from "../lib/mesh";
import { Empty, Head, Trouble } from "./parts";

const SIZE = 640, RADIUS = 230, NODES_MAX = 24, LABEL_MAX = 14;

interface Node {
	key: string;
	name: string;
	online: boolean;
	x: number;
	y: number;
}

function place(mesh: Mesh): Node[] {
	const keys = new Set<string>();
	for (const pair of mesh.traffic.keys())
		for (const key of pair.split(" "))
			keys.add(key);
	for (const p of mesh.people())
		if (p.online)
			keys.add(p.key);
	const all = [...keys].slice(0, NODES_MAX);
	return all.map((key, i) => {
		const angle = (2 * Math.PI * i) / all.length - Math.PI / 2;
		const person = mesh.person(key);
		return { key, name: key.startsWith("#") ? key : mesh.name_of(key), online: person?.online ?? true, x: SIZE / 2 + RADIUS * Math.cos(angle), y: SIZE / 2 + RADIUS * Math.sin(angle) };
	});
}

export function Graph({ mesh }: { mesh: Mesh }) {
	const nodes = place(mesh), at = new Map(nodes.map(n => [n.key, n]));
	const most = Math.max(1, ...mesh.traffic.values());
	const rows = [...mesh.traffic].map(([pair, n]) => ({ from: pair.split(" ")[0]!, to: pair.split(" ")[1]!, n })).sort((a, b) => b.n - a.n);
	const name = (key: string) => key.startsWith("#") ? key : mesh.name_of(key);
	return (
		<>
			<Head mesh={mesh} title="Who talks to whom" sub="Messages that this browser has seen since it was opened; numbers only" />
			<Trouble mesh={mesh} />
			<div class="scroll" tabIndex={0} role="region" aria-label="Content">
				{nodes.length ? (
					<div class="column wide">
						<svg class="graph" viewBox={`0 0 ${SIZE} ${SIZE}`} role="img" aria-label={`${nodes.length} people and topics, ${rows.length} lines between them; the table has the numbers`}>
							{rows.map(r => {
								const a = at.get(r.from), b = at.get(r.to);
								if (!a || !b || a === b)
									return null;
								const bend = `Q ${SIZE / 2 + (a.x + b.x - SIZE) / 6} ${SIZE / 2 + (a.y + b.y - SIZE) / 6}`;
								return <path key={r.from + r.to} class="edge" d={`M ${a.x} ${a.y} ${bend} ${b.x} ${b.y}`} stroke-width={1.5 + (5 * r.n) / most} />;
							})}
							{nodes.map(n => (
								<g key={n.key} class={`node ${n.key.startsWith("#") ? "topic" : n.online ? "on" : ""}`}>
									<circle cx={n.x} cy={n.y} r={22} />
									<text class="initial" x={n.x} y={n.y + 6}>{n.key.startsWith("#") ? "#" : ([...n.name][0] ?? "?").toUpperCase()}</text>
									<text class="label" x={n.x} y={n.y + 42}>{n.name.length > LABEL_MAX ? `${n.name.slice(0, LABEL_MAX - 1)}…` : n.name}</text>
								</g>
							))}
						</svg>
						{rows.length ? (
							<table>
								<thead><tr><th scope="col">From</th><th scope="col">To</th><th scope="col" class="num">Messages</th></tr></thead>
								<tbody>{rows.map(r => <tr key={r.from + r.to}><td>{name(r.from)}</td><td>{name(r.to)}</td><td class="num">{r.n}</td></tr>)}</tbody>
							</table>
						) : <p class="muted center">No messages yet.</p>}
					</div>
				) : <Empty title="Nobody is here yet" />}
			</div>
		</>
	);
}
