// What happened while the page was open.
import type { Mesh } from "../lib/mesh";
import { at_clock, at_full } from "../lib/time";
import { Empty, Head, Trouble } from "./parts";

export function Activity({ mesh }: { mesh: Mesh }) {
	return (
		<>
			<Head mesh={mesh} title="Activity" sub="Since this page was opened" />
			<Trouble mesh={mesh} />
			<div class="scroll" tabIndex={0} role="region" aria-label="Content">
				{mesh.activity.length ? (
					<ol class="activity column">
						{mesh.activity.map((a, i) => (
							<li key={`${a.at_ms} ${i}`}>
								<time class="muted small" dateTime={new Date(a.at_ms).toISOString()} title={at_full(a.at_ms)}>{at_clock(a.at_ms)}</time>
								<span class={`spot ${a.kind}`} aria-hidden="true" />
								<span><strong>{a.who}</strong> {a.what}</span>
							</li>
						))}
					</ol>
				) : <Empty title="Quiet so far"><p>Who comes, goes and writes appears here.</p></Empty>}
			</div>
		</>
	);
}
