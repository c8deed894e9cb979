// Who wrote to whom, in numbers of the broker's, and what happened in a mesh; asked for again while
// somebody looks at it, and not when the page is hidden.
import { useEffect, useRef, useState } from "preact/hooks";
import { Refused } from "./link";
import type { Mesh } from "./mesh";

const EVERY_MS = 15000, SOON_MS = 1000;

export interface Edge {
	from: string;
	to?: string;
	topicId?: string;
	topic?: string;
	group?: string;
	hour: number;
	day: number;
	lastAt: string;
}

export interface Count {
	at: string;
	n: number;
}

export interface Happening {
	at: string;
	what: string;
	memberId: string;
	displayName: string;
	topicId?: string;
	topic?: string;
}

export interface Traffic {
	since: string;
	edges: Edge[];
	hour: Count[];
	day: Count[];
	events: Happening[];
}

export function use_traffic(mesh: Mesh): { traffic?: Traffic; error: string } {
	const [traffic, set_traffic] = useState<Traffic>();
	const [error, set_error] = useState("");
	const asked_ms = useRef(-Infinity);
	useEffect(() => {
		if (mesh.state !== "ready")
			return;
		let timer = 0, over = false;
		const look = async () => {
			clearTimeout(timer);
			if (over || document.hidden)
				return;
			asked_ms.current = performance.now();
			try {
				set_traffic(await mesh.request("mesh_activity") as unknown as Traffic);
				set_error("");
			} catch (e) {
				if (e instanceof Refused)
					set_error(e.code === "unknown_message_type" ? "This broker does not count." : e.message);
			}
			if (!over)
				timer = setTimeout(() => void look(), EVERY_MS);
		};
		const on = () => void look();
		document.addEventListener("visibilitychange", on);
		/* Many come and go at once. */
		timer = setTimeout(on, Math.max(0, asked_ms.current + SOON_MS - performance.now()));
		return () => {
			over = true;
			clearTimeout(timer);
			document.removeEventListener("visibilitychange", on);
		};
	}, [mesh, mesh.state, mesh.people_version]);
	return { error, ...(traffic ? { traffic } : {}) };
}
