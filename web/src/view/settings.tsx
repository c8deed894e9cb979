// This browser as a device, and the person's others.
import { useState } from "preact/hooks";
import type { App } from "../lib/app";
import type { Mesh } from "../lib/mesh";
import { Grants } from "./grants";
import { OwnerKey, use_owner } from "./owner";
import { Head, Trouble } from "./parts";

export function Settings({ app, mesh }: { app: App; mesh: Mesh }) {
	const [error, set_error] = useState("");
	const keys = use_owner(mesh), is_device = mesh.id.of_id !== mesh.id.member_id;
	const self = mesh.people().find(p => p.is_self);
	const remove = async (id: string, label: string) => {
		if (!confirm(`Remove “${label}”? It can read and write nothing more on ${mesh.id.name}.`))
			return;
		await mesh.request("device_remove", { memberId: id }).then(() => mesh.refresh_soon(), e => set_error(String(e.message)));
	};
	return (
		<>
			<Head mesh={mesh} title="This browser" sub={is_device ? `A device of ${mesh.id.of_name} on ${mesh.id.name}` : `${mesh.id.of_name} on ${mesh.id.name}`} />
			<Trouble mesh={mesh} />
			<div class="scroll" tabIndex={0} role="region" aria-label="Content">
				<div class="column">
					<dl>
						<dt>Your key's fingerprint</dt><dd><code>{mesh.id.of_pubkey.slice(0, 16)}</code></dd>
						<dt>This browser's key</dt><dd><code>{mesh.id.pubkey.slice(0, 16)}</code></dd>
						<dt>Owner of the mesh</dt><dd><code>{mesh.id.owner_pubkey.slice(0, 16) || "not pinned"}</code></dd>
					</dl>
					{keys ? <OwnerKey keys={keys} /> : null}
					<h2>Devices of {mesh.id.of_name}</h2>
					{is_device || self?.devices.length ? null : <p class="muted">None but this browser.</p>}
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
					<p>Removes {is_device ? "this device from the mesh and everything of it" : `everything of ${mesh.id.name}`} from this browser, direct messages included: the broker has no copy of them.
						{is_device ? null : <strong> Your key goes with it, and there is no other: you cannot come back as {mesh.id.of_name}.</strong>}</p>
					<button class="danger" onClick={() => confirm(`Sign out of ${mesh.id.name}?${keys ? " The owner's key goes, too: it is lost unless you saved a backup." : ""}`) && void app.sign_out(mesh)}>Sign out of {mesh.id.name}</button>
				</div>
			</div>
		</>
	);
}
