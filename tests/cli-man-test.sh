#!/bin/sh
# cli-man-test.sh CLAUDEMESH SOURCE - the manual: made from the table, without a complaint of
# mandoc, and with every variable that the sources read. TAP on stdout.
set -u
claudemesh=$1
source=$2
. "$(dirname "$0")/cli-lib.sh"
trap 'rm -rf "$work"' EXIT
export HOME="$work"

is 0 'the pages are those of the table' "$source/tools/gen-cli" "$claudemesh" --check
if command -v mandoc >/dev/null; then
	is 0 'mandoc -Tlint is content' mandoc -Tlint "$source/man/claudemesh.1"
	[ ! -s "$out" ] && verdict ok '  and silent' || verdict no '  and silent'
	is 0 'of the page of the broker, too' mandoc -Tlint -Wwarning "$source/man/claudemesh-broker.8"
else
	verdict ok 'mandoc -Tlint # SKIP mandoc is not installed'
fi
grep -rhoE 'getenv\("(CLAUDEMESH|NO_COLOR|SSL_CERT)[A-Z_]*"\)' "$source/src/cli" "$source/src/client" "$source/src/daemon" \
	"$source/src/mcp" "$source/src/net" 2>/dev/null | sed 's/getenv("//; s/")//' | sort -u >"$work/names"
is 0 'help of the environment' "$claudemesh" help environment
while read -r name; do
	grep -qF "$name" "$out" && verdict ok "  $name is documented" || verdict no "  $name is not documented"
done <"$work/names"
is 0 'the statuses' "$claudemesh" help exit-codes
says 'not delivered in time (send --wait)'
is 0 'as JSON' "$claudemesh" help exit-codes --json
one_document
is 3 'no such page' "$claudemesh" help exit-kodes
echo "1..$count"
