// Whom a text calls by "@name", as src/client/mentions.c finds them.
const MAX = 16;

export function mentions_of(text: string): string[] {
	const found = new Set<string>();
	for (const m of text.matchAll(/(?<![A-Za-z0-9_-])@([A-Za-z0-9_-]{1,64})(?![A-Za-z0-9_-])/g))
		if (found.size < MAX)
			found.add(m[1]!.toLowerCase());
	return [...found];
}
