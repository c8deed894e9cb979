#!/bin/sh
# browser-test.sh NAME CLAUDEMESH BROKER WEB WORK - plays NAME-test.mjs: the page in Debian's
# Chromium (TAP). With SHOTS=DIR pictures of it are left there.
set -eu
here=$(dirname "$0")
. "$here/lib.sh"

if ! command -v "${CHROMIUM:-chromium}" >/dev/null; then
	echo '1..0 # SKIP chromium is not installed'
	exit 0
fi
web_modules "$4" "$5"
exec node "$here/$1-test.mjs" "$2" "$3" "$5" "${SHOTS:-}"
