// The part of a conversation that is drawn: it moves with the reader, and stays still while lines come.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Line } from "./message";

const NEAR_PX = 80;
/* Lines that are drawn at once, and by how many that window moves. */
const DRAWN = 300, STEP = 100;

interface Source {
	/** there are older lines than the first of those */
	more: boolean;
	older(): Promise<void>;
	/** the newest line is in sight */
	read(): void;
}

/** found: the lines, oldest first; searching: the newest of them are drawn, and no older ones fetched */
export function use_window(found: Line[], searching: boolean, c: Source) {
	const box = useRef<HTMLDivElement>(null);
	const at_end = useRef(true);
	/* What stays where it is when lines come or go above it. */
	const anchor = useRef<{ id: string; top: number }>();
	const loading = useRef(false);
	/* The last line that is drawn; undefined: the newest. */
	const [last, set_last] = useState<string>();
	const at = last === undefined || searching ? -1 : found.findIndex(l => l.id === last);
	const end = at < 0 ? found.length : at + 1;
	const start = Math.max(0, end - DRAWN);
	const shown = found.slice(start, end);

	useLayoutEffect(() => {
		const el = box.current!, kept = anchor.current && document.getElementById(anchor.current.id);
		if (at_end.current && at < 0)
			el.scrollTop = el.scrollHeight;
		else if (kept)
			el.scrollTop += kept.getBoundingClientRect().top - anchor.current!.top;
		anchor.current = undefined;
	}, [shown[0]?.id, shown[shown.length - 1]?.id, searching, shown.length]);
	useEffect(() => {
		if (at_end.current && !document.hidden)
			c.read();
	});
	useEffect(() => {
		const on = () => !document.hidden && at_end.current && c.read();
		document.addEventListener("visibilitychange", on);
		return () => document.removeEventListener("visibilitychange", on);
	});
	const hold = () => {
		const top = box.current!.getBoundingClientRect().top;
		const seen = [...box.current!.querySelectorAll(".message")].find(m => m.getBoundingClientRect().bottom > top);
		anchor.current = seen && { id: seen.id, top: seen.getBoundingClientRect().top };
	};
	const earlier = async () => {
		if (loading.current || searching)
			return;
		at_end.current = false;
		hold();
		if (start) {
			set_last(found[Math.max(DRAWN, end - STEP) - 1]!.id);
			return;
		}
		loading.current = true;
		await c.older().catch(() => undefined);
		loading.current = false;
	};
	/* Where nothing moved because the window was full, it moves now. */
	useEffect(() => {
		if (start && box.current!.scrollTop < NEAR_PX && !at_end.current)
			void earlier();
	}, [start > 0, shown[0]?.id]);
	const scrolled = () => {
		const el = box.current!, left = el.scrollHeight - el.scrollTop - el.clientHeight;
		at_end.current = left < NEAR_PX && at < 0;
		if (at_end.current)
			c.read();
		if (el.scrollTop < NEAR_PX && (start || c.more)) {
			void earlier();
		} else if (left < NEAR_PX && at >= 0) {
			hold();
			set_last(found[end - 1 + STEP]?.id);
		}
	};
	const to_end = () => {
		at_end.current = true;
		set_last(undefined);
		requestAnimationFrame(() => box.current?.scrollTo(0, box.current.scrollHeight));
	};
	return { box, shown, start, at_newest: at < 0, earlier, scrolled, to_end };
}
