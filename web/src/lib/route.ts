// Where one is: #/, #/mentions, #/m/SLUG, #/m/SLUG/t/TOPIC, #/m/SLUG/d/KEY, #/m/SLUG/people ...
import { useEffect, useState } from "preact/hooks";

export interface Route {
	/** a screen of no mesh */
	top?: "mentions";
	slug?: string;
	page?: string;
	item?: string;
}

export function parse(hash: string): Route {
	const parts = hash.replace(/^#\/?/, "").split("/");
	let [m, slug, page, item] = parts;
	try {
		slug = slug && decodeURIComponent(slug);
		item = item && decodeURIComponent(item);
	} catch {
		return {};
	}
	if (m === "mentions")
		return { top: m };
	if (m !== "m" || !slug)
		return {};
	return { slug, ...(page ? { page } : {}), ...(item ? { item } : {}) };
}

export function href(slug?: string, page?: string, item?: string): string {
	if (!slug)
		return "#/";
	return `#/m/${encodeURIComponent(slug)}${page ? `/${page}` : ""}${item ? `/${encodeURIComponent(item)}` : ""}`;
}

/** A page of the account, beside all meshes: /cli-auth, /token, #/account. */
export type Place = "cli-auth" | "token" | "account";

export function account_place(): Place | undefined {
	const last = location.pathname.split("/").pop();
	if (last === "cli-auth" || last === "token")
		return last;
	return location.hash === "#/account" ? "account" : undefined;
}

export function use_route(): Route {
	const [route, set] = useState(() => parse(location.hash));
	useEffect(() => {
		const on = () => set(parse(location.hash));
		addEventListener("hashchange", on);
		return () => removeEventListener("hashchange", on);
	}, []);
	return route;
}
