// Who is signed in here: an e-mail address proved by a code. Its token is in memory, and kept as
// keys are, wrapped (db.ts). It opens nothing of a mesh: messages need this browser's own keys.
import type { Bytes } from "./bytes";
import { type Identity, keep_secret, kept_secret, set_setting, setting } from "./db";
import { browser_name } from "./device";
import { ask, Refused, said } from "./link";
import { make_mesh } from "./owner";
import { Store } from "./store";

const KEPT = "account-token", SENT_TO = "account-email";

export interface Profile {
	id: string;
	email: string;
	name: string;
	display_name: string;
	expires_at?: string;
}

export interface Session {
	id: string;
	hostname: string;
	platform: string;
	arch: string;
	kind: string;
	address: string;
	created_at: string;
	last_seen_at: string | null;
	expires_at: string;
	current?: boolean;
}

/** A program that waits to be signed in. */
export interface Waiting {
	session_id: string;
	user_code: string;
	hostname: string;
	platform: string;
	arch: string;
	address: string;
	created_at: string;
	expires_at: string;
}

export interface AccountMesh {
	id: string;
	name: string;
	slug: string;
	myRole: string;
	isOwner: boolean;
	memberCount: number;
}

export class Account extends Store {
	state: "loading" | "out" | "in" = "loading";
	profile: Profile | undefined;
	/** a code was asked for this address */
	email = "";
	/** does the broker send mail? */
	mail = true;
	error = "";
	private token = "";

	async start(): Promise<void> {
		this.email = (await setting<string>(SENT_TO).catch(() => undefined)) ?? "";
		const kept = await setting<{ wrapped: ArrayBuffer; iv: Bytes }>(KEPT).catch(() => undefined);
		this.token = kept ? await kept_secret(kept).catch(() => "") : "";
		if (this.token)
			await this.load();
		else
			this.to("out");
	}

	/** Only the broker's word that it is over ends a session; no answer does not (B12). */
	private async load(): Promise<void> {
		try {
			this.profile = await this.ask<Profile>("api/my/profile");
			this.to("in");
		} catch (e) {
			this.error = said(e);
			this.to("out");
		}
	}

	private async ask<T>(path: string, body?: unknown): Promise<T> {
		try {
			return await ask<T>(path, body, this.token);
		} catch (e) {
			if (e instanceof Refused && e.code === "invalid_or_revoked_token")
				await this.forget();
			throw e;
		}
	}

	async send_code(email: string): Promise<void> {
		await this.attempt(async () => {
			const said = await ask<{ mail: boolean }>("api/auth/email", { email });
			this.email = email;
			this.mail = said.mail;
			await set_setting(SENT_TO, email);
		});
	}

	/** A code came by other ways: from the operator, or to another device. */
	async have_code(email: string): Promise<void> {
		this.error = "";
		this.mail = true;
		this.email = email;
		await set_setting(SENT_TO, email);
		this.changed();
	}

	async enter_code(code: string): Promise<void> {
		await this.attempt(async () => {
			const made = await ask<{ token: string }>("api/auth/code", { email: this.email, code, hostname: browser_name(), platform: navigator.platform });
			this.token = made.token;
			await set_setting(KEPT, await keep_secret(made.token));
			await set_setting(SENT_TO, "");
			await this.load();
		});
	}

	async other_email(): Promise<void> {
		this.email = this.error = "";
		await set_setting(SENT_TO, "");
		this.changed();
	}

	async sign_out(): Promise<void> {
		await ask("cli/session/revoke", { token: this.token }).catch(() => undefined);
		await this.forget();
	}

	waiting(code: string): Promise<Waiting> {
		return this.ask<Waiting>(`api/my/login/${encodeURIComponent(code)}`);
	}

	decide(w: Waiting, yes: boolean): Promise<unknown> {
		return this.ask(`cli/device-code/${encodeURIComponent(w.session_id)}/${yes ? "approve" : "deny"}`, {});
	}

	async sessions(): Promise<Session[]> {
		return (await this.ask<{ sessions: Session[] }>("cli/sessions")).sessions;
	}

	end_session(id: string): Promise<unknown> {
		return this.ask(`cli/sessions/${encodeURIComponent(id)}/revoke`, {});
	}

	async meshes(): Promise<AccountMesh[]> {
		return (await this.ask<{ data: AccountMesh[] }>("api/my/meshes")).data;
	}

	make_mesh(name: string, who: string): Promise<Identity> {
		return make_mesh(name, who, body => this.ask("api/my/meshes", body));
	}

	make_token(): Promise<{ token: string; expires_at: string }> {
		return this.ask("cli/token", { hostname: "paste-token" });
	}

	async rename(name: string): Promise<void> {
		await this.attempt(async () => {
			this.profile = await this.ask<Profile>("api/my/profile", { name });
		});
	}

	private async attempt(fn: () => Promise<void>): Promise<void> {
		this.error = "";
		try {
			await fn();
		} catch (e) {
			this.error = said(e);
		}
		this.changed();
	}

	private async forget(): Promise<void> {
		this.token = "";
		this.profile = undefined;
		await set_setting(KEPT, undefined);
		this.to("out");
	}

	private to(state: "out" | "in"): void {
		this.state = state;
		this.changed();
	}
}
