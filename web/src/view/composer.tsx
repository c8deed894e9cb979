// Where one writes: Enter sends, Shift+Enter is a new line, '@' offers names.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Line } from "./message";

const OFFERED_MAX = 8, TEXT_MAX = 40000;

interface Props {
	placeholder: string;
	blocked: string;
	names: string[];
	reply: Line | undefined;
	drop_reply(): void;
	send(text: string): Promise<void>;
}

export function Composer({ placeholder, blocked, names, reply, drop_reply, send }: Props) {
	const box = useRef<HTMLTextAreaElement>(null);
	const [text, set_text] = useState("");
	const [typed, set_typed] = useState<string>();
	const [chosen, set_chosen] = useState(0);
	const offered = typed === undefined ? [] : names.filter(n => n.toLowerCase().startsWith(typed.toLowerCase()) && n.toLowerCase() !== typed.toLowerCase()).slice(0, OFFERED_MAX);

	useLayoutEffect(() => {
		const el = box.current!;
		el.style.height = "auto";
		el.style.height = `${Math.min(el.scrollHeight, 200)}px`;
	}, [text]);
	useEffect(() => {
		if (reply)
			box.current?.focus();
	}, [reply]);

	const look = (el: HTMLTextAreaElement) => {
		const before = el.value.slice(0, el.selectionStart);
		set_typed(/(?<![A-Za-z0-9_-])@([A-Za-z0-9_-]*)$/.exec(before)?.[1]);
		set_chosen(0);
	};
	const take = (name: string) => {
		const el = box.current!, end = el.selectionStart, start = end - (typed?.length ?? 0);
		/* At once, so that the next key lands behind it. */
		el.setRangeText(`${name} `, start, end, "end");
		set_text(el.value);
		set_typed(undefined);
		el.focus();
	};
	const go = () => {
		const body = text.trim();
		if (!body || blocked)
			return;
		set_text("");
		set_typed(undefined);
		void send(body);
	};
	const key = (e: KeyboardEvent) => {
		if (offered.length && ["ArrowDown", "ArrowUp", "Tab", "Enter", "Escape"].includes(e.key)) {
			e.preventDefault();
			if (e.key === "ArrowDown" || e.key === "ArrowUp")
				set_chosen((chosen + (e.key === "ArrowDown" ? 1 : offered.length - 1)) % offered.length);
			else if (e.key === "Escape")
				set_typed(undefined);
			else
				take(offered[chosen]!);
		} else if (e.key === "Enter" && !e.shiftKey && !e.isComposing) {
			e.preventDefault();
			go();
		} else if (e.key === "Escape" && reply) {
			drop_reply();
		}
	};
	return (
		<form class="composer" onSubmit={e => {
			e.preventDefault();
			go();
		}}>
			{blocked ? <p class="strip">{blocked}</p> : null}
			{reply ? <p class="replying"><span class="grow">Replying to <strong>{reply.name}</strong>: {reply.text.slice(0, 80)}</span><button type="button" class="quiet" onClick={drop_reply} aria-label="Do not reply to it">✕</button></p> : null}
			<Offered names={offered} chosen={chosen} take={take} />
			<div class="row">
				<textarea ref={box} rows={1} maxLength={TEXT_MAX} value={text} disabled={!!blocked} placeholder={placeholder} aria-label={placeholder}
					role="combobox" aria-autocomplete="list" aria-expanded={offered.length > 0} aria-controls={offered.length ? "offered" : undefined} aria-activedescendant={offered.length ? `offered-${chosen}` : undefined}
					onInput={e => {
						set_text(e.currentTarget.value);
						look(e.currentTarget);
					}} onKeyDown={key} />
				<button class="primary send" disabled={!text.trim() || !!blocked} aria-label="Send">Send</button>
			</div>
		</form>
	);
}

function Offered({ names, chosen, take }: { names: string[]; chosen: number; take(name: string): void }) {
	if (!names.length)
		return null;
	return (
		<ul class="offered" role="listbox" id="offered" aria-label="Names">
			{names.map((n, i) => <li key={n} id={`offered-${i}`} role="option" aria-selected={i === chosen} onMouseDown={e => {
				e.preventDefault();
				take(n);
			}}>@{n}</li>)}
		</ul>
	);
}
