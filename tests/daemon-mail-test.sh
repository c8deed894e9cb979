#!/bin/sh
# daemon-mail-test.sh CLAUDEMESH BROKER - two people who write to each other through their daemons,
# with a broker that goes away and daemons that are killed. TAP on stdout.
set -u
claudemesh=$1
broker=$2
. "$(dirname "$0")/daemon-lib.sh"

start broker --log-level error
as alice create Team --broker "$url" --name alice >/dev/null || exit 1
link=$(as alice share --uses 5 --json | sed -n 's/.*"url":"\([^"]*\)".*/\1/p')
as bob join "$link" --name bob >/dev/null || exit 1
port=${url##*:}
open_broker() { as "$1" daemon status --json | grep -q '"team":"open"'; }
for who in alice bob; do
	is 0 "$who's daemon" as $who daemon up --quiet
	until_ok open_broker $who
done

# Sent, and read once.
is 0 'a message' as alice send bob 'first words'
says 'sent to bob'
is 0 'as JSON' as alice send bob 'second words' --json
one_document
says '"via":"daemon"'
says '"status":"done"'
says '"delivery":"live"'
is 0 'waited for' as alice send bob 'third words' --wait --timeout 10s
says 'delivered'
is 0 'the inbox' as bob inbox
says 'first words'
says '(3 messages)'
silent unverified
is 0 'read' as bob inbox --unread
says 'no unread messages'
is 0 'kept' as bob inbox --limit 1 --json
says 'third words'
says '"unread":false'
silent 'first words'

# What was not written out was not read.
as alice send bob 'fourth words' >/dev/null
is 10 'a full disk at the reader' sh -c "CLAUDEMESH_CONFIG_DIR='$work/bob' '$claudemesh' inbox --unread >/dev/full"
is 0 'it is unread' as bob inbox --unread
says 'fourth words'

# Ids.
is 0 'with an id' as alice send bob 'fifth words' --id five
is 0 'repeated' as alice send bob 'fifth words' --id five
says 'before'
is 6 'another text under it' as alice send bob 'other words' --id five
tells 'outbox_done_fingerprint_mismatch'
is 0 'it came once' as bob inbox --unread --json
same 1 "$(grep -o 'fifth words' "$out" | wc -l)" 'once'

# Whom there is not.
is 5 'nobody of that name' as alice send carol hello
tells 'carol'
is 3 'no text' as alice send bob ''

# Forgetting.
id=$(as bob inbox --limit 1 --json | sed -n 's/.*"row":"\([^"]*\)".*/\1/p')
is 0 'one' as bob inbox delete "$id"
is 5 'not twice' as bob inbox delete "$id" --json
says '"error":"not_found"'
is 3 'all needs a word' as bob inbox flush
is 0 'all' as bob inbox flush --all --json
says '"removed":4'
is 0 'none' as bob inbox
says 'no messages'

# The broker is away: queued, and sent when it is back.
kill "$pid"
wait "$pid"
until_ok not open_broker alice
is 0 'queued' as alice send bob 'words for later'
says 'queued for bob'
silent 'sent to'
is 0 'as JSON' as alice send bob 'more words for later' --json
says '"messageId":null'
says '"delivery":"queued"'
is 11 'waited for in vain' as alice send bob 'the last words for later' --wait --timeout 1s
tells 'stays queued'
is 0 'in the outbox' as alice daemon outbox --pending
says 'to bob'
# Killed meanwhile, nothing is lost and nothing doubled.
kill -9 "$(pid_of alice)" "$(pid_of bob)"
until_ok not running alice
"$broker" --listen "127.0.0.1:$port" --data "$work/broker" --rate-limit 0 --log-level error >"$work/again.out" 2>&1 &
pid=$!
pids="$pids $pid"
until_ok grep -q '^listening on ' "$work/again.out"
is 0 'alice is back' as alice daemon up --quiet
got_all() { [ "$(as bob inbox --json | grep -o 'words for later' | wc -l)" = 3 ]; }
until_ok got_all
is 0 'all came' as bob inbox --json
same 3 "$(grep -o 'words for later' "$out" | wc -l)" 'each once'
until_ok sh -c "CLAUDEMESH_CONFIG_DIR='$work/alice' '$claudemesh' daemon outbox --pending | grep -q '(empty)'"

# Listening: what is unread first, each once; SIGTERM ends it well.
as alice send bob 'before listening' >/dev/null
CLAUDEMESH_CONFIG_DIR="$work/bob" "$claudemesh" listen >"$work/heard" 2>"$work/heard.err" &
ears=$!
until_ok grep -q 'before listening' "$work/heard"
as alice send bob 'while listening' >/dev/null
until_ok grep -q 'while listening' "$work/heard"
kill -9 "$(pid_of bob)"
until_ok not running bob
is 0 'its daemon is killed and comes back' as bob daemon up --quiet
until_ok open_broker bob
as alice send bob 'after that' >/dev/null
until_ok grep -q 'after that' "$work/heard"
kill "$ears"
wait "$ears"
same 0 $? 'SIGTERM ends listening with 0'
same 3 "$(grep -c listening "$work/heard.err" "$work/heard" | awk -F: '{ n += $2 } END { print n }')" 'each once'
is 0 'and read' as bob inbox --unread
says 'no unread messages'

# What others see.
is 0 'summary' as bob summary 'builds a boat'
is 0 'status' as bob status set working
is 0 'seen' as alice peers --all
says 'builds a boat'
is 0 'hidden' as bob visible no
is 0 'shown' as bob visible yes
is 3 'no such status' as bob status set asleep

# A mesh joined meanwhile is there without a restart.
as alice create Other --broker "$url" --name alice >/dev/null
until_ok sh -c "CLAUDEMESH_CONFIG_DIR='$work/alice' '$claudemesh' daemon status --json | grep -q '\"other\":\"open\"'"
is 0 'a new mesh' as alice daemon status
says other
is 3 'which one' as alice send bob hello
tells 'team'
is 0 'this one' as alice send bob hello --mesh team
is 5 'none of that name' as alice send bob hello --mesh tean
tells 'team'
as alice leave other --yes >/dev/null
until_ok sh -c "! CLAUDEMESH_CONFIG_DIR='$work/alice' '$claudemesh' daemon status --json | grep -q '\"other\"'"
is 0 'left' as alice send bob hello

# A topic is no peer, and a long name no id.
topic=a-name-longer-than-an-id-is
as bob status set idle >/dev/null
is 0 'a topic' as alice topic create "$topic"
is 0 'who joins it' as bob topic join "$topic"
is 0 'C-20 send to a #topic through the daemon' as alice send "#$topic" 'for all of us' --strict --json
says "\"topic\":\"$topic\""
is 5 'C-20 one that there is not is told so' as alice send '#another-name-longer-than-an-id' hello --strict
posted() { as bob inbox --json | grep -qF 'for all of us'; }
until_ok posted && verdict ok '  it arrives' || verdict no '  it arrives'

finish
