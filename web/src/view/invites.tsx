// Inviting. Where the mesh was made in this browser the owner's key is here and signs. Elsewhere it never comes to a
// browser: an invite made here has no secret, and who joins by it is unverified until the owner confirms the key; a
// signed link can be pasted, to show it.
import { useEffect, useRef, useState } from "preact/hooks";
import { said } from "../lib/link";
import type { Mesh } from "../lib/mesh";
import { type OwnerKeys, signed_invite } from "../lib/owner";
import { use_owner } from "./owner";
import { Empty, Head, Trouble } from "./parts";

interface Invite {
	id: string;
	code: string;
	url: string;
	state: string;
	role: string;
	max_uses: number;
	uses: number;
	expires_at: string;
	proves: boolean;
	made_by?: string;
	email?: string;
	mail?: string;
}

interface Made { code: string; url: string; expires_at: string; emailed: boolean; email: string; proves: boolean }

const MADE_MS = 15000; // the first try to mail it takes up to ten seconds
const mail_words: Record<string, string> = { waiting: "being mailed", sent: "mailed", failed: "could not be mailed" };

export function Invites({ mesh }: { mesh: Mesh }) {
	const [invites, set_invites] = useState<Invite[]>();
	const [made, set_made] = useState<Made>();
	const [error, set_error] = useState("");
	const keys = use_owner(mesh);
	const may = mesh.role !== "member" || Boolean(invites);
	const load = async () => {
		try {
			set_invites((await mesh.request("invite_list")).invites as Invite[]);
			set_error("");
		} catch (e) {
			if (mesh.role !== "member")
				set_error(said(e));
		}
	};
	useEffect(() => {
		if (mesh.state === "ready")
			void load();
	}, [mesh.state]);
	const revoke = async (i: Invite) => {
		if (!confirm(`Revoke ${i.code}? Nobody can join by it any more; who did stays.`))
			return;
		await mesh.request("invite_revoke", { invite: i.id }).catch(e => set_error(said(e)));
		await load();
	};
	return (
		<>
			<Head mesh={mesh} title="Invites" sub={`To ${mesh.id.name}`} />
			<Trouble mesh={mesh} />
			<div class="scroll" tabIndex={0} role="region" aria-label="Content">
				<div class="column">
					{may ? <Create mesh={mesh} keys={keys} done={m => {
						set_made(m);
						void load();
					}} /> : null}
					{error ? <p class="strip bad" role="alert">{error}</p> : null}
					{made ? <Result made={made} done={() => set_made(undefined)} /> : null}
					{invites && !invites.length ? <Empty title="No open invites" /> : null}
					{invites?.length ? <Table invites={invites} revoke={i => void revoke(i)} /> : null}
					{keys ? <p class="muted">Invites that are made here are signed with the owner's key, which is in this browser.</p> : <Signed slug={mesh.id.slug} />}
				</div>
			</div>
		</>
	);
}

function Create({ mesh, keys, done }: { mesh: Mesh; keys: OwnerKeys | undefined; done: (made: Made) => void }) {
	const [email, set_email] = useState("");
	const [role, set_role] = useState("member");
	const [uses, set_uses] = useState("1");
	const [days, set_days] = useState("7");
	const [busy, set_busy] = useState(false);
	const [error, set_error] = useState("");
	const create = async (e: Event) => {
		e.preventDefault();
		set_busy(true);
		try {
			const expires_at = Math.floor(Date.now() / 1000) + Number(days) * 86400;
			const made = keys
				? await signed_invite(keys, role, Number(uses), expires_at, email)
				: await mesh.request("invite_make", { role, max_uses: Number(uses), expires_at, ...(email ? { email } : {}) }, MADE_MS);
			set_error("");
			set_email("");
			done({ ...(made as unknown as Made), email, proves: Boolean(keys) });
		} catch (x) {
			set_error(said(x));
		}
		set_busy(false);
	};
	return (
		<form class="bar" onSubmit={create}>
			<label class="grow">Mail it to<input type="email" maxLength={254} value={email} onInput={e => set_email(e.currentTarget.value)} placeholder="nobody" /></label>
			<label>As<select value={role} onChange={e => set_role(e.currentTarget.value)}><option value="member">member</option><option value="admin">admin</option></select></label>
			<label>For<select value={uses} onChange={e => set_uses(e.currentTarget.value)}><option value="1">one person</option><option value="5">5 people</option><option value="25">25 people</option><option value="100">100 people</option></select></label>
			<label>Good for<select value={days} onChange={e => set_days(e.currentTarget.value)}><option value="1">a day</option><option value="7">7 days</option><option value="30">30 days</option></select></label>
			<button class="primary" disabled={busy}>{busy ? "Inviting…" : "Invite"}</button>
			{error ? <p class="error" role="alert">{error}</p> : null}
		</form>
	);
}

function Result({ made, done }: { made: Made; done: () => void }) {
	return (
		<div class="card secret" role="status">
			{made.email ? <p><strong>{made.emailed ? `Mailed to ${made.email}.` : `Not mailed to ${made.email} yet. Send the link yourself, or look again: it may still go out.`}</strong></p> : null}
			<p><code>{made.url}</code></p>
			<p class="muted small">Until {new Date(made.expires_at).toLocaleString()}. {made.proves
				? <>Signed with the owner's key. What follows ‘#’ is its secret, which the broker never sees: send it over a channel you trust.{made.email ? " The mailed link has no secret." : ""}</>
				: <>Who joins by it is unverified until the owner runs <code>claudemesh verify NAME --confirm</code>.</>}</p>
			<Qr text={made.url} />
			<div class="row"><button onClick={() => void navigator.clipboard.writeText(made.url)}>Copy link</button><button onClick={done}>Done</button></div>
		</div>
	);
}

function Table({ invites, revoke }: { invites: Invite[]; revoke: (i: Invite) => void }) {
	return (
		<div class="table-wrap" tabIndex={0} role="region" aria-label="Open invites"><table>
			<thead><tr><th scope="col">Code</th><th scope="col">To</th><th scope="col">As</th><th scope="col">Used</th><th scope="col">Until</th><th scope="col"><span class="hidden">Revoke</span></th></tr></thead>
			<tbody>{invites.map(i => (
				<tr key={i.id}>
					<td><code>{i.code}</code>{i.made_by ? <><br /><span class="muted small">by {i.made_by}</span></> : null}</td>
					<td>{i.email ? <>{i.email}<br /><span class="muted small">{mail_words[i.mail ?? ""] ?? "not mailed"}</span></> : "whoever has the link"}</td>
					<td>{i.role}</td>
					<td>{i.uses} of {i.max_uses}</td>
					<td>{new Date(i.expires_at).toLocaleDateString()}</td>
					<td><button class="danger" onClick={() => revoke(i)} aria-label={`Revoke ${i.code}`}>Revoke</button></td>
				</tr>
			))}</tbody>
		</table></div>
	);
}

function Signed({ slug }: { slug: string }) {
	const [link, set_link] = useState("");
	const good = /^(https?:\/\/[^\s#]+\/i\/[A-Za-z0-9_-]+#[A-Za-z0-9_-]{20,})$/.test(link.trim());
	return (
		<>
			<p>A link that proves who joins is signed with the owner's key, which stays on the owner's machine. Make it there:</p>
			<pre><code>claudemesh share --mesh {slug}</code></pre>
			<label>Paste the link to show it as a QR code<input type="text" inputMode="url" autocomplete="off" spellcheck={false} value={link} onInput={e => set_link(e.currentTarget.value)} placeholder="http://…/i/CODE#…" /></label>
			{link && !good ? <p class="error" role="alert">This is not a whole invite link: it has a part behind ‘#’.</p> : null}
			{good ? <Qr text={link.trim()} /> : null}
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
