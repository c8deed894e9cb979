// API keys: for programs without a key pair.
import { useEffect, useState } from "preact/hooks";
import type { Mesh } from "../lib/mesh";
import { Empty, Head, Trouble } from "./parts";

interface Entry {
	id: string;
	label: string;
	prefix: string;
	capabilities: string[];
	topicScopes: string[] | null;
	createdAt: string;
	lastUsedAt: string | null;
	revokedAt: string | null;
	expiresAt: string | null;
	issuerName: string;
}

function day(iso: string | null): string {
	return iso ? new Date(iso).toLocaleDateString() : "never";
}

export function Keys({ mesh }: { mesh: Mesh }) {
	const [keys, set_keys] = useState<Entry[]>();
	const [secret, set_secret] = useState("");
	const [error, set_error] = useState("");
	const load = async () => {
		try {
			set_keys((await mesh.request("apikey_list")).keys as Entry[]);
			set_error("");
		} catch (e) {
			set_error(e instanceof Error ? e.message : String(e));
		}
	};
	useEffect(() => {
		if (mesh.state === "ready")
			void load();
	}, [mesh.state]);
	const revoke = async (k: Entry) => {
		if (!confirm(`Revoke “${k.label}”? Whatever uses it stops working at once.`))
			return;
		await mesh.request("apikey_revoke", { id: k.id }).catch(e => set_error(String(e.message)));
		await load();
	};
	const live = keys?.filter(k => !k.revokedAt) ?? [];
	return (
		<>
			<Head mesh={mesh} title="API keys" sub="For programs that post and read over REST" />
			<Trouble mesh={mesh} />
			<div class="scroll" tabIndex={0} role="region" aria-label="Content">
				<div class="column">
					<Create mesh={mesh} done={s => {
						set_secret(s);
						void load();
					}} />
					{error ? <p class="strip bad" role="alert">{error}</p> : null}
					{secret ? (
						<div class="card secret" role="status">
							<p><strong>The key itself. It is never shown again.</strong></p>
							<pre><code>{secret}</code></pre>
							<div class="row"><button onClick={() => void navigator.clipboard.writeText(secret)}>Copy</button><button onClick={() => set_secret("")}>Done</button></div>
						</div>
					) : null}
					{keys && !live.length ? <Empty title="No keys" /> : null}
					{live.length ? (
						<div class="table-wrap" tabIndex={0} role="region" aria-label="API keys"><table>
							<thead><tr><th scope="col">Label</th><th scope="col">Key</th><th scope="col">May</th><th scope="col">Last used</th><th scope="col">Ends</th><th scope="col"><span class="hidden">Revoke</span></th></tr></thead>
							<tbody>{live.map(k => (
								<tr key={k.id}>
									<td>{k.label}<br /><span class="muted small">by {k.issuerName}</span></td>
									<td><code>{k.prefix}…</code></td>
									<td>{k.capabilities.join(", ")}{k.topicScopes ? ` in ${k.topicScopes.map(t => `#${t}`).join(", ")}` : ""}</td>
									<td>{day(k.lastUsedAt)}</td>
									<td>{day(k.expiresAt)}</td>
									<td><button class="danger" onClick={() => void revoke(k)} aria-label={`Revoke ${k.label}`}>Revoke</button></td>
								</tr>
							))}</tbody>
						</table></div>
					) : null}
				</div>
			</div>
		</>
	);
}

function Create({ mesh, done }: { mesh: Mesh; done: (secret: string) => void }) {
	const [label, set_label] = useState("");
	const [days, set_days] = useState("90");
	const [error, set_error] = useState("");
	const create = async (e: Event) => {
		e.preventDefault();
		try {
			const made = await mesh.request("apikey_create", {
				label, capabilities: ["send", "read"],
				...(days ? { expiresAt: new Date(Date.now() + Number(days) * 86400000).toISOString() } : {}),
			});
			set_label("");
			set_error("");
			done(String(made.secret));
		} catch (x) {
			set_error(x instanceof Error ? x.message : String(x));
		}
	};
	return (
		<form class="bar" onSubmit={create}>
			<label class="grow">What it is for<input required maxLength={64} value={label} onInput={e => set_label(e.currentTarget.value)} placeholder="deploy script" /></label>
			<label>Good for<select value={days} onChange={e => set_days(e.currentTarget.value)}>
				<option value="1">a day</option><option value="30">30 days</option><option value="90">90 days</option><option value="">ever</option>
			</select></label>
			<button class="primary">Create key</button>
			{error ? <p class="error" role="alert">{error}</p> : null}
		</form>
	);
}
