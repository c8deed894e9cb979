// REST beside the WebSocket: for lists that are read by pages and for what is not pushed. Each call
// carries a token that the connection was given; it is good for ten minutes and kept nowhere but here.
import { ask, Refused } from "./link";

const RENEW_MS = 540000, TRIES = 2;

export class Rest {
	#token = "";
	#until = 0;
	#coming: Promise<string> | undefined;

	/** new_token: by the connection; rejects while there is none. */
	constructor(private new_token: () => Promise<string>) {}

	async get<T>(path: string, query: Record<string, string | number> = {}): Promise<T> {
		const words = new URLSearchParams(Object.entries(query).map(([k, v]) => [k, String(v)])).toString();
		return this.call<T>("GET", words ? `${path}?${words}` : path);
	}

	async call<T>(method: string, path: string, body?: object): Promise<T> {
		for (let tries = 1; ; tries++) {
			try {
				return await ask<T>(`api/v1/${path}`, body, await this.token(), method);
			} catch (e) {
				/* A broker that was started anew asks for another. */
				if (!(e instanceof Refused) || !e.code.startsWith("api_key_") || e.status !== 401 || tries >= TRIES)
					throw e;
				this.forget();
			}
		}
	}

	forget(): void {
		this.#token = "";
		this.#until = 0;
	}

	private token(): Promise<string> {
		if (this.#token && performance.now() < this.#until)
			return Promise.resolve(this.#token);
		this.#coming ??= this.new_token().then(token => {
			this.#token = token;
			this.#until = performance.now() + RENEW_MS;
			return token;
		}).finally(() => {
			this.#coming = undefined;
		});
		return this.#coming;
	}
}
