// Before anything: no device yet, or asked to become one.
import { useEffect, useRef } from "preact/hooks";
import type { App } from "../lib/app";
import { browser_name } from "../lib/device";

export function Mark() {
	return (
		<svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
			<g stroke="currentColor" stroke-width="2" fill="none"><path d="M7 25 16 7l9 18zM16 7v11M7 25l9-7 9 7" /></g>
			<g fill="currentColor"><circle cx="16" cy="7" r="4" /><circle cx="7" cy="25" r="4" /><circle cx="25" cy="25" r="4" /><circle cx="16" cy="18" r="2.5" /></g>
		</svg>
	);
}

export function Broken({ why }: { why: string }) {
	return <main class="alone"><Mark /><h1>This page cannot work here</h1><p>{why}</p></main>;
}

export function Welcome({ error }: { error: string }) {
	return (
		<main class="alone">
			<Mark />
			<h1>claudemesh</h1>
			{error ? <p class="strip bad" role="alert">{error}</p> : null}
			<p>This browser is no device of anybody yet. On the machine where you use claudemesh, run</p>
			<pre><code>claudemesh dashboard</code></pre>
			<p class="muted">It opens this page with a code that is good for a minute and works once. The page makes a key of its own, which never leaves this browser.</p>
			<p class="muted"><a href="#/account">Your account</a> lists where you are signed in, and makes a mesh in this browser.</p>
		</main>
	);
}

export function Offered({ app }: { app: App }) {
	const yes = useRef<HTMLButtonElement>(null);
	const seen = app.offer!.seen;
	useEffect(() => yes.current?.focus(), []);
	return (
		<main class="alone">
			<Mark />
			<h1>Add this browser as a device of {seen.member_name} on {seen.mesh_name}?</h1>
			<p>It gets a key of its own and then reads and writes as {seen.member_name}. Say yes only if you have just typed <code>claudemesh dashboard</code> yourself, on a browser that is yours.</p>
			<p class="muted">It will be listed as “{browser_name()}”, and can be removed at any time.</p>
			<div class="row">
				<button class="primary" ref={yes} onClick={() => void app.say_yes()}>Add this browser</button>
				<button onClick={() => void app.say_no()}>No</button>
			</div>
		</main>
	);
}
