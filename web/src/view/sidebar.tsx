// All meshes; of the open one its topics, conversations and screens.
import { useState } from "preact/hooks";
import type { App } from "../lib/app";
import type { Mesh } from "../lib/mesh";
import { href, type Route } from "../lib/route";
import { Avatar, Badge } from "./parts";
import { screens } from "./screens";

function Item({ to, current, children }: { to: string; current: boolean; children: preact.ComponentChildren }) {
	return <li><a class="item" href={to} aria-current={current ? "page" : undefined}>{children}</a></li>;
}

export function Sidebar({ app, mesh, route }: { app: App; mesh: Mesh | undefined; route: Route }) {
	return (
		<nav class="side" aria-label="Meshes">
			<p class="brand"><a href="#/">claudemesh</a></p>
			<ul>
				<Item to="#/mentions" current={route.top === "mentions"}><span class="hash" aria-hidden="true">@</span><span class="grow">Mentions</span><Badge n={app.meshes.reduce((n, m) => n + m.notices.unread, 0)} /></Item>
			</ul>
			<ul class="meshes">
				{app.identities.map(id => {
					const m = app.meshes.find(x => x.id.mesh_id === id.mesh_id);
					return (
						<li key={id.mesh_id}>
							<a class="item mesh" href={href(id.slug)} aria-current={route.slug === id.slug && !route.page ? "page" : undefined}>
								<span class={`dot ${m?.state === "ready" ? "on" : ""}`} aria-hidden="true" />
								<span class="grow">{id.name}</span>
								<Badge n={m?.unread ?? 0} />
							</a>
							{mesh && mesh.id.mesh_id === id.mesh_id ? <Inside mesh={mesh} route={route} /> : null}
						</li>
					);
				})}
			</ul>
			<p class="foot"><a class="item" href="#/account">Account</a></p>
		</nav>
	);
}

function Inside({ mesh, route }: { mesh: Mesh; route: Route }) {
	const { slug } = mesh.id;
	const known = new Set(mesh.correspondents.map(c => c.peer));
	const others = mesh.people().filter(p => !p.is_self && p.online && !known.has(p.key));
	const topics = [...mesh.topics.list].sort((a, b) => Number(b.role !== null) - Number(a.role !== null) || a.name.localeCompare(b.name));
	return (
		<div class="inside">
			{mesh.topics.there ? <>
				<h2 id="side-topics">Topics</h2>
				<ul aria-labelledby="side-topics">
					{topics.map(t => (
						<Item key={t.id} to={href(slug, "t", mesh.topics.address(t))} current={route.page === "t" && mesh.topics.find(route.item ?? "general") === t}>
							<span class="hash" aria-hidden="true">{t.visibility === "public" ? "#" : "◆"}</span>
							<span class={t.role ? "grow" : "grow muted"}>{t.name}</span>
							<Badge n={t.role ? t.unread : 0} />
						</Item>
					))}
				</ul>
				<NewTopic mesh={mesh} />
			</> : null}
			<h2 id="side-direct">Direct</h2>
			<ul aria-labelledby="side-direct">
				{mesh.correspondents.map(c => (
					<Item key={c.peer} to={href(slug, "d", c.peer)} current={route.page === "d" && route.item === c.peer}>
						<Avatar name={mesh.name_of(c.peer)} id={c.peer} online={mesh.person(c.peer)?.online ?? false} size={22} />
						<span class="grow">{mesh.name_of(c.peer)}</span>
						<Badge n={c.unread} />
					</Item>
				))}
				{others.map(p => (
					<Item key={p.key} to={href(slug, "d", p.key)} current={route.page === "d" && route.item === p.key}>
						<Avatar name={p.member.displayName} id={p.key} online={true} size={22} />
						<span class="grow">{p.member.displayName}</span>
					</Item>
				))}
			</ul>
			<h2 id="side-mesh">Mesh</h2>
			<ul aria-labelledby="side-mesh">
				{screens.map(s => s.title ? <Item key={s.page} to={href(slug, s.page)} current={route.page === s.page}>{s.title}</Item> : null)}
			</ul>
		</div>
	);
}

function NewTopic({ mesh }: { mesh: Mesh }) {
	const [open, set_open] = useState(false);
	const [name, set_name] = useState("");
	const [hidden, set_hidden] = useState(false);
	const [error, set_error] = useState("");
	if (!open)
		return <button class="quiet" onClick={() => set_open(true)}>+ New topic</button>;
	const create = async (e: Event) => {
		e.preventDefault();
		try {
			await mesh.topics.create(name.replace(/^#/, ""), "", hidden ? "private" : "public");
			set_open(false);
			set_name("");
			location.hash = href(mesh.id.slug, "t", name.replace(/^#/, ""));
		} catch (x) {
			set_error(x instanceof Error ? x.message : String(x));
		}
	};
	return (
		<form class="new-topic" onSubmit={create}>
			<label>Name of the topic
				<input autoFocus required maxLength={64} pattern="#?[A-Za-z0-9][A-Za-z0-9_.\-]*" title="letters, digits, _ - ." value={name}
					onInput={e => set_name(e.currentTarget.value)} onKeyDown={e => e.key === "Escape" && set_open(false)} />
			</label>
			<label class="check"><input type="checkbox" checked={hidden} onChange={e => set_hidden(e.currentTarget.checked)} /> only for whom I add</label>
			{error ? <p class="error" role="alert">{error}</p> : null}
			<div class="row"><button class="primary">Create</button><button type="button" onClick={() => set_open(false)}>Cancel</button></div>
		</form>
	);
}
