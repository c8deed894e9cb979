// Times as people say them.
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

export function at_clock(ms: number): string {
	return clock.format(ms);
}

export function at_full(ms: number): string {
	return full.format(ms);
}

export function same_day(a: number, b: number): boolean {
	return new Date(a).toDateString() === new Date(b).toDateString();
}

export function day_name(ms: number): string {
	const now = Date.now();
	return same_day(ms, now) ? "Today" : same_day(ms, now - 86400000) ? "Yesterday" : day.format(ms);
}

export function ago(ms: number): string {
	const s = Math.max(0, (Date.now() - ms) / 1000);
	if (s < 60)
		return "now";
	if (s < 3600)
		return `${Math.floor(s / 60)} min`;
	return s < 86400 ? `${Math.floor(s / 3600)} h` : `${Math.floor(s / 86400)} d`;
}
