// All meshes at a glance, or one.
import type { App } from "../lib/app";
import type { Mesh } from "../lib/mesh";
import { href } from "../lib/route";
import { ago } from "../lib/time";
import { Badge, Trouble } from "./parts";

export function Home({ app, mesh }: { app: App; mesh: Mesh | undefined }) {
	const shown = mesh ? [mesh] : app.meshes;
	return (
		<div class="scroll" tabIndex={0} role="region" aria-label="Content">
			<div class="column">
				{app.error ? <p class="strip bad" role="alert">{app.error}</p> : null}
				<h1>{mesh ? mesh.id.name : "Your meshes"}</h1>
				{mesh ? <Trouble mesh={mesh} /> : null}
				<div class="cards">{shown.map(m => <Card key={m.id.mesh_id} mesh={m} />)}</div>
				{mesh ? null : <p><a class="button" href="#/account">New mesh</a></p>}
			</div>
		</div>
	);
}

function Card({ mesh }: { mesh: Mesh }) {
	const { slug, name, of_name } = mesh.id;
	const online = mesh.people().filter(p => p.online).length;
	const topics = mesh.topics.list.filter(t => t.role).sort((a, b) => b.unread - a.unread || (b.lastMessageAt ?? "").localeCompare(a.lastMessageAt ?? "")).slice(0, 5);
	return (
		<article class="card">
			<header class="card-head">
				<h2><a href={href(slug, mesh.topics.there ? "t" : "people", mesh.topics.there ? "general" : undefined)}>{name}</a></h2>
				<Badge n={mesh.unread} />
			</header>
			<p class="muted">You are {of_name} here. {mesh.loaded ? `${online} of ${mesh.people().length} people online.` : mesh.state === "final" ? mesh.why : "Connecting…"}</p>
			{topics.length ? (
				<ul class="plain-list">
					{topics.map(t => (
						<li key={t.id}><a class="item" href={href(slug, "t", mesh.topics.address(t))}><span class="hash" aria-hidden="true">#</span><span class="grow">{t.name}</span>
							<span class="muted small">{t.lastMessageAt ? ago(Date.parse(t.lastMessageAt)) : ""}</span><Badge n={t.unread} /></a></li>
					))}
				</ul>
			) : null}
			{mesh.correspondents.length ? (
				<ul class="plain-list">
					{mesh.correspondents.slice(0, 4).map(c => (
						<li key={c.peer}><a class="item" href={href(slug, "d", c.peer)}><span class="hash" aria-hidden="true">@</span><span class="grow">{mesh.name_of(c.peer)}</span>
							<span class="muted small">{ago(c.last.at_ms)}</span><Badge n={c.unread} /></a></li>
					))}
				</ul>
			) : null}
		</article>
	);
}
