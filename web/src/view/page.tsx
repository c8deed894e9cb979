// The frame: signing in, the list at the side, the screen that is open.
import { useEffect } from "preact/hooks";
import type { App } from "../lib/app";
import type { Mesh } from "../lib/mesh";
import { type Route, use_route } from "../lib/route";
import { use_store } from "../lib/store";
import { Activity } from "./activity";
import { DirectChat, TopicChat } from "./chat";
import { Graph } from "./graph";
import { Home } from "./home";
import { Invites } from "./invites";
import { Keys } from "./keys";
import { People } from "./people";
import { Settings } from "./settings";
import { Sidebar } from "./sidebar";
import { Broken, Offered, Welcome } from "./signin";

export function Page({ app }: { app: App }) {
	const route = use_route();
	use_store(app);
	useEffect(() => {
		document.title = app.unread ? `(${app.unread}) claudemesh` : "claudemesh";
	}, [app.unread]);
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
	const mesh = app.meshes.find(m => m.id.slug === route.slug);
	return (
		<div class="app" data-pane={route.page ? "content" : "list"}>
			<a class="skip" href="#content" onClick={e => {
				e.preventDefault();
				document.getElementById("content")?.focus();
			}}>Skip to content</a>
			<Sidebar app={app} mesh={mesh} route={route} />
			<main id="content" tabIndex={-1} class="content">
				{mesh && route.page ? <Screen app={app} mesh={mesh} route={route} /> : <Home app={app} mesh={mesh} />}
			</main>
		</div>
	);
}

function Screen({ app, mesh, route }: { app: App; mesh: Mesh; route: Route }) {
	switch (route.page) {
	case "t": return <TopicChat key={`${mesh.id.mesh_id} ${route.item}`} mesh={mesh} name={route.item ?? "general"} />;
	case "d": return <DirectChat key={`${mesh.id.mesh_id} ${route.item}`} mesh={mesh} peer={route.item ?? ""} />;
	case "people": return <People mesh={mesh} />;
	case "graph": return <Graph mesh={mesh} />;
	case "activity": return <Activity mesh={mesh} />;
	case "invites": return <Invites mesh={mesh} />;
	case "keys": return <Keys mesh={mesh} />;
	case "settings": return <Settings app={app} mesh={mesh} />;
	default: return <Home app={app} mesh={mesh} />;
	}
}
