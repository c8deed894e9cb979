#!/bin/sh
# daemon-post-test.sh CLAUDEMESH BROKER - posts to topics through the daemons of three people, with a
# broker that goes away, daemons that are killed, and keys that change meanwhile. TAP on stdout.
set -u
claudemesh=$1
broker=$2
. "$(dirname "$0")/daemon-lib.sh"

start broker --log-level error
as alice create Team --broker "$url" --name alice >/dev/null || exit 1
link=$(as alice share --uses 5 --json | sed -n 's/.*"url":"\([^"]*\)".*/\1/p')
port=${url##*:}
open_broker() { as "$1" daemon status --json | grep -q '"team":"open"'; }
for who in bob carol; do
	as $who join "$link" --name $who >/dev/null || exit 1
done
for who in alice bob carol; do
	is 0 "$who's daemon" as $who daemon up --quiet
	until_ok open_broker $who
done
has() { as "$1" topic history ops | grep -qF -- "$2"; }
reads() { until_ok has "$1" "$2" && verdict ok "$3" || verdict no "$3"; }

is 0 'a topic' as alice topic create ops
is 0 '  with bob' as bob topic join ops
is 0 '  and carol' as carol topic join ops
is 0 'a post through the daemon' as alice topic post ops 'first words' --json
one_document
says '"via":"daemon"'
says '"status":"done"'
says '"bodyVersion":2'
says '"epoch":1'
says '"duplicate":false'
first=$(member messageId)
reads bob 'first words' '  is read'
is 0 'an answer, as people see it' as bob topic post ops 'thanks @alice' --reply-to "$(printf %.8s "$first")"
says 'posted'
says 'encrypted'
says '1 notified'
is 0 'send to a #topic is the same' as carol send '#ops' 'me too' --strict --json
says '"via":"daemon"'
says '"topic":"ops"'
reads alice 'me too' '  is read'
is 0 'it is in the outbox' as carol daemon outbox --done
says 'to #ops'

# One id is one post, and one thing.
is 0 'with an id' as alice send '#ops' 'once only' --id once
is 0 '  again' as alice send '#ops' 'once only' --id once --json
says '"duplicate":true'
is 6 '  another text' as alice send '#ops' 'other words' --id once
tells 'outbox_done_fingerprint_mismatch'
is 6 '  to somebody else' as alice send bob 'once only' --id once

# What the broker refuses is said at once, and stands in the outbox.
is 5 'a topic that is not there' as alice topic post nothing x
tells 'topic list'
is 0 '  stands in the outbox with its reason' as alice daemon outbox --failed
says 'to #nothing'
says 'topic_not_found'
is 3 'no name of a topic' as alice send '#a b' x
is 0 'a plain topic' as alice topic create open --plaintext
is 0 '  is posted to' as alice topic post open 'for all' --json
says '"bodyVersion":1'
is 3 'plain text where there is a key' as alice topic post ops x --plaintext
tells 'encrypted'
is 0 'an observer' as alice topic create watched
is 0 '  who joins' as bob topic join watched --role observer
is 7 '  does not post' as bob topic post watched x

# The broker is away, and somebody leaves the topic before it hears of the posts.
kill "$pid"
wait "$pid"
until_ok not open_broker alice
is 0 'queued' as alice topic post ops 'while it was away' --id away-1
says 'queued for #ops'
silent 'posted'
is 0 '  as JSON' as alice send '#ops' 'and another' --id away-2 --json
one_document
says '"messageId":null'
says '"status":"queued"'
is 0 '  in order' as alice topic post ops 'and the last' --id away-3
is 0 'in the outbox' as alice daemon outbox --pending
says 'to #ops'
kill -9 "$(pid_of alice)"
until_ok not running alice
"$broker" --listen "127.0.0.1:$port" --data "$work/broker" --rate-limit 0 --log-level error >"$work/again.out" 2>&1 &
pid=$!
pids="$pids $pid"
until_ok grep -q '^listening on ' "$work/again.out"
until_ok open_broker carol
is 0 'carol leaves meanwhile' as carol topic leave ops
is 0 'alice is back' as alice daemon up --quiet
reads bob 'and the last' 'all are posted'
as bob topic history ops --limit 3 --json >"$out"
same 3 "$(grep -oE 'while it was away|and another|and the last' "$out" | wc -l)" '  each once'
same 'and the last,and another,while it was away' "$(grep -oE 'while it was away|and another|and the last' "$out" | paste -sd, -)" '  in order'
says '"epoch":2'
is 0 '  under a key that carol has not' as carol topic history ops
silent 'while it was away'
is 0 'asked again' as alice topic post ops 'while it was away' --id away-1 --json
says '"duplicate":true'
is 0 'nothing waits' as alice daemon outbox --pending
says '(empty)'

# Killed in the middle of posting, again and again: every one that was answered is there, once.
for i in 1 2 3 4 5 6; do
	as alice topic post ops "kill $i a" --id "kill-$i-a" >/dev/null
	as alice topic post ops "kill $i b" --id "kill-$i-b" >/dev/null &
	posting=$!
	kill -9 "$(pid_of alice)" 2>/dev/null
	wait "$posting" 2>/dev/null
	until_ok as alice topic post ops "kill $i b" --id "kill-$i-b" --json
done
reads bob 'kill 6 b' 'killed again and again'
as bob topic history ops --limit 50 --json >"$out"
for i in 1 2 3 4 5 6; do
	same 1 "$(grep -o "\"kill $i a\"" "$out" | wc -l)" "  $i a"
	same 1 "$(grep -o "\"kill $i b\"" "$out" | wc -l)" "  $i b"
done

# Without a daemon it is as it was.
is 0 'without a daemon' env CLAUDEMESH_NO_DAEMON=1 CLAUDEMESH_CONFIG_DIR="$work/bob" "$claudemesh" topic post ops 'directly' --json
silent '"via"'
says '"epoch":2'

finish
