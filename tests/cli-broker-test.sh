#!/bin/sh
# cli-broker-test.sh CLAUDEMESH BROKER - every command of two people against a real broker.
# TAP on stdout.
set -u
claudemesh=$1
broker=$2
. "$(dirname "$0")/cli-lib.sh"
pids=
trap 'kill $pids 2>/dev/null; rm -rf "$work"' EXIT
export HOME="$work"
seconds=10

mkdir -m 700 "$work/alice" "$work/bob" "$work/carol"
as() {
	who=$1
	shift
	CLAUDEMESH_CONFIG_DIR="$work/$who" "$claudemesh" "$@"
}

# until COMMAND...: it succeeds within the time
until_ok() {
	i=0
	until "$@" >/dev/null 2>&1; do
		i=$((i + 1))
		if [ $i = $((seconds * 20)) ]; then
			verdict no "in vain until $*"
			return 1
		fi
		sleep 0.05
	done
}

port=$("$(dirname "$0")/free_port.py")
url=http://127.0.0.1:$port
"$broker" --listen "127.0.0.1:$port" --data "$work/broker" --rate-limit 0 >"$work/log" 2>&1 &
pids=$!
until_ok python3 -c "import urllib.request as r; r.urlopen('$url/health', timeout=5)"

is 0 'create' as alice create demo --broker "$url" --name alice --json
one_document
mesh=$(member slug)
silent "$(sed -n 's/.*"secretKey": *"\([^"]*\)".*/\1/p' "$work/alice/config.json")"
is 0 'list' as alice list
says demo
is 0 'share' as alice share --uses 3 --expires 2h --json
one_document
link=$(member url)
is 0 'join through a pipe' sh -c 'printf "%s\n" "$1" | CLAUDEMESH_CONFIG_DIR=$2 "$3" join - --name bob' \
	- "$link" "$work/bob" "$claudemesh"
says "joined $mesh"
is 0 'join with the link' as carol join "$link" --name carol --json
one_document
says '"verified":true'
is 0 'join again' as carol join "$link"
says 'already'
is 0 'share for one' as alice share --json
link=$(member url)
mkdir -m 700 "$work/dave" "$work/erin"
is 0 'one joins' as dave join "$link" --name dave
is 5 'a used-up invite' as erin join "$link" --name erin
is 0 'whoami' as alice whoami --json
silent secret
is 3 'not a duration' as alice share --expires soon
is 7 'only the owner shares' as bob share

is 0 'peers' as alice peers
says 'bob (away)'
is 0 'peers as JSON' as alice peers --json
one_document
says '"displayName":"bob"'

is 0 'send to one who is away' as alice send bob 'to be kept'
says 'stored, bob is away'
silent 'sent to'
is 12 'send --online to one who is away' as alice send bob 'not kept' --online
is 5 'an unknown name' as alice send bbo hi
tells "bob"
is 0 'an id of our own' as alice send bob 'once' --id mine-1 --json
one_document
says '"clientMessageId":"mine-1"'
printf 'from a pipe\nsecond line\n' >"$work/text"
is 0 'send from stdin' sh -c 'CLAUDEMESH_CONFIG_DIR=$1 "$2" send bob - <"$3"' - "$work/alice" "$claudemesh" "$work/text"
is 0 'text like a flag' as alice send bob -- --flag
is 10 'an inbox that cannot be printed' sh -c 'CLAUDEMESH_CONFIG_DIR=$1 "$2" inbox >/dev/full' - "$work/bob" "$claudemesh"
is 0 'inbox' as bob inbox
says 'to be kept'
says 'second line'
says '--flag'
silent 'not kept'
silent 'unverified'
[ "$(grep -c once "$out")" = 1 ] && verdict ok '  once each' || verdict no '  once each'
is 0 'inbox is empty now' as bob inbox --json
one_document
says '"messages":[]'

is 0 'the same id again' as alice send bob 'once more' --id mine-2 --json
is 0 'is the same message' as alice send bob 'once more' --id mine-2 --json
says '"duplicate":true'
is 12 'another text under that id' as alice send bob 'something else' --id mine-2
tells 'idempotency_key_reused'
is 11 'send --wait to one who is away' as alice send bob 'wait for it' --wait --timeout 1s --json
one_document
says '"ok":false'
says '"error":"timeout"'
id=$(member messageId)
is 0 'msg-status' as alice msg-status "$id"
says 'queued'
is 0 'message status of a prefix' as bob message status "$(echo "$id" | cut -c 1-16)" --json
one_document
says '"state":"queued"'
is 5 'msg-status of somebody else' as carol msg-status "$id"
tells 'message not found'
is 3 'msg-status of no id' as alice msg-status 'abc%'
tells 'a message id needs 8 characters, this has 4'
is 3 'msg-status of a strange id' as alice msg-status 'abcdefgh%'
tells 'expected'
is 0 'it is fetched' as bob inbox
is 0 'and then delivered' as alice msg-status "$id" --json
says '"delivered":true'

CLAUDEMESH_CONFIG_DIR="$work/bob" "$claudemesh" listen --json >"$work/listen" 2>/dev/null &
listener=$!
pids="$pids $listener"
online() { as alice peers --json | sed 's/"members":.*//' | grep -q '"displayName":"bob"'; }
until_ok online
is 0 'send to one who is there' as alice send bob 'live text'
says 'sent to bob'
is 0 'send --wait to one who is there' as alice send bob 'waited for' --wait=delivered
says 'delivered'
is 3 'send --wait for something else' as alice send bob hi --wait=read
is 12 'send --wait to nobody' as alice send @none hi --wait
until_ok grep -q 'live text' "$work/listen"
is 0 'join a group' as bob group join @dev --role lead
is 0 'a group message' as alice send @dev 'to the group'
says 'sent to @dev'
is 0 'a group of nobody' as alice send @ops 'to the group'
says 'nobody is connected in @ops'
is 0 'a broadcast' as alice send '*' 'to all'
says 'not encrypted'
until_ok grep -q 'to all' "$work/listen"
grep 'to the group' "$work/listen" >"$out"
says '"target":"@dev"'
grep 'to all' "$work/listen" >"$out"
says '"encrypted":false'
says '"target":"*"'
says '"sender_verified":false'
grep 'live text' "$work/listen" >"$out"
says '"sender_verified":true'
is 0 'status' as bob status set dnd
is 0 'summary' as bob summary writing the tests
is 0 'seen by others' as alice peers
says 'writing the tests'
says '@dev:lead'
is 0 'not to be disturbed' as alice send bob 'held back'
says 'stored, bob takes it later'
is 0 'unless it is urgent' as alice send bob 'urgent' --priority now
until_ok grep -q 'urgent' "$work/listen"
grep -q 'held back' "$work/listen" && verdict no '  only that comes' || verdict ok '  only that comes'
is 0 'hidden' as bob visible false
says 'you are hidden'
is 0 'not listed for others' as alice peers --all
grep -q '@dev:lead' "$out" && verdict no '  nobody in @dev' || verdict ok '  nobody in @dev'
is 0 'but for oneself' as bob peers --all
says '(hidden)'
is 0 'a broadcast that nobody hears' as alice send '*' 'not for the hidden'
says 'nobody is connected'
is 0 'shown again' as bob visible true
says 'listed again'
is 3 'neither true nor false' as bob visible perhaps
is 0 'status again' as bob status set idle
until_ok grep -q 'held back' "$work/listen"
kill -INT $listener
wait $listener
[ $? = 0 ] && verdict ok 'listen ends with 0 on Ctrl-C' || verdict no 'listen ends with 0 on Ctrl-C'
as bob status set dnd >/dev/null
is 0 'send to dnd' as alice send bob 'while you were busy'
is 0 'inbox in dnd' as bob inbox
says 'while you were busy'
as bob status set idle >/dev/null
is 0 'leave the group' as bob group leave dev

printf 'x%.0s' $(seq 60000) >"$work/text"
is 12 'too much text' sh -c 'CLAUDEMESH_CONFIG_DIR=$1 "$2" send bob - <"$3"' - "$work/alice" "$claudemesh" "$work/text"
is 0 'a name that is a trap' as bob summary "$(printf 'a\033]0;x\007b')"
is 0 '  peers' as alice peers --all
silent "$(printf '\033')"

(until_ok online && as alice send bob 'waited for' >/dev/null 2>&1) &
is 0 'inbox --wait' as bob inbox --wait $seconds
says 'waited for'
is 0 'inbox --wait in vain' as bob inbox --wait 1
is 3 'leave asks' as carol leave
is 0 'leave --yes' as carol leave --yes
is 5 'carol is gone' as carol peers

mkdir "$work/release"
printf -- '---\ndescription: Before a release\nallowed-tools: Read, Bash(git:*)\ntags: [a]\n---\n\n# Do\n' >"$work/release/SKILL.md"
printf -- '---\nname: [\n---\n' >"$work/broken.md"
is 0 'skill share of a folder' as alice skill share "$work/release" --when-to-use 'before tagging'
says 'shared release'
is 0 'skill list' as bob skill list --json=name,tags
says '"skills":[{"name":"release","tags":["a"]}]'
is 0 'skill get' as bob skill get release --json
says '"manifest":{"when_to_use":"before tagging","allowed_tools":["Read","Bash(git:*)"]}'
is 7 'skill share under another name of somebody else' as bob skill share "$work/release"
is 7 'skill remove by another' as bob skill remove release --yes
is 5 'skill get of nothing' as bob skill get nothing
tells 'claudemesh skill list'
is 0 'skill remove' as alice skill remove release --yes
is 3 'skill share of a broken file' as alice skill share "$work/broken.md"
tells 'line 3'
is 5 'skill share of no file' as alice skill share "$work/none.md"
is 0 'skill' as alice skill
says 'claudemesh send <from_id>'

echo "1..$count"
