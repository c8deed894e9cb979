// The whole page: which meshes this browser is in, and what the address bar says.
import { crypto_ready } from "./crypto";
import * as db from "./db";
import { accept, look, type Offer, take_code } from "./device";
import { Mesh } from "./mesh";
import { forget_owner } from "./owner";
import { href } from "./route";
import { Store } from "./store";

export type Screen = "loading" | "welcome" | "offer" | "adding" | "home" | "broken";

export class App extends Store {
	screen: Screen = "loading";
	offer: Offer | undefined;
	error = "";
	meshes: Mesh[] = [];
	/** drawn before the keys are there */
	identities: db.Identity[] = [];

	async start(): Promise<void> {
		if (!globalThis.isSecureContext || !crypto.subtle)
			return this.fail("This page keeps keys, and a browser lets it do so only over https or on this machine (127.0.0.1). Open it by such an address.");
		addEventListener("hashchange", () => void this.on_code());
		const code = take_code();
		try {
			this.identities = await db.identities();
		} catch (e) {
			return this.fail(`This browser does not let the page keep anything: ${String(e)}`);
		}
		if (code)
			return this.look_at(code);
		this.to(this.identities.length ? "home" : "welcome");
		await this.unlock();
	}

	private async on_code(): Promise<void> {
		const code = take_code();
		if (code)
			await this.look_at(code);
	}

	private async look_at(code: string): Promise<void> {
		this.to("loading");
		try {
			this.offer = await look(code);
			const known = this.identities.find(i => i.mesh_id === this.offer?.seen.mesh_id);
			if (!known || known.of_pubkey !== this.offer.seen.member_pubkey) {
				this.to("offer");
				return;
			}
			location.hash = `#/m/${known.slug}`;
			this.to("home");
		} catch (e) {
			this.error = e instanceof Error ? e.message : String(e);
			this.to(this.identities.length ? "home" : "welcome");
		}
		await this.unlock();
	}

	async say_yes(): Promise<void> {
		if (!this.offer)
			return;
		this.to("adding");
		try {
			const id = await accept(this.offer);
			this.offer = undefined;
			this.identities = await db.identities();
			location.hash = `#/m/${id.slug}`;
			this.error = "";
			this.to("home");
		} catch (e) {
			this.error = e instanceof Error ? e.message : String(e);
			this.to(this.identities.length ? "home" : "welcome");
		}
		await this.unlock();
	}

	/** A mesh that was made here, open at #general. */
	async add(id: db.Identity): Promise<void> {
		this.identities = await db.identities();
		this.error = "";
		location.hash = href(id.slug, "t", "general");
		this.to("home");
		await this.unlock();
	}

	async say_no(): Promise<void> {
		this.offer = undefined;
		this.to(this.identities.length ? "home" : "welcome");
		await this.unlock();
	}

	/** The keys, and a connection for each. */
	private async unlock(): Promise<void> {
		if (this.identities.length)
			await crypto_ready();
		for (const id of this.identities) {
			const known = this.meshes.find(m => m.id.mesh_id === id.mesh_id);
			if (known?.id.member_id === id.member_id)
				continue;
			known?.stop();
			const mesh = new Mesh(id, await db.pair_of(id));
			mesh.watch(() => this.changed());
			this.meshes = [...this.meshes.filter(m => m !== known), mesh];
			mesh.start();
		}
		this.changed();
	}

	/** Forgets a mesh: its key here is gone, and the others are told if they can be. */
	async sign_out(mesh: Mesh): Promise<void> {
		if (mesh.id.of_id !== mesh.id.member_id)
			await mesh.request("device_remove", { memberId: mesh.id.member_id }).catch(() => undefined);
		mesh.stop();
		await db.forget_mesh(mesh.id.mesh_id);
		await forget_owner(mesh.id.mesh_id);
		this.identities = await db.identities();
		this.meshes = this.meshes.filter(m => m !== mesh);
		location.hash = "#/";
		this.to(this.identities.length ? "home" : "welcome");
	}

	get unread(): number {
		return this.meshes.reduce((n, m) => n + m.unread, 0);
	}

	private to(screen: Screen): void {
		this.screen = screen;
		this.changed();
	}

	private fail(why: string): void {
		this.error = why;
		this.to("broken");
	}
}
