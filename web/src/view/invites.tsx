// Inviting: the owner's key, which signs invites, never comes to a browser; the link does.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Mesh } from "../lib/mesh";
import { Head, Trouble } from "./parts";

export function Invites({ mesh }: { mesh: Mesh }) {
	const [link, set_link] = useState("");
	const good = /^(https?:\/\/[^\s#]+\/i\/[A-Za-z0-9_-]+#[A-Za-z0-9_-]{20,})$/.test(link.trim());
	return (
		<>
			<Head mesh={mesh} title="Invites" sub={`To ${mesh.id.name}`} />
			<Trouble mesh={mesh} />
			<div class="scroll" tabIndex={0} role="region" aria-label="Content">
				<div class="column">
					<p>An invite is signed with the owner's key, which stays on the owner's machine. Make the link there:</p>
					<pre><code>claudemesh share --mesh {mesh.id.slug}</code></pre>
					<label>Paste the link to show it as a QR code<input type="text" inputMode="url" autocomplete="off" spellcheck={false} value={link} onInput={e => set_link(e.currentTarget.value)} placeholder="http://…/i/CODE#…" /></label>
					{link && !good ? <p class="error" role="alert">This is not a whole invite link: it has a part behind ‘#’.</p> : null}
					{good ? <Qr text={link.trim()} /> : null}
				</div>
			</div>
		</>
	);
}

function Qr({ text }: { text: string }) {
	const [rows, set_rows] = useState<boolean[][]>();
	const shown = useRef("");
	useEffect(() => {
		shown.current = text;
		void import("uqr").then(({ encode }) => {
			if (shown.current === text)
				set_rows(encode(text, { ecc: "M", border: 2 }).data);
		});
	}, [text]);
	if (!rows)
		return null;
	const d = rows.flatMap((row, y) => row.map((on, x) => (on ? `M${x} ${y}h1v1h-1z` : ""))).join("");
	return (
		<figure class="qr">
			<svg viewBox={`0 0 ${rows.length} ${rows.length}`} role="img" aria-label="QR code of the invite link" shape-rendering="crispEdges"><rect width="100%" height="100%" fill="#fff" /><path d={d} fill="#1f1e1d" /></svg>
			<figcaption class="muted">Whoever has the link can join. <button onClick={() => void navigator.clipboard.writeText(`claudemesh join '${text}'`)}>Copy as command</button></figcaption>
		</figure>
	);
}
