#!/bin/sh
# cli-json-test.sh CLAUDEMESH BROKER - every document of --json has the members that its row
# declares and no others, and --json=FIELDS chooses from them. TAP on stdout.
set -u
claudemesh=$1
broker=$2
. "$(dirname "$0")/cli-lib.sh"
trap 'kill $pid 2>/dev/null; wait $pid 2>/dev/null; rm -rf "$work"' EXIT
export HOME="$work"
mkdir -m 700 "$work/alice" "$work/bob" "$work/carol"
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
"$claudemesh" help --json >"$work/table"
printf -- '---\nname: review\ndescription: how we review\n---\nRead it twice.\n' >"$work/SKILL.md"

# declared COMMAND: the members of the last document, or of the rows of its lists, are those
# that the row declares
declared() {
	if python3 - "$work/table" "$out" "$1" 2>>"$err" <<'P'; then verdict ok "  $1: as declared"; else verdict no "  $1: as declared"; fi
import json, sys
table, out, name = sys.argv[1:]
row = next(c for c in json.load(open(table))['commands'] if c['name'] == name)
fields = set(row['fields'])
docs = [json.loads(line) for line in open(out)]
lists = 'rows' if name in ('list', 'peers', 'inbox', 'whoami', 'verify', 'stats', 'doctor', 'status') else ''
seen = set()
for doc in docs:
    if lists:
        for value in doc.values():
            for item in value if isinstance(value, list) else []:
                seen |= set(item)
    else:
        seen |= set(doc) - {'schema_version', 'ok'}
unknown = seen - fields
if unknown or not fields or not seen:
    print('undeclared:', unknown, 'of', seen, file=sys.stderr)
    sys.exit(1)
P
}

is 0 create as alice create demo --broker "$url" --name alice --json
declared create
is 0 share as alice share --json --uses 2
declared share
link=$(member url)
is 0 join as bob join "$link" --name bob --json
declared join
is 0 send as alice send bob hello --json
declared send
id=$(member messageId)
is 0 msg-status as alice msg-status "$id" --json
declared msg-status
is 0 list as alice list --json
declared list
is 0 whoami as alice whoami --json
declared whoami
is 0 peers as alice peers --all --json
declared peers
for command in verify info ping stats profile; do
	is 0 $command as alice $command --json
	[ $command = stats ] || declared $command
done
is 0 'profile set' as alice profile set --title x --json
declared 'profile set'
is 0 'profile --role-tag' as alice profile --role-tag x --json
declared profile
while read -r command; do
	name=$(echo "$command" | cut -d ' ' -f 1-2)
	[ "$name" != 'summary at' ] && [ "$name" != 'visible true' ] || name=${name% *}
	# shellcheck disable=SC2086
	is 0 "$name" as alice $command --json
	declared "$name"
done <<C
summary at work
status set idle
visible true
group join @dev
group leave @dev
skill share $work/SKILL.md
skill get review
skill remove review --yes
C
for command in version welcome skill; do
	is 0 $command as alice $command --json
	declared $command
done
XDG_DATA_HOME=$work is 0 url-handler as alice url-handler --json
declared url-handler
is 0 'somebody else joins' as carol join "$link" --name carol
is 0 rename as carol rename demo other --json
declared rename
is 3 'a name that is none, before anything else' as carol rename other 'No' --policy /none
tells 'expected'
is 0 leave as carol leave other --yes --json
declared leave
is 0 'inbox of some fields' as bob inbox --json=sender_name,body
says '"messages":[{"sender_name":"alice","body":"hello"}]'
is 0 send as alice send bob again
is 0 inbox as bob inbox --json
declared inbox

is 0 'a row' as alice list --json=slug,role
says '"meshes":[{"slug":"demo","role":"owner"}]'
is 0 'name stands for displayName, what is missing is null' as alice peers --json=name,status
says '{"name":"bob","status":null}'
is 0 'into objects' as alice peers --all --json=mesh,profile.title
says '{"mesh":"demo","profile.title":null}'
is 0 'of a document' as alice msg-status "$id" --json=delivered
[ "$(cat "$out")" = '{"schema_version":"1.0","delivered":true,"ok":true}' ] && verdict ok '  one member' || verdict no '  one member'
is 3 'a field that is none' as alice peers --json=nmae
is 3 '  told as JSON' as alice peers --json=summray
says '"field":"json","code":"unknown"'
says '"nearest":"summary"'
is 3 'a list after a space' as alice peers --json name,status
says '"nearest":"--json=name,status"'
is 5 'an error is whole' as alice msg-status 0123456789abcdef --json=delivered
says '"error":"not_found","field":"messageId","id":"0123456789abcdef","isPrefix":true'
echo "1..$count"
