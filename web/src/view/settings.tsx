// This browser as a device, and the person's others.
import { useState } from "preact/hooks";
import type { App } from "../lib/app";
import type { Mesh } from "../lib/mesh";
import { Grants } from "./grants";
import { Head, Trouble } from "./parts";

export function Settings({ app, mesh }: { app: App; mesh: Mesh }) {
	const [error, set_error] = useState("");
	const self = mesh.people().find(p => p.is_self);
	const remove = async (id: string, label: string) => {
		if (!confirm(`Remove “${label}”? It can read and write nothing more on ${mesh.id.name}.`))
			return;
		await mesh.request("device_remove", { memberId: id }).then(() => mesh.refresh_soon(), e => set_error(String(e.message)));
	};
	return (
		<>
			<Head mesh={mesh} title="This browser" sub={`A device of ${mesh.id.of_name} on ${mesh.id.name}`} />
			<Trouble mesh={mesh} />
			<div class="scroll" tabIndex={0} role="region" aria-label="Content">
				<div class="column">
					<dl>
						<dt>Your key's fingerprint</dt><dd><code>{mesh.id.of_pubkey.slice(0, 16)}</code></dd>
						<dt>This browser's key</dt><dd><code>{mesh.id.pubkey.slice(0, 16)}</code></dd>
						<dt>Owner of the mesh</dt><dd><code>{mesh.id.owner_pubkey.slice(0, 16) || "not pinned"}</code></dd>
					</dl>
					<h2>Devices of {mesh.id.of_name}</h2>
					<ul class="plain-list">
						{(self?.devices ?? []).map(d => (
							<li key={d.memberId} class="item">
								<span class="grow">{d.device?.label || "a device"}{d.memberId === mesh.id.member_id ? " (this one)" : ""}</span>
								{d.memberId === mesh.id.member_id ? null : <button class="danger" onClick={() => void remove(d.memberId, d.device?.label ?? "")}>Remove</button>}
							</li>
						))}
					</ul>
					{error ? <p class="error" role="alert">{error}</p> : null}
					<Grants mesh={mesh} />
					<h2>Sign out</h2>
					<p>Removes this device from the mesh and everything of it from this browser, direct messages included: the broker has no copy of them.</p>
					<button class="danger" onClick={() => confirm(`Sign out of ${mesh.id.name}?`) && void app.sign_out(mesh)}>Sign out of {mesh.id.name}</button>
				</div>
			</div>
		</>
	);
}
