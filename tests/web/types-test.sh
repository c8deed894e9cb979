#!/bin/sh
# types-test.sh WEB WORK - the page's TypeScript holds what its types promise (TAP).
set -eu
. "$(dirname "$0")/lib.sh"
web=$1
work=$2

web_modules "$web" "$work"
mkdir -p "$work/types"
ln -sfn "$work/node_modules" "$work/types/node_modules"
rm -rf "$work/types/src" "$work/types/test"
cp -r "$web/src" "$web/test" "$web/tsconfig.json" "$work/types"
echo 1..1
if "$work/node_modules/.bin/tsc" -p "$work/types/tsconfig.json" >"$work/types/log"; then
	echo 'ok 1 - types'
else
	sed 's/^/# /' "$work/types/log"
	echo 'not ok 1 - types'
	exit 1
fi
