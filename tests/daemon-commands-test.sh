#!/bin/sh
# daemon-commands-test.sh CLAUDEMESH BROKER - profile, groups, skills, info and msg-status go
# through the daemon. The commands run on a copy of the configuration that names a broker where
# none is: what they know they have from the daemon. TAP on stdout.
set -u
claudemesh=$1
broker=$2
. "$(dirname "$0")/daemon-lib.sh"

start broker --log-level error
as alice create Team --broker "$url" --name alice >/dev/null || exit 1
link=$(as alice share --uses 5 --json | sed -n 's/.*"url":"\([^"]*\)".*/\1/p')
as bob join "$link" --name bob >/dev/null || exit 1
open_broker() { as "$1" daemon status --json | grep -q '"team":"open"'; }
for who in alice bob; do
	is 0 "$who's daemon" as $who daemon up --quiet
	until_ok open_broker $who
done

# by WHO COMMAND...: over WHO's daemon or not at all
by() {
	who=$1
	shift
	if [ ! -d "$work/$who-far" ]; then
		mkdir -m 700 "$work/$who-far"
		cp -p "$work/$who"/config.json "$work/$who-far"
		: >"$work/$who-far/session-token" # as of a session that launch began
		sed -i 's|"brokerUrl": *"[^"]*"|"brokerUrl":"ws://127.0.0.1:1/ws"|' "$work/$who-far/config.json"
	fi
	CLAUDEMESH_CONFIG_DIR="$work/$who-far" CLAUDEMESH_USER_DIR="$work/$who" "$claudemesh" "$@"
}
is 4 'without it there is no answer' by alice profile --no-daemon

is 0 'profile set' by alice profile set --title lead --bio 'a few words' --capabilities c,sql --json
one_document
says '"mesh":"team"'
says '"confirmed":true'
is 0 'profile' by alice profile
says 'lead'
says 'c, sql'
is 0 'profile set to nothing' by alice profile set --title ''
is 0 'profile as JSON' by alice profile --json
one_document
silent '"title":"lead"'
says '"bio":"a few words"'

is 0 'another role tag' by alice profile --role-tag cook --message-mode inbox --json
one_document
says '"roleTag":"cook"'
is 0 '  others see it' as bob profile --member alice --no-daemon
says cook
is 0 '  no more' by alice profile set --role-tag '' --message-mode push

is 0 'group join' by alice group join @dev --role lead --json
one_document
says '{"schema_version":"1.0","group":"dev","role":"lead","confirmed":true'
is 0 'it is in the profile' by alice profile
says '@dev:lead'
is 0 'others see it' as bob peers --all --json --no-daemon
says '{"name":"dev","role":"lead"}'
is 0 'group leave' by alice group leave dev
says 'left @dev'
is 0 'it is not in the profile' by alice profile
silent '@dev'
is 3 'a group that cannot be' by alice group join 'a b'

is 0 'info' by alice info
says 'owner'
says 'team'
is 0 'info as JSON' by bob info --json
one_document
says '"displayName":"bob"'
says '"memberCount":2'
is 0 'stats' by alice stats --json
one_document

is 0 'a message' by alice send bob 'a few words' --json
id=$(member messageId)
is 0 'msg-status' by alice msg-status "$id" --json
one_document
says "\"messageId\":\"$id\""
silent settled
is 0 'of a prefix' by alice msg-status "$(echo "$id" | cut -c 1-12)"
says bob
is 5 'of none' by alice msg-status 00000000
tells 'message not found'

printf -- '---\nname: review\ndescription: how we review\nmodel: opus\n---\nRead it twice.\n' >"$work/SKILL.md"
is 0 'skill share' by alice skill share "$work/SKILL.md" --tags code,care --json
one_document
says '"action":"shared"'
is 0 'skill list' by bob skill list
says 'review'
says 'by alice'
says '[code, care]'
is 0 'skill list of a word' by bob skill list nothing --json
one_document
says '"skills":[]'
is 0 'skill get' by bob skill get review
says 'Read it twice.'
is 0 'skill get as JSON' by bob skill get review --json
one_document
says '"model":"opus"'
is 7 'somebody else does not remove it' by bob skill remove review --yes
is 0 'skill remove' by alice skill remove review --yes --json
one_document
says '"removed":true'
is 5 'it is gone' by bob skill get review
tells "the mesh has no skill 'review'"
is 5 'and cannot be removed again' by alice skill remove review --yes

# Rules of the policy name a peer by key, and it is typed by name; and the other way round.
as bob whoami --json >"$out"
key=$(member pubkey)
policy=$work/rules.yaml
rule() { printf 'default: %s\nrules:\n  - {resource: message, verb: send, peers: ["%s"], decision: %s}\n' "$@" >"$policy"; }
rule allow "$key" deny
is 7 'denied by key, typed by name' by alice send bob hello --policy "$policy" --yes
tells 'blocked by policy: message send'
is 7 'the same without a daemon' as alice send bob hello --policy "$policy" --no-daemon
rule allow bob deny
is 7 'denied by name, typed by key' by alice send "$key" hello --policy "$policy"
is 7 'by the start of the key' by alice send "$(echo "$key" | cut -c 1-12)" hello --policy "$policy"
rule deny "$key" allow
is 0 'allowed by key, typed by name' by alice send bob hello --policy "$policy"
is 7 'and nobody else' by alice send alice hello --self --policy "$policy"
rule allow "$key" deny
is 4 'who it is cannot be found out' by alice send bob hello --policy "$policy" --no-daemon
tells 'rules about peers'

# The tools of the MCP server go by the same rules.
tool() {
	printf '%s\n' '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}' \
		'{"jsonrpc":"2.0","method":"notifications/initialized"}' \
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"$1\",\"arguments\":$2}}"
	i=0 # until it is answered
	while ! grep -q '"id":1' "$out" && [ $i -lt 200 ]; do
		sleep 0.05
		i=$((i + 1))
	done
}
mcp() { tool "$1" "$2" | as alice mcp --tools --policy "$policy"; }
is 0 'a tool, denied by key' mcp send '{"to":"bob","message":"by a tool"}'
says 'blocked by policy: message send'
says '"isError":true'
rule allow bob deny
is 0 'by name, typed by key' mcp send "{\"to\":\"$key\",\"message\":\"by a tool\"}"
says 'blocked by policy: message send'
meshid=$(sed -n 's/.*"meshId": *"\([^"]*\)".*/\1/p' "$work/alice/config.json")
printf 'default: allow\nrules:\n  - {resource: message, verb: send, mesh: team, decision: prompt}\n' >"$policy"
is 0 'a mesh by its id, what a person would be asked' mcp send "{\"to\":\"bob\",\"message\":\"by a tool\",\"mesh\":\"$meshid\"}"
says 'this has to be confirmed: message send'
is 0 'reading goes on' mcp peers '{}'
says 'bob'
CLAUDEMESH_APPROVAL_MODE=read-only is 0 'read-only' mcp status '{"status":"working"}'
says 'approval mode read-only writes nothing'
CLAUDEMESH_APPROVAL_MODE=yolo is 0 'who confirms everything' mcp send '{"to":"bob","message":"by a tool"}'
silent '"isError":true'
tail -n 1 "$work/alice/audit.log" >"$out"
says '"resource":"message","verb":"send"'
says '"command":"mcp"'

# What is made in a session is not lost with the session's directory.
cp "$work/alice-far/config.json" "$work/before"
is 0 'create in a session' by alice create Third --broker "$url" --json
third=$(member id)
is 0 '  is the user'\''s' as alice list --json
says "\"id\":\"$third\""
[ -f "$work/alice/keys/$third.json" ] && verdict ok '  with its keys' || verdict no '  with its keys'
cmp -s "$work/before" "$work/alice-far/config.json" && verdict ok '  the session has its own mesh' || verdict no '  the session has its own mesh'
is 0 '  only' by alice list --json
silent "$third"
mkdir -m 700 "$work/alice-near"
cp -p "$work/alice/config.json" "$work/alice-near"
: >"$work/alice-near/session-token"
near() { CLAUDEMESH_CONFIG_DIR="$work/alice-near" CLAUDEMESH_USER_DIR="$work/alice" "$claudemesh" "$@"; }
is 0 'share in a session' near share --json --mesh team
is 0 'who is verified is so in a session' near peers --json --mesh team --no-daemon
says '"displayName":"bob","role":"member","online":true,"verified":true'
is 0 'leave in a session' by alice leave third --yes
is 0 '  is the user'\''s, too' as alice list --json
silent "$third"
ls "$work/alice-far" "$work/alice-near" >"$out"
silent keys
is 0 'list' as alice list
says 'connected'
says "kept in $work/alice/config.json"
is 0 'without a daemon' as alice list --no-daemon
silent 'connected'

# What this machine calls the mesh.
is 3 'a name that cannot be' as alice rename team 'No Slug'
is 5 'a mesh that is not here' as alice rename taem crew
tells 'did you mean'
printf 'default: allow\nrules:\n  - {resource: message, verb: send, mesh: team, decision: deny}\n' >"$policy"
is 6 'a mesh that the policy names' as alice rename team crew --policy "$policy"
tells 'line 3'
is 0 'rename' as alice rename team crew
says 'Renamed: "team" → "crew"'
is 0 'it is listed so' as alice list --json
says '"slug":"crew"'
silent '"team"'
renamed() { as alice daemon status --json | grep -q '"crew":"open"'; }
until_ok renamed
is 0 'a message goes there' as alice send bob 'after it' --mesh crew --json
says '"status":"done"'
is 0 'an invite still works' as alice share --json --mesh crew
link=$(member url)
is 0 'for who comes new' as carol join "$link" --name carol --json
one_document
says '"slug":"team"'
is 0 'join of what one is in' as carol join team
says 'launch --mesh team'
finish
