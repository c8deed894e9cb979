#!/bin/sh
# refbroker-test.sh CLAUDEMESH REFBROKER - our client against a broker with the reference's
# flaws (refbroker/fake.h says how they are switched). TAP on stdout.
set -u
claudemesh=$1
refbroker=$2
. "$(dirname "$0")/cli-lib.sh"
pids=
trap 'kill $pids 2>/dev/null; wait $pids 2>/dev/null; rm -rf "$work"' EXIT
export HOME="$work"
seconds=10
code=ABCDEFGH

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

# fake DIR: starts a broker, and $url is where; people live in $work/DIR/NAME
fake() {
	at=$work/$1
	mkdir -p -m 700 "$at"
	"$refbroker" >"$at/port" 2>"$at/log" &
	fake_pid=$!
	pids="$pids $fake_pid"
	until_ok grep -q . "$at/port"
	url=http://127.0.0.1:$(cat "$at/port")
}

as() {
	who=$1
	shift
	CLAUDEMESH_CONFIG_DIR="$at/$who" "$claudemesh" "$@"
}

fetch() { python3 -c 'import sys, urllib.request as r
print(r.urlopen(r.Request(sys.argv[1], sys.argv[2].encode() if len(sys.argv) > 2 else None), timeout=5).read().decode(), end="")' "$@"; }
# flaw JSON: the only ones from now on; what was heard until now is forgotten
flaw() { fetch "$url/fake" "$1" >/dev/null; }
# heard: what the broker heard since then is in $out
heard() { fetch "$url/fake" >"$out"; : >"$err"; }
# occurs N TEXT: the output has it so often
occurs() {
	got=$(grep -cF -- "$2" "$out")
	[ "$got" = "$1" ] && verdict ok "  $1 times '$2'" || verdict no "  '$2' $got times, not $1"
}
joins() {
	mkdir -m 700 "$at/$1"
	as "$1" join "$url/i/$code" --name "$1" >/dev/null 2>"$at/$1.err" || sed 's/^/# /' "$at/$1.err"
}

# following WHO: listens from now on, in $listener; ended STATUS NAME: how that ends
following() {
	CLAUDEMESH_CONFIG_DIR="$at/$1" "$claudemesh" listen >"$at/listen.out" 2>"$at/listen.err" &
	listener=$!
	pids="$pids $listener"
	until_ok greeted
}
greeted() { fetch "$url/fake" | grep -q '"type":"session_hello"'; }
ended() {
	wait $listener
	got=$?
	cp "$at/listen.out" "$out"
	cp "$at/listen.err" "$err"
	[ $got = "$1" ] && verdict ok "$2" || verdict no "$2 (status $got, not $1)"
}

# What takes its time runs from now on beside the rest, each with a broker of its own.
# slow NAME FLAWS COMMAND...: by alice; bob has been there
slow() {
	slow_name=$1
	flaws=$2
	shift 2
	fake "$slow_name"
	joins alice
	joins bob
	as bob peers >/dev/null 2>&1
	flaw "$flaws"
	(as alice "$@" >"$at/out" 2>"$at/err"; echo $? >"$at/status") &
}
# slow_is STATUS NAME: how it ended; its output is in $out and $err
slow_is() {
	at=$work/$2
	until_ok test -s "$at/status"
	cp "$at/out" "$out"
	cp "$at/err" "$err"
	got=$(cat "$at/status")
	[ "$got" = "$1" ] && verdict ok "$2" || verdict no "$2 (status $got, not $1)"
}
slow 'a lost ack' '{"ack_drop":1}' send bob 'is it there' --id lost-1
slow 'a hello without an answer' '{"mute_hello":true}' peers
slow 'a reply without _reqId' '{"no_req_id":true}' peers

fake main
mkdir -m 700 "$at/alice" "$at/bob" "$at/carol" "$at/dave"
is 5 'an unknown code' as alice join "$url/i/ABCDEFGJ" --name alice
is 0 'join by a link with a code' as alice join "$url/i/$code" --name alice
says 'joined team'
says 'as unverified'
is 0 'join again' as alice join "$url/i/$code" --name alice
says 'already'
is 0 'join by the bare code' env CLAUDEMESH_BROKER_URL="$url" CLAUDEMESH_CONFIG_DIR="$at/bob" "$claudemesh" join $code --name bob --json
one_document
says '"verified":false'
token=$(fetch "$url/api/public/invite-code/$code" | sed 's/.*"token":"\([^"]*\)".*/\1/')
is 0 'join by a token' as carol join "ic://join/$token" --name carol
is 3 'a token that was changed' as dave join "ic://join/x$token" --name dave
is 3 'a secret that the broker knows nothing of' as dave join \
	"$url/i/$code#AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8" --name dave
flaw '{"invite_secret":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"}'
is 3 'a claim answered 501' as dave join \
	"$url/i/$code#AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8" --name dave
tells invite_v2_disabled
is 0 '  and dave is in no mesh' as dave list
says 'no meshes'
is 2 'create without an account' as dave create mine --broker "$url" --name dave
flaw '{}'

bob_key=$(as bob whoami --json | sed 's/.*"pubkey":"\([^"]*\)".*/\1/')
is 12 'nobody of that key is connected' as alice send "$bob_key" hi
tells 'no connected peer'
is 5 'a name that nobody connected has' as alice send bob hi
tells bob
is 0 'peers' as bob peers --all
says bob
flaw '{}'
is 0 'a name out of the peer list' as alice send bob 'first of all'
says 'accepted for bob'
silent 'sent to'
heard
says '"type":"hello"'
says '"cwd":"/'
says "\"targetSpec\":\"$bob_key\""
says '"priority":"next"'
silent helloVersion
silent sessionPubkey
silent 'first of all'
is 0 'send, as JSON' as alice send bob 'for programs' --json
one_document
says '"delivery":"accepted"'

# The ghost of bob's connection has claimed them for 30 s (D-07).
is 0 'what a ghost holds comes later' as bob inbox
says 'no new messages'
flaw '{"lease_ms":1,"push_first":true,"twice":true,"again_ms":20}'
is 0 'a third' as alice send bob 'third text' --id mine-3
is 0 'the same again, as if its ack had been lost' as alice send bob 'third text' --id mine-3
is 0 'pushed before hello_ack, twice, and again' as bob inbox
occurs 1 'third text'
says 'unverified'
heard
says '"clientMessageId":"mine-3","brokerMessageId":"'
is 0 'what was acked does not come again' as bob inbox --json
one_document
silent 'third text'

flaw '{"lease_ms":1,"stray_acks":true,"stray_errors":true}'
is 0 'acks and errors that are for others' as alice send bob 'fourth text'
says 'accepted for bob'
flaw '{"lease_ms":1,"cut_on_send":true}'
is 4 'the connection ends before the ack' as alice send bob 'fifth text' --id mine-5
tells '--id mine-5'
silent 'accepted for'
flaw '{"refuse":"rate_limit: max 60 msg/min (burst 10) — slow down"}'
is 12 'too many' as alice send bob 'not this'
tells 'rate_limit: max 60 msg/min (burst 10) — slow down'
silent accepted
flaw '{"refuse":"blocked by recipient grants (sender lacks dm capability)"}'
is 12 'blocked' as alice send bob 'not this' --json
one_document
says 'blocked by recipient grants'
flaw '{"lease_ms":1}'
is 0 'the inbox has both, for the broker had them' as bob inbox
occurs 1 'fourth text'
occurs 1 'fifth text'
silent 'not this'

# A scheduled message: plaintext to a key, from nobody knows whom. And things that are nothing.
flaw "{\"push\":{\"type\":\"push\",\"messageId\":\"sched1\",\"meshId\":\"m\",\"senderPubkey\":\"$bob_key\",\"priority\":\"next\",\"nonce\":\"\",\"ciphertext\":\"cGxhaW4gbGll\",\"createdAt\":\"2026-01-02T03:04:05.678Z\",\"subtype\":\"reminder\"}}"
is 0 'plaintext to a key' as carol inbox
says 'cannot be read'
silent 'plain lie'
silent 'cGxhaW4gbGll'
flaw '{"push":{"type":"push","senderPubkey":"system","subtype":"system","event":"tick","eventData":{"simTime":1},"messageId":"e1","meshId":"m","priority":"low","nonce":"","ciphertext":"","createdAt":"now"}}'
is 0 'an event' as carol inbox
says 'no new messages'
flaw '{"push":{"type":"push","messageId":7}}'
is 0 'a push that is none' as carol inbox
says 'no new messages'
flaw '{"push":{"type":"state_change","key":"k","value":null}}'
is 0 'what only the reference knows' as carol peers

flaw '{"close_code":1008,"close_reason":"unauthorized","close_error":"unauthorized"}'
is 2 'a member no more' as alice peers
tells unauthorized
tells 'claudemesh join'
following alice
ended 2 'listen gives up'
tells unauthorized
heard
occurs 1 '"type":"session_hello"'
flaw '{"close_code":4002,"close_reason":"banned","close_error":"revoked"}'
is 2 'revoked' as alice send bob hi
tells revoked
flaw '{"close_code":1008,"close_reason":"capacity","close_error":"capacity"}'
is 4 'full' as alice peers
tells 'try again later'
flaw '{"close_code":4001,"close_reason":"kicked","close_late":true}'
following alice
ended 12 'kicked while it listens'
tells 'Kicked from this mesh. Run claudemesh to rejoin.'
heard
occurs 1 '"type":"session_hello"'
flaw '{"close_code":4002,"close_reason":"banned: ask the owner","close_late":true}'
following alice
ended 12 'banned while it listens'
tells 'banned: ask the owner'
heard
occurs 1 '"type":"session_hello"'
for reason in '1001,"close_reason":"shutting down"' '1000,"close_reason":"session_replaced"' 1012; do
	flaw "{\"again_ms\":50,\"close_code\":$reason,\"close_late\":true,\"close_times\":1}"
	following alice
	twice() { [ "$(fetch "$url/fake" | grep -c '"type":"session_hello"')" = 2 ]; }
	until_ok twice
	is 0 "listen comes back after $reason" as bob send alice 'after that'
	until_ok grep -q 'after that' "$at/listen.out"
	kill -INT $listener
	ended 0 '  until Ctrl-C'
	tells 'connecting again'
	occurs 1 'after that'
done

flaw '{"lease_ms":1}'
following bob
is 0 'to all' as alice send '*' 'to everybody'
says 'not encrypted'
is 0 'to a group' as alice send @dev 'to the group'
silent 'sent to'
until_ok grep -q 'to the group' "$at/listen.out"
kill -INT $listener
ended 0 '  as listen shows it'
occurs 1 'to everybody'
says 'alice'
says 'not encrypted'
is 0 'summary without a reply' as bob summary 'at work'
is 0 'status without a reply' as bob status set dnd
is 0 'group without a reply' as bob group join dev
heard
says '"type":"set_summary","summary":"at work"'
says '"type":"set_status","status":"dnd"'
says '"type":"join_group","name":"dev"'

# Who is meant is found out here: this broker would take the first that fits (D-24).
is 5 'kick: a character of a key is nobody' as alice kick "$(printf %.1s "$bob_key")" --yes
is 5 '  ban neither' as alice ban "$(printf %.1s "$bob_key")" --yes
heard
silent '"type":"kick"'
silent '"type":"ban"'
flaw '{}'
following bob
is 0 'kick' as alice kick bob --yes
says ': bob'
says 'They can rejoin anytime by running claudemesh.'
ended 12 '  it ends what was kicked'
tells 'Kicked from this mesh. Run claudemesh to rejoin.'
heard
says "\"type\":\"kick\",\"_reqId\""
says "\"target\":\"$bob_key\""
flaw '{}'
following bob
is 0 'disconnect' as alice disconnect --all --yes
says 'They will auto-reconnect within seconds.'
until_ok greeted
kill -INT $listener
ended 0 '  it comes back'
is 0 'ban' as alice ban "$bob_key" --yes
says 'Banned bob'
is 2 '  out is out' as bob peers
tells revoked
is 0 'bans' as alice bans
says 'bans on team (1)'
is 5 'unban nobody' as alice unban carol --yes
is 0 'unban' as alice unban bob --yes
says 'Unbanned bob'
is 0 '  and in again' as bob peers
is 3 'roles it has none' as alice peer role bob admin --yes

flaw '{"challenge":true}'
is 0 'a broker that offers hello 2' as carol peers
heard
says '"helloVersion":2'
flaw '{}'
is 2 'and then does not' as carol peers
tells downgrade
is 2 '  for a message neither' as carol send alice 'in the clear'
tells brokers.json
following_not() { CLAUDEMESH_CONFIG_DIR="$at/carol" "$claudemesh" listen; }
is 2 '  nor to listen' following_not
heard
silent '"type"'
is 0 '  who never saw it goes on' as bob peers
flaw '{"challenge":true,"close_code":1001,"close_reason":"shutting down","close_late":true}'
following bob
flaw '{"close_code":1001,"close_reason":"shutting down","close_late":true}'
ended 2 '  who listens meanwhile does not fall back'
tells downgrade
heard
sed -i '/"helloVersion":2/d' "$out"
silent '"type"'

slow_is 11 'a hello without an answer'
tells 'did not answer the hello'
slow_is 11 'a reply without _reqId'
tells 'did not answer in time'
slow_is 11 'a lost ack'
tells 'did not say in time'
tells '--id lost-1'
silent 'accepted for'
echo "1..$count"
