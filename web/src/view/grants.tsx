// What others may do to you, and what was kept from you for that. Nobody else sees it.
import { useEffect, useState } from "preact/hooks";
import { said } from "../lib/link";
import type { Mesh } from "../lib/mesh";

interface Dropped {
	pubkey: string;
	name?: string;
	capability: string;
	count: number;
	lastAt: string;
}

interface State {
	grants: Record<string, string[]>;
	defaults: string[];
	dropped: Dropped[];
}

const CHOICES = [
	{ value: "", label: "Block: nothing reaches you" },
	{ value: "dm", label: "Direct messages only" },
	{ value: "broadcast", label: "Groups and topics only" },
];

/** Everything that everybody may, but of these two only one. */
function caps_of(choice: string, defaults: string[]): string[] {
	return choice ? defaults.filter(c => c === choice || (c !== "dm" && c !== "broadcast")) : [];
}

function words(caps: string[]): string {
	return caps.length ? caps.join(", ") : "blocked";
}

function kept(dropped: Dropped[]): string {
	const count = dropped.reduce((sum, d) => sum + d.count, 0);
	const last = dropped.reduce((newest, d) => d.lastAt > newest ? d.lastAt : newest, "");
	return count ? `${count} ${count === 1 ? "message was" : "messages were"} kept from you, the last on ${new Date(last).toLocaleString()}` : "";
}

export function Grants({ mesh }: { mesh: Mesh }) {
	const [state, set_state] = useState<State>();
	const [error, set_error] = useState("");
	const [who, set_who] = useState("");
	const [choice, set_choice] = useState("");
	const ask = async (type: string, fields: object = {}) => {
		try {
			set_state(await mesh.request(type, fields) as unknown as State);
			set_error("");
		} catch (e) {
			set_error(said(e));
		}
	};
	useEffect(() => {
		if (mesh.state === "ready")
			void ask("grants_get");
	}, [mesh.state]);
	const entries = Object.entries(state?.grants ?? {});
	const others = mesh.people().filter(p => !p.is_self && !state?.grants[p.key]);
	const add = async (e: Event) => {
		e.preventDefault();
		await ask("grants_set", { grants: { [who]: caps_of(choice, state?.defaults ?? []) } });
		set_who("");
	};
	return (
		<>
			<h2>What others may do to you</h2>
			<p>Everybody may write to you and reach you in groups and topics. Who may not is not told: to them it looks as if you did not read it.</p>
			<ul class="plain-list">
				{entries.map(([key, caps]) => {
					const dropped = kept(state?.dropped.filter(d => d.pubkey === key) ?? []);
					return (
						<li key={key} class="item">
							<span class="grow">{mesh.name_of(key)} <span class="tag">{words(caps)}</span>{dropped ? <><br /><span class="muted small">{dropped}</span></> : null}</span>
							<button onClick={() => void ask("grants_set", { grants: { [key]: null } })} aria-label={`As everybody: ${mesh.name_of(key)}`}>As everybody</button>
						</li>
					);
				})}
			</ul>
			<form class="bar" onSubmit={e => void add(e)}>
				<label class="grow">Person<select required value={who} onChange={e => set_who(e.currentTarget.value)}>
					<option value="">Choose…</option>
					{others.map(p => <option key={p.key} value={p.key}>{p.member.displayName}</option>)}
				</select></label>
				<label class="grow">May<select value={choice} onChange={e => set_choice(e.currentTarget.value)}>
					{CHOICES.map(c => <option key={c.value} value={c.value}>{c.label}</option>)}
				</select></label>
				<button class="primary">Set</button>
			</form>
			{error ? <p class="error" role="alert">{error}</p> : null}
		</>
	);
}
