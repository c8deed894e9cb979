#!/bin/sh
# daemon-refbroker-test.sh CLAUDEMESH REFBROKER - daemons at a broker with the reference's flaws: no
# dedupe, nothing kept for who is away, sentences for codes (refbroker/fake.h). TAP on stdout.
set -u
claudemesh=$1
refbroker=$2
broker=
. "$(dirname "$0")/daemon-lib.sh"
code=ABCDEFGH

"$refbroker" >"$work/port" 2>"$work/fake.log" &
pids="$pids $!"
until_ok grep -q . "$work/port"
url=http://127.0.0.1:$(cat "$work/port")

fetch() { python3 -c 'import sys, urllib.request as r
print(r.urlopen(r.Request(sys.argv[1], sys.argv[2].encode() if len(sys.argv) > 2 else None), timeout=5).read().decode(), end="")' "$@"; }
# flaw JSON: the only ones from now on; what was heard until now is forgotten
flaw() { fetch "$url/fake" "$1" >/dev/null; }
heard() { fetch "$url/fake"; }
open_broker() { as "$1" daemon status --json | grep -q '"team":"open"'; }
closed_broker() { as "$1" daemon status --json | grep -q '"team":"closed"'; }
has_mail() { as "$1" inbox --json --limit 50 | grep -qF -- "$2"; }
# once WHO TEXT: it came, and is there one time
once() {
	until_ok has_mail "$1" "$2"
	as "$1" inbox --json --limit 50 >"$out"
	same 1 "$(grep -oF -- "\"body\":\"$2\"" "$out" | wc -l)" "'$2' came once"
}
state_of() { as "$1" daemon outbox --json | grep -o "\"client_message_id\":\"$2\",\"status\":\"[a-z]*\"" | sed 's/.*:"//; s/"$//'; }
is_state() { [ "$(state_of "$1" "$2")" = "$3" ]; }

for who in alice bob; do
	mkdir -m 700 "$work/$who"
	as $who join "$url/i/$code" --name $who >/dev/null 2>&1 || exit 1
	is 0 "$who's daemon" as $who daemon up --quiet
	until_ok open_broker $who
done
bob_key=$(sed -n 's/.*"pubkey": *"\([0-9a-f]*\)".*/\1/p' "$work/bob/config.json" | head -n 1)
[ ${#bob_key} = 64 ] || bob_key=$(grep -o '"pubkey":"[0-9a-f]*"' "$work/bob/config.json" | head -n 1 | cut -d'"' -f4)

is 0 'to a name' as alice send bob 'plain words' --id plain
once bob 'plain words'
heard >"$out"
says '"channel":"claudemesh-daemon"'
says '"client_message_id":"plain"'
says '"request_fingerprint":"'

# Its lists do not say how soon somebody hears, and it asks nobody to wait for a turn.
is 0 'peers' as alice peers --all --json
says '"reach":"poll"'
is 0 'each rung of the ladder' as alice doctor wake

flaw '{"twice":true}'
is 0 'pushed twice' as alice send bob 'double words' --id double
once bob 'double words'

# It has no dedupe: after a lost ack the same message is two of its own, and one of ours.
flaw '{"cut_on_send":true}'
as alice send bob 'cut words' --id cut >/dev/null 2>&1
flaw '{}'
until_ok is_state alice cut 'done'
once bob 'cut words'

# C-18: each refusal is what its sentence says.
flaw '{"refuse":"payload too large: 70000 bytes > MAX_MESSAGE_BYTES=65536"}'
as alice send bob 'large words' --id large >/dev/null 2>&1
until_ok is_state alice large dead
verdict ok 'C-18 too large is final'
flaw '{"refuse":"rate_limit: max 60 msg/min (burst 10) - slow down"}'
as alice send bob 'fast words' --id fast >/dev/null 2>&1
flaw '{}'
until_ok is_state alice fast 'done'
once bob 'fast words'

# C-19: it keeps nothing for who is away; the daemon does.
is 0 "bob's daemon ends" as bob daemon down --quiet
flaw '{"refuse":"no connected peer for target (not online, or targetSpec is your own key without another session)"}'
as alice send "$bob_key" 'late words' --id late >/dev/null 2>&1
is_state alice late pending && verdict ok 'C-19 it waits' || verdict no "C-19 it waits ($(state_of alice late))"
# The ghost of bob's connection may take it first; then it is pushed again.
flaw '{"again_ms":300}'
is 0 "bob's daemon is back" as bob daemon up --quiet
until_ok open_broker bob
once bob 'late words'

# C-22: thrown out is thrown out.
flaw '{"close_code":4001,"close_reason":"kicked","close_late":true}'
as alice daemon down --quiet
is 0 "alice's daemon" as alice daemon up --quiet
until_ok closed_broker alice
flaw '{}'
is 0 'its status' as alice daemon status --json
says 'kicked'
is 0 'and again, for people' as alice daemon status
says 'Kicked from this mesh. Run claudemesh to rejoin.'
is 0 'C-22 until its user does something' as alice send "$bob_key" 'here again'
until_ok open_broker alice
finish
