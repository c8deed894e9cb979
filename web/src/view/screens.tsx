// The screens of a mesh: one row each, one file each. The list at the side has those with a title.
import type { VNode } from "preact";
import type { App } from "../lib/app";
import type { Mesh } from "../lib/mesh";
import { Activity } from "./activity";
import { DirectChat, TopicChat } from "./chat";
import { Graph } from "./graph";
import { Invites } from "./invites";
import { Keys } from "./keys";
import { People } from "./people";
import { Settings } from "./settings";

interface At {
	app: App;
	mesh: Mesh;
	/** what follows in the address: a topic, a person */
	item: string | undefined;
}

interface Screen {
	page: string;
	title?: string;
	draw(at: At): VNode;
}

export const screens: Screen[] = [
	{ page: "t", draw: ({ mesh, item }) => <TopicChat key={`${mesh.id.mesh_id} ${item}`} mesh={mesh} name={item ?? "general"} /> },
	{ page: "d", draw: ({ mesh, item }) => <DirectChat key={`${mesh.id.mesh_id} ${item}`} mesh={mesh} peer={item ?? ""} /> },
	{ page: "people", title: "People", draw: ({ mesh }) => <People mesh={mesh} /> },
	{ page: "graph", title: "Who talks to whom", draw: ({ mesh }) => <Graph mesh={mesh} /> },
	{ page: "activity", title: "Activity", draw: ({ mesh }) => <Activity mesh={mesh} /> },
	{ page: "invites", title: "Invites", draw: ({ mesh }) => <Invites mesh={mesh} /> },
	{ page: "keys", title: "API keys", draw: ({ mesh }) => <Keys mesh={mesh} /> },
	{ page: "settings", title: "This browser", draw: ({ app, mesh }) => <Settings app={app} mesh={mesh} /> },
];
