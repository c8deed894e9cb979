#!/bin/sh
# mcp-sdk-test.sh CLAUDEMESH BROKER BUILD - the official MCP client: lists prompts and resources,
# reads a skill, is told of what another user sends and shares; a reply to from_id arrives
# although the session that it went to has ended. TAP on stdout.
set -u
claudemesh=$(realpath "$1")
broker=$2
here=$(realpath "$(dirname "$0")")
sdk=$3/mcp-sdk
. "$here/agent-lib.sh"
if ! command -v npm >/dev/null; then
	echo '1..0 # SKIP npm is not installed'
	exit 0
fi
mkdir -p "$sdk"
cp "$here/mcp-sdk/package.json" "$here/mcp-sdk/package-lock.json" "$here/mcp-sdk/client.mjs" "$sdk/"
if ! cmp -s "$sdk/package-lock.json" "$sdk/installed"; then
	(cd "$sdk" && npm ci --ignore-scripts --no-audit --no-fund) >"$work/npm" 2>&1 || {
		sed 's/^/# /' "$work/npm"
		echo '1..1'
		echo 'not ok 1 - npm ci'
		exit 1
	}
	cp "$sdk/package-lock.json" "$sdk/installed"
fi

saw() { grep -qF -- "$1" "$work/log"; }
see() { until_ok saw "$1" && verdict ok "$2" || { verdict no "$2"; sed 's/^/# /' "$work/log" "$work/sdk.err"; }; }

a_mesh
printf -- '---\ndescription: Before a release\n---\n\nRun the tests.\n' >"$work/release.md"
is 0 'bob shares a skill' as bob skill share "$work/release.md" --when-to-use 'before tagging'

mkfifo "$work/in"
(HOME="$work/alice" node "$sdk/client.mjs" "$claudemesh" <"$work/in" >"$work/log" 2>"$work/sdk.err") &
exec 3>"$work/in"
see '"server":"claudemesh"' 'the handshake'
see '"claude/channel"' '  with a channel'
see '"prompts":["release"],"resources":["skill://claudemesh/release"]' 'S29 a skill is a prompt and a resource'
see 'when_to_use: \"before tagging\"' '  with its front matter'
see 'Run the tests.' '  and its text'
see '"refused":-32602' '  one that is not there is refused'
see '"ready":true' '  ready'
is 0 'another user writes' as bob send alice 'hello'
see 'bob: hello' 'S30 the client is told'
see '"provenance":"mesh"' '  whose words they are'
is 0 'another user shares' as bob skill share "$work/release.md" --name other
see '"notification":"notifications/prompts/list_changed"' 'a changed list is announced'
from=$(sed -n 's/.*"from_id":"\([0-9a-f]*\)".*/\1/p' "$work/log" | head -n 1)
exec 3>&-
see '"closed":true' 'it ends with its input'
is 0 'S03 a reply to from_id' as alice send "$from" 'from after the session' --wait
is 0 '  arrives' as bob inbox
says 'from after the session'

echo "1..$count"
