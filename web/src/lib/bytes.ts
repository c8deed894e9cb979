// Bytes and texts, strict: a text decodes only if encoding the result gives it again.

export type Bytes = Uint8Array<ArrayBuffer>;

const text_encoder = new TextEncoder();
const text_decoder = new TextDecoder("utf-8", { fatal: true });

export function utf8(text: string): Bytes {
	return text_encoder.encode(text) as Bytes;
}

/** Throws on what is not UTF-8. */
export function from_utf8(bytes: Uint8Array): string {
	return text_decoder.decode(bytes);
}

export function hex(bytes: Uint8Array): string {
	let out = "";
	for (const b of bytes)
		out += b.toString(16).padStart(2, "0");
	return out;
}

/** Lower case only, as keys are written. */
export function from_hex(text: string): Bytes {
	if (text.length % 2 || !/^[0-9a-f]*$/.test(text))
		throw new Error("not lower-case hex");
	const out = new Uint8Array(text.length / 2);
	for (let i = 0; i < out.length; i++)
		out[i] = parseInt(text.slice(2 * i, 2 * i + 2), 16);
	return out;
}

export function base64(bytes: Uint8Array): string {
	let raw = "";
	for (let i = 0; i < bytes.length; i += 0x8000)
		raw += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
	return btoa(raw);
}

export function from_base64(text: string): Bytes {
	if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4)
		throw new Error("not base64");
	const raw = atob(text);
	const out = new Uint8Array(raw.length);
	for (let i = 0; i < raw.length; i++)
		out[i] = raw.charCodeAt(i);
	if (base64(out) !== text)
		throw new Error("not strict base64");
	return out;
}

export function base64url(bytes: Uint8Array): string {
	return base64(bytes).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

export function from_base64url(text: string): Bytes {
	if (!/^[A-Za-z0-9_-]*$/.test(text))
		throw new Error("not base64url");
	const padded = text.replace(/-/g, "+").replace(/_/g, "/") + "=".repeat((4 - (text.length % 4)) % 4);
	return from_base64(padded);
}

export function concat(...parts: Uint8Array[]): Bytes {
	const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
	let at = 0;
	for (const p of parts) {
		out.set(p, at);
		at += p.length;
	}
	return out;
}

export function same(a: Uint8Array, b: Uint8Array): boolean {
	return a.length === b.length && a.every((x, i) => x === b[i]);
}
