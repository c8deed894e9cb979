// What happened of late: who came and went, topics, how much was written; and direct messages,
// of which only this browser knows.
import { useState } from "preact/hooks";
import type { Mesh } from "../lib/mesh";
import { href } from "../lib/route";
import { at_clock, at_full, day_name, same_day } from "../lib/time";
import { type Happening, use_traffic } from "../lib/traffic";
import { Bars, Period } from "./bars";
import { Empty, Head, Trouble } from "./parts";

interface Entry {
	at_ms: number;
	spot: string;
	who: string;
	what: string;
	topic?: { name: string; to: string };
}

const words: Record<string, string> = {
	came: "came online", went: "went offline", topic_created: "made", topic_joined: "joined", topic_left: "left", topic_removed: "was taken out of", topic_role: "has another role in",
};

function entry_of(mesh: Mesh, h: Happening): Entry {
	return {
		at_ms: Date.parse(h.at), spot: h.what === "came" ? "came" : h.topicId ? "topic" : "", who: h.displayName, what: words[h.what] ?? h.what,
		...(h.topicId ? { topic: { name: h.topic ?? "", to: href(mesh.id.slug, "t", h.topicId) } } : {}),
	};
}

export function Activity({ mesh }: { mesh: Mesh }) {
	const [day, set_day] = useState(false);
	const { traffic, error } = use_traffic(mesh);
	const own = mesh.activity.map((a): Entry => ({ at_ms: a.at_ms, spot: "wrote", who: a.who, what: a.what }));
	const all = [...(traffic?.events ?? []).map(h => entry_of(mesh, h)), ...own].sort((a, b) => b.at_ms - a.at_ms);
	return (
		<>
			<Head mesh={mesh} title="Activity" sub={traffic ? `Since ${at_clock(Date.parse(traffic.since))}` : ""}>
				<Period day={day} set_day={set_day} />
			</Head>
			<Trouble mesh={mesh} />
			<div class="scroll" tabIndex={0} role="region" aria-label="Content">
				{error ? <p class="strip bad" role="alert">{error}</p> : null}
				<div class="column">
					{traffic ? <Bars counts={day ? traffic.day : traffic.hour} label={day ? "in the last day" : "in the last hour"} /> : null}
					{all.length ? (
						<ol class="activity">
							{all.map((a, i) => (
								<li key={`${a.at_ms} ${i}`}>
									<time class="muted small" dateTime={new Date(a.at_ms).toISOString()} title={at_full(a.at_ms)}>{same_day(a.at_ms, Date.now()) ? "" : `${day_name(a.at_ms)} `}{at_clock(a.at_ms)}</time>
									<span class={`spot ${a.spot}`} aria-hidden="true" />
									<span><strong>{a.who}</strong> {a.what}{a.topic ? <> <a href={a.topic.to}>#{a.topic.name}</a></> : null}</span>
								</li>
							))}
						</ol>
					) : traffic ? <Empty title="Quiet so far"><p>Who comes, goes and writes appears here.</p></Empty> : null}
				</div>
			</div>
		</>
	);
}
