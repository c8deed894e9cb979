// What the tests use of node, so that the page itself is not checked against node's globals.
declare module "node:test" {
	export default function test(name: string, run: () => void | Promise<void>): void;
}
declare module "node:assert/strict" {
	const assert: {
		(value: unknown, message?: string): asserts value;
		equal(actual: unknown, expected: unknown, message?: string): void;
		deepEqual(actual: unknown, expected: unknown, message?: string): void;
		notEqual(actual: unknown, expected: unknown, message?: string): void;
		throws(run: () => unknown, expected?: RegExp): void;
		rejects(run: Promise<unknown> | (() => Promise<unknown>), expected?: RegExp): Promise<void>;
	};
	export default assert;
}
declare module "node:fs" {
	export function readFileSync(path: string | URL, encoding: "utf8"): string;
}
