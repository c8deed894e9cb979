// Counts over time as bars, with the whole of it in words.
import type { Count } from "../lib/traffic";
import { at_clock } from "../lib/time";

const WIDTH = 480, HEIGHT = 72, GAP = 2;

export function Bars({ counts, label }: { counts: Count[]; label: string }) {
	const most = Math.max(1, ...counts.map(c => c.n)), total = counts.reduce((n, c) => n + c.n, 0);
	const step = WIDTH / Math.max(1, counts.length), first = counts[0], middle = counts[counts.length >> 1];
	return (
		<figure class="bars">
			<figcaption><strong>{total}</strong> <span class="muted">{total === 1 ? "message" : "messages"} {label}</span></figcaption>
			<svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={`${total} messages ${label}; at most ${most} in one bar`}>
				{counts.map((c, i) => {
					const high = c.n ? Math.max(3, (HEIGHT - 2) * c.n / most) : 1;
					return <rect key={c.at} class={c.n ? "bar-on" : "bar-off"} x={i * step + GAP / 2} y={HEIGHT - high} width={step - GAP} height={high}><title>{`${at_clock(Date.parse(c.at))}: ${c.n}`}</title></rect>;
				})}
			</svg>
			<p class="axis muted small" aria-hidden="true"><span>{first ? at_clock(Date.parse(first.at)) : ""}</span><span>{middle ? at_clock(Date.parse(middle.at)) : ""}</span><span>now</span></p>
		</figure>
	);
}

/** One of two. */
export function Period({ day, set_day }: { day: boolean; set_day(d: boolean): void }) {
	return (
		<div class="switch" role="group" aria-label="Period">
			<button aria-pressed={!day} onClick={() => set_day(false)}>Hour</button>
			<button aria-pressed={day} onClick={() => set_day(true)}>Day</button>
		</div>
	);
}
