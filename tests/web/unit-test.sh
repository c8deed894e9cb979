#!/bin/sh
# unit-test.sh WEB WORK - the unit tests of the page's modules, WEB/test/*.test.ts, in node (TAP).
set -eu
. "$(dirname "$0")/lib.sh"
web=$1
work=$2

web_modules "$web" "$work"
rm -rf "$work/unit"
NODE_PATH=$work/node_modules esbuild "$web"/test/*.test.ts --bundle --platform=node --format=esm \
	--target=node18 --jsx=automatic --jsx-import-source=preact --outdir="$work/unit" \
	--out-extension:.js=.mjs --log-level=error \
	--banner:js='import { createRequire as cr_ } from "node:module"; import { webcrypto as wc_ } from "node:crypto";
const require = cr_(import.meta.url); globalThis.crypto ??= wc_; // Node 18 has none of its own
'
exec node --test --test-reporter=tap "$work"/unit/*.mjs
