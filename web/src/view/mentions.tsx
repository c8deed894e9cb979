// Where one was called by name, in all meshes.
import { useEffect, useState } from "preact/hooks";
import type { App } from "../lib/app";
import { said } from "../lib/link";
import type { Mesh } from "../lib/mesh";
import type { Notice } from "../lib/notices";
import { href } from "../lib/route";
import { ago, at_full } from "../lib/time";
import { Avatar, Empty, TopHead } from "./parts";

interface Entry {
	mesh: Mesh;
	notice: Notice;
}

export function Mentions({ app }: { app: App }) {
	const [error, set_error] = useState("");
	const unopened = app.meshes.map(m => m.notices.unopened).join();
	useEffect(() => {
		for (const m of app.meshes)
			if (m.state === "ready" && m.loaded && m.topics.list.length)
				void m.notices.open();
	}, [unopened, app.meshes.map(m => `${m.state} ${m.loaded} ${m.topics.list.length}`).join()]);
	const all = app.meshes.flatMap(mesh => mesh.notices.list.map((notice): Entry => ({ mesh, notice }))).sort((a, b) => b.notice.at_ms - a.notice.at_ms);
	const unread = all.filter(e => !e.notice.read);
	const read = (entries: Entry[]) => {
		for (const mesh of new Set(entries.map(e => e.mesh)))
			mesh.notices.read(entries.filter(e => e.mesh === mesh).map(e => e.notice)).then(() => set_error(""), e => set_error(said(e)));
	};
	const trouble = error || app.meshes.map(m => m.notices.error && m.state === "ready" ? `${m.id.name}: ${m.notices.error}` : "").filter(Boolean).join(" ");
	return (
		<>
			<TopHead title="Mentions" sub={unread.length ? `${unread.length} unread` : "All read"}>
				{unread.length ? <button onClick={() => read(unread)}>Mark all as read</button> : null}
			</TopHead>
			<div class="scroll" tabIndex={0} role="region" aria-label="Content">
				{trouble ? <p class="strip bad" role="alert">{trouble}</p> : null}
				{all.length ? (
					<ul class="mentions column">
						{all.map(({ mesh, notice: n }) => (
							<li key={`${mesh.id.mesh_id} ${n.id}`}>
								<a class={n.read ? "notice" : "notice new"} href={href(mesh.id.slug, "t", n.topic_id)} onClick={() => read([{ mesh, notice: n }])}>
									<Avatar name={n.sender} id={mesh.member(n.sender_id)?.pubkey ?? n.sender_id} size={36} />
									<span class="grow">
										<span class="notice-head"><strong>{n.sender}</strong> <span class="muted small">#{n.topic}{app.meshes.length > 1 ? ` on ${mesh.id.name}` : ""}</span></span>
										<span class={n.text ? "notice-text" : "notice-text unreadable"}>{n.text ?? n.trouble ?? "…"}</span>
									</span>
									<time class="muted small" dateTime={new Date(n.at_ms).toISOString()} title={at_full(n.at_ms)}>{ago(n.at_ms)}</time>
									{n.read ? null : <span class="spot wrote"><span class="hidden">unread</span></span>}
								</a>
							</li>
						))}
					</ul>
				) : app.meshes.some(m => m.notices.loaded) ? <Empty title="Nobody has called you yet"><p>Who writes @ and your name in a topic appears here.</p></Empty> : null}
			</div>
		</>
	);
}
