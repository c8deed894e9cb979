#!/bin/sh
# env-vars-test.sh SOURCE - each variable that the sources read stands in docs/env-vars.md, and each
# one that stands there is read. TAP on stdout.
set -u
source=$1
page=$source/docs/env-vars.md
count=0
bad=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

verdict() {
	count=$((count + 1))
	[ "$1" = ok ] || bad=1
	echo "$([ "$1" = ok ] || echo 'not ')ok $count - $2"
}

sources=$(find "$source/src" -name '*.[ch]' ! -name '*_test.[ch]' ! -name 'test_*')
# Read by name; and by a name in a table, which has one of these beginnings.
# shellcheck disable=SC2086  # a list
{
	grep -hoE 'getenv\("[A-Z_]+"\)' $sources | grep -oE '[A-Z_]{2,}'
	grep -hoE '"(CLAUDEMESH|CLAUDE|CODEX|WATCHDOG|XDG|MCP|BROKER|NOTIFY)_[A-Z_]+"' $sources | tr -d '"'
	grep -hoE '\.(also|secret|reference) = "[A-Z_ ]+"' $sources | grep -oE '[A-Z_]{2,}'
} | sort -u >"$work/read"
while read -r name; do
	grep -qE "(\`| )$name(\`| |,)" "$page" || { verdict no "$name is read, but not in docs/env-vars.md"; continue; }
	verdict ok "$name"
done <"$work/read"
[ "$count" -gt 30 ] && verdict ok "$count variables" || verdict no "only $count variables were found"

# What is documented as read, but nowhere read, is fiction (D14). The broker's own names are made of the flags'.
grep -oE '^\| `[A-Z_]+`' "$page" | grep -oE '[A-Z_]{2,}' | grep -v '^CLAUDEMESH_BROKER_' | sort -u >"$work/told"
fiction=$(comm -13 "$work/read" "$work/told" | tr '\n' ' ')
case $fiction in
'' | 'CI ') verdict ok 'none is fiction' ;;
*) verdict no "documented, but not read: $fiction" ;;
esac
echo "1..$count"
exit $bad
