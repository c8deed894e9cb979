// How this browser becomes a device: the code of the address, whose it is, and, if the user says
// yes, a key of its own.
import { from_base64url } from "./bytes";
import {
	canonical, code_pair, crypto_ready, device_claim_sign, introduction_open, signature_holds, x25519_of,
} from "./crypto";
import { type Identity, new_pair, put_identity } from "./db";
import { ask } from "./link";

const CODE_LEN = 43;

interface Seen {
	mesh_id: string;
	mesh_slug: string;
	mesh_name: string;
	member_name: string;
	member_pubkey: string;
	owner_pubkey: string;
	expires_at: number;
	signature: string;
	introduction: string;
}

export interface Offer {
	code: string;
	seen: Seen;
	member_id: string;
	/** as the member's own machine has it, not the broker */
	owner_pubkey: string;
}

/** The code of the address, which is cleared: it shall be in no history. */
export function take_code(): string | undefined {
	const text = location.hash.slice(1);
	if (text.length !== CODE_LEN || !/^[A-Za-z0-9_-]+$/.test(text))
		return undefined;
	history.replaceState(null, "", location.pathname + location.search);
	return text;
}

/** Whose device would this be? Throws if the broker does not know, or says what is not so. */
export async function look(code: string): Promise<Offer> {
	await crypto_ready();
	const secret = from_base64url(code), pair = code_pair(secret);
	const seen = await ask<Seen>("api/v1/device/look", { code: pair.pubkey });
	const said = JSON.parse(introduction_open(seen.introduction, secret)) as Record<string, string>;
	const text = canonical("claudemesh-device", seen.mesh_id, seen.member_pubkey, pair.pubkey, seen.expires_at);
	if (said.mesh_id !== seen.mesh_id || said.member_pubkey !== seen.member_pubkey ||
		(said.owner_pubkey && said.owner_pubkey !== seen.owner_pubkey) ||
		!signature_holds(text, seen.signature, seen.member_pubkey))
		throw new Error("the broker says something else than your own machine; nothing was added");
	return { code, seen, member_id: said.member_id ?? "", owner_pubkey: said.owner_pubkey ?? "" };
}

export function browser_name(): string {
	const agent = navigator.userAgent;
	const names: [RegExp, string][] = [[/Edg\//, "Edge"], [/Firefox\//, "Firefox"], [/Chrom(e|ium)\//, "Chromium"],
		[/Safari\//, "Safari"]];
	const systems: [RegExp, string][] = [[/Android/, "Android"], [/iPhone|iPad/, "iOS"], [/Mac OS/, "macOS"],
		[/Windows/, "Windows"], [/Linux/, "Linux"]];
	const find = (all: [RegExp, string][], otherwise: string) => all.find(([r]) => r.test(agent))?.[1] ?? otherwise;
	return `${find(names, "A browser")} on ${find(systems, "some system")}`;
}

/** Registers a key of this browser's own; only after the user said yes. */
export async function accept(offer: Offer): Promise<Identity> {
	const { seen } = offer, code = code_pair(from_base64url(offer.code));
	const { pair, wrapped, iv } = await new_pair();
	const made = await ask<{ member_id: string }>("api/v1/device", {
		code: code.pubkey, mesh_id: seen.mesh_id, pubkey: pair.pubkey, x25519: x25519_of(pair),
		label: browser_name(), claim_signature: device_claim_sign(seen.mesh_id, code, pair),
	});
	const id: Identity = {
		mesh_id: seen.mesh_id, slug: seen.mesh_slug, name: seen.mesh_name, member_id: made.member_id,
		pubkey: pair.pubkey, of_id: offer.member_id, of_pubkey: seen.member_pubkey, of_name: seen.member_name,
		owner_pubkey: offer.owner_pubkey, wrapped, iv, added_ms: Date.now(),
	};
	await put_identity(id);
	return id;
}
