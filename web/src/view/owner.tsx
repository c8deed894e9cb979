// A mesh that is made here: the form, and the owner's key, which lies in this browser alone.
import { useEffect, useState } from "preact/hooks";
import type { Account } from "../lib/account";
import type { App } from "../lib/app";
import { said } from "../lib/link";
import type { Mesh } from "../lib/mesh";
import { type OwnerKeys, owner_keys } from "../lib/owner";

const DOWNLOAD_MS = 60000;

/** Of the mesh, if it was made in this browser. */
export function use_owner(mesh: Mesh): OwnerKeys | undefined {
	const [keys, set_keys] = useState<OwnerKeys>();
	const { mesh_id } = mesh.id;
	useEffect(() => void owner_keys(mesh_id).then(set_keys, () => set_keys(undefined)), [mesh_id]);
	return keys?.mesh_id === mesh_id ? keys : undefined;
}

function save(keys: OwnerKeys): void {
	const link = document.createElement("a");
	link.href = URL.createObjectURL(new Blob([`${JSON.stringify(keys, null, 2)}\n`], { type: "application/json" }));
	link.download = `${keys.mesh_id}.json`;
	link.click();
	setTimeout(() => URL.revokeObjectURL(link.href), DOWNLOAD_MS);
}

export function NewMesh({ app, account }: { app: App; account: Account }) {
	const [name, set_name] = useState("");
	const [who, set_who] = useState(account.profile!.display_name);
	const [backup, set_backup] = useState(true);
	const [busy, set_busy] = useState(false);
	const [error, set_error] = useState("");
	const make = async (e: Event) => {
		e.preventDefault();
		set_busy(true);
		set_error("");
		try {
			const id = await account.make_mesh(name.trim(), who.trim());
			const keys = backup ? await owner_keys(id.mesh_id) : undefined;
			if (keys)
				save(keys);
			await app.add(id);
		} catch (x) {
			set_error(said(x));
			set_busy(false);
		}
	};
	return (
		<>
			<h2 id="new-mesh">New mesh</h2>
			<form class="card" aria-labelledby="new-mesh" onSubmit={make}>
				<label>Name of the mesh<input required maxLength={64} autocomplete="off" value={name} onInput={e => set_name(e.currentTarget.value)} /></label>
				<label>Your name there<input required maxLength={64} value={who} onInput={e => set_who(e.currentTarget.value)} /></label>
				<p>The owner's key, which signs who is let in, is made here and is then <strong>in this browser only</strong>. The broker has no copy. Whoever clears this browser's data without a backup loses it: the mesh goes on, but no new invite can prove itself.</p>
				<p class="muted small">This page comes from the broker. If you do not trust who runs it, make the mesh with <code>claudemesh create</code>.</p>
				<label class="check"><input type="checkbox" checked={backup} onChange={e => set_backup(e.currentTarget.checked)} /> Save a backup of the key as a file</label>
				{error ? <p class="error" role="alert">{error}</p> : null}
				<div class="row"><button class="primary" disabled={busy}>{busy ? "Making it…" : "Make the mesh"}</button></div>
			</form>
		</>
	);
}

export function OwnerKey({ keys }: { keys: OwnerKeys }) {
	return (
		<>
			<h2>The owner's key</h2>
			<p>You made this mesh here. The owner's key is in this browser only: save a file of it and keep that as you keep a password. <code>claudemesh</code> reads it as <code class="wrap">keys/{keys.mesh_id}.json</code> in its directory.</p>
			<button onClick={() => save(keys)}>Save a backup</button>
		</>
	);
}
