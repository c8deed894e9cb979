#!/bin/sh
# cli-defects-test.sh CLAUDEMESH BROKER - the defects of the reference's command line
# (client.md 15), one by one: "C-NN what it should be". tests/README.md tells where the others
# are. TAP on stdout.
set -u
claudemesh=$1
broker=$2
. "$(dirname "$0")/cli-lib.sh"
trap 'kill $pid 2>/dev/null; wait $pid 2>/dev/null; rm -rf "$work"' EXIT
export HOME="$work" CLAUDEMESH_NO_DAEMON=1
mkdir -m 700 "$work/alice" "$work/bob" "$work/many"
"$broker" --listen 127.0.0.1:0 --data "$work/broker" --rate-limit 0 >"$work/log" 2>&1 &
pid=$!
i=0
until [ -s "$work/broker/broker.addr" ] || [ $((i += 1)) = 200 ]; do sleep 0.05; done
url=$(cat "$work/broker/broker.addr")
as() {
	who=$1
	shift
	CLAUDEMESH_CONFIG_DIR="$work/$who" "$claudemesh" "$@"
}
as alice create demo --broker "$url" --name alice >"$out" 2>&1
as bob join "$(as alice share --json | sed -n 's/.*"url":"\([^"]*\)".*/\1/p')" --name bob >"$out" 2>&1
as many create one --broker "$url" --name many >"$out" 2>&1
as many create two --broker "$url" --name many >"$out" 2>&1

is 0 'C-02 whoami tells no secret' as alice whoami --json
silent "$(sed -n 's/.*"secretKey": *"\([^"]*\)".*/\1/p' "$work/alice/config.json")"
silent secret

"$claudemesh" help --json | python3 -c '
import json, sys
for c in json.load(sys.stdin)["commands"]:
    for name in [c["name"]] + c["aliases"]:
        if not name.startswith("__"):
            print(name)' >"$work/names"
"$claudemesh" help >"$work/help"
while read -r name; do
	# shellcheck disable=SC2086  # a name of two words is two words
	"$claudemesh" $name --help >"$out" 2>"$err" && grep -q '^Usage' "$out" || verdict no "C-28 '$name' is reached by its name"
done <"$work/names"
verdict ok "C-28 what the help names is dispatched: $(wc -l <"$work/names") names"
is 0 'C-28 leave is there' as bob leave --help

is 0 'C-29 info takes --mesh and --json' as many info --mesh two --json
says '"slug":"two"'
sed -i 's#127.0.0.1:[0-9]*#127.0.0.1:1#' "$work/bob/config.json"
is 4 'C-29 peers --json when the only mesh fails' as bob peers --json
one_document
says '"ok":false,"error":"network"'
silent undefined
sed -i "s#127.0.0.1:1/#${url#http://}/#" "$work/bob/config.json"

is 0 'C-36 a switch eats no word' as alice send --quiet bob -y hi --json
says '"name":"bob"'
is 0 'C-36 -q is --quiet, and takes no value' as alice -q send bob hi
[ ! -s "$out" ] && verdict ok '  is quiet' || verdict no '  is quiet'
is 0 'C-36 what follows -- is text' as alice send bob -- --mesh nowhere
is 0 'C-36 --json=FIELDS' as alice peers --json=name,status
says '"name":"bob"'
is 3 'C-36 --json FIELDS is told how it is written' as alice peers --json name,status
says '"nearest":"--json=name,status"'

cp "$work/alice/config.json" "$work/before"
is 0 'C-37 whoami changes nothing' as alice whoami
cmp -s "$work/before" "$work/alice/config.json" && verdict ok '  nothing' || verdict no '  nothing'

for command in 'summary x' 'status set idle' 'visible true' 'group join @dev' 'group leave @dev' 'profile set --title x'; do
	# shellcheck disable=SC2086
	is 0 "C-39 $command waits for a reply" as alice $command --json
	says '"confirmed":true'
done

mkdir -m 700 "$work/none"
for command in 'send bob hi' inbox peers info verify listen; do
	# shellcheck disable=SC2086
	is 5 "C-40 $command without a mesh fails, as JSON too" as none $command --json
	one_document
done

for command in list whoami peers inbox info ping stats verify profile status doctor 'help send' '--version'; do
	# shellcheck disable=SC2086
	is 0 "C-41 $command has the one envelope" as alice $command --json
	one_document
	says '"ok":true}'
done

for command in 'send bob hi' share info ping stats verify profile 'summary x' 'visible true' 'group join @dev'; do
	# shellcheck disable=SC2086
	is 3 "C-44 $command with two meshes does not ask a script" as many $command --json </dev/null
	says '"matches":["one","two"]'
done
is 0 'C-44 what can be told of all is' as many peers --json
is 0 'C-44 the named one' as many peers --mesh two --json=mesh
says '{"mesh":"two"}'

key=$(as bob whoami --json | sed -n 's/.*"pubkey":"\([0-9a-f]*\)".*/\1/p')
start() { echo "$key" | cut -c "1-$1"; }
is 0 'C-47 8 digits of a key are enough' as alice send "$(start 8)" hi
is 5 'C-47 7 are not' as alice send "$(start 7)" hi
id=$(as alice send bob hi --json | sed -n 's/.*"messageId":"\([^"]*\)".*/\1/p')
is 0 'C-47 8 characters of an id are enough' as alice msg-status "$(echo "$id" | cut -c 1-8)"
is 3 'C-47 7 are not' as alice msg-status "$(echo "$id" | cut -c 1-7)"
echo "1..$count"
