// The frame: signing in, the list at the side, the screen that is open.
import { Fragment } from "preact";
import { useEffect } from "preact/hooks";
import type { App } from "../lib/app";
import { account_place, type Route, use_route } from "../lib/route";
import { use_store } from "../lib/store";
import { AccountPage } from "./account";
import { Home } from "./home";
import { Mentions } from "./mentions";
import { screens } from "./screens";
import { Sidebar } from "./sidebar";
import { Broken, Offered, Welcome } from "./signin";

export function Page({ app }: { app: App }) {
	const route = use_route();
	use_store(app);
	useEffect(() => {
		document.title = app.unread ? `(${app.unread}) claudemesh` : "claudemesh";
	}, [app.unread]);
	const place = account_place();
	if (place && app.screen !== "broken")
		return <AccountPage app={app} place={place} />;
	switch (app.screen) {
	case "loading":
	case "adding":
		return <main class="alone" aria-busy="true"><p class="muted">One moment…</p></main>;
	case "broken":
		return <Broken why={app.error} />;
	case "welcome":
		return <Welcome error={app.error} />;
	case "offer":
		return <Offered app={app} />;
	default:
		return <Signed app={app} route={route} />;
	}
}

function Signed({ app, route }: { app: App; route: Route }) {
	const mesh = app.meshes.find(m => m.id.slug === route.slug), screen = screens.find(s => s.page === route.page);
	return (
		<div class="app" data-pane={route.page || route.top ? "content" : "list"}>
			<a class="skip" href="#content" onClick={e => {
				e.preventDefault();
				document.getElementById("content")?.focus();
			}}>Skip to content</a>
			<Sidebar app={app} mesh={mesh} route={route} />
			<main id="content" tabIndex={-1} class="content">
				{route.top === "mentions" ? <Mentions app={app} /> : mesh && screen ? <Fragment key={`${mesh.id.mesh_id} ${screen.page}`}>{screen.draw({ app, mesh, item: route.item })}</Fragment> : <Home app={app} mesh={mesh} />}
			</main>
		</div>
	);
}
