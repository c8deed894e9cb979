// What views look at: something that says when it has changed, at most once a frame.
import { useEffect, useReducer } from "preact/hooks";

export class Store {
	/** counts changes, for effects that depend on them */
	version = 0;
	private watchers = new Set<() => void>();
	private queued = false;

	watch(fn: () => void): () => void {
		this.watchers.add(fn);
		return () => this.watchers.delete(fn);
	}

	changed(): void {
		this.version++;
		if (this.queued)
			return;
		this.queued = true;
		queueMicrotask(() => {
			this.queued = false;
			for (const fn of [...this.watchers])
				fn();
		});
	}
}

/** Draws again whenever one of the stores changes. */
export function use_store(...stores: (Store | undefined)[]): void {
	const [, again] = useReducer((n: number) => n + 1, 0);
	useEffect(() => {
		const off = stores.map(s => s?.watch(() => again(undefined as never)));
		again(undefined as never);
		return () => off.forEach(f => f?.());
	}, stores);
}
