#!/bin/sh
# launch-test.sh CLAUDEMESH BROKER - an agent session from its start to its end: it hears a peer
# the moment it speaks, answers, and what is sent to it afterwards waits for its next start. The
# agent is tests/agents/claude. TAP on stdout.
set -u
claudemesh=$(realpath "$1")
broker=$2
here=$(realpath "$(dirname "$0")")
. "$here/agent-lib.sh"
export TMPDIR="$work/tmp"
mkdir -p "$TMPDIR" "$work/dir"
ln -s "$here/agents/claude" "$work/bin/claude"

heard() { grep -qF -- "$1" "$work/log"; }
# reached REACH: so soon the session of the agent hears, as bob sees it
reached() {
	as bob peers --json | python3 -c 'import json, sys
p = [p for p in json.load(sys.stdin)["peers"] if p.get("cwd") == sys.argv[1]]
sys.exit(0 if p and p[0]["reach"] == sys.argv[2] else 1)' "$work/dir" "$1"
}
in_inbox() { as alice inbox --json | grep -qF -- "$1"; }
listed() { as bob inbox --json >"$work/inbox" 2>&1; cat "$work/inbox" >>"$work/inboxes"; grep -qF -- "$1" "$work/inboxes"; }

a_mesh

is 0 'launch --print shows, and does nothing' as alice launch --print -- --model opus
says '--model opus'
[ -z "$(ls "$TMPDIR")" ] && verdict ok '  no file was made' || verdict no '  no file was made'
is 3 '--print joins nothing' as alice launch --print --join http://127.0.0.1:1/i/abcdefgh
is 9 'an agent that is not installed' as alice launch --agent codex
tells 'codex'
[ -z "$(ls "$TMPDIR")" ] && verdict ok '  its files are gone' || verdict no '  its files are gone'

: >"$work/log"
cd "$work/dir" || exit 1
(FAKE_LOG="$work/log" as alice launch --name alice --role reviewer --groups dev -- --model opus >"$work/launch" 2>&1; echo $? >"$work/status") &
until_ok heard '"ready": true' && verdict ok 'the agent runs' || sed 's/^/# /' "$work/launch" "$work/log"
heard '"secret": true' && verdict ok '  with a configuration of its own' || verdict no '  with a configuration of its own'
is 0 'a peer writes' as bob send alice 'hello'
until_ok heard 'bob: hello' && verdict ok '  the agent hears it' || verdict no '  the agent hears it'
until_ok listed 'echo: bob: hello' && verdict ok '  and its answer arrives' || verdict no '  and its answer arrives'
heard '"provenance": "mesh"' && verdict ok '  the sender is a verified member' || verdict no '  the sender is a verified member'
heard '"hook": "UserPromptSubmit", "status": 0' && verdict ok '  its hooks end with 0' || verdict no '  its hooks end with 0'
until_ok reached now && verdict ok '  and is reached now' || verdict no '  and is reached now'
is 0 'peers' as bob peers --json
says '"groups":[{"name":"dev"}]'
says '"role":"reviewer"'
[ "$(grep -o '"cwd"' "$out" | wc -l)" = 1 ] && verdict ok '  one session, the one that runs' || verdict no '  one session, the one that runs'
is 0 'peers, for people' as bob peers
says 'alice · now [role:reviewer, @dev] (ai, claudemesh-session)'
session=$(sed -n 's/.*"session": "\([^"]*\)".*/\1/p' "$work/log" | head -n 1)
is 0 'a last word' as bob send alice 'bye'
until_ok test -s "$work/status"
[ "$(cat "$work/status")" = 7 ] && verdict ok 'launch ends as the agent did' || verdict no "launch ends as the agent did ($(cat "$work/status"))"
heard '"server_ended": 0' && verdict ok '  the MCP server ended with its input' || verdict no '  the MCP server ended with its input'
[ -z "$(ls "$TMPDIR")" ] && verdict ok '  no file is left' || verdict no '  no file is left'

# The session is over; a reply to its address waits for it.
is 0 'a reply to who has gone' as bob send alice 'are you back'
: >"$work/log"
rm -f "$work/status"
(FAKE_LOG="$work/log" as alice launch --resume "$session" >"$work/launch" 2>&1; echo $? >"$work/status") &
until_ok heard 'bob: are you back' && verdict ok 'S03 it is heard at the next start' || verdict no 'S03 it is heard at the next start'
pid=$(pgrep -f "claudemesh launch --resume $session" | head -n 1)
kill -TERM "$pid"
until_ok test -s "$work/status"
ls "$TMPDIR" >"$out"
[ ! -s "$out" ] && verdict ok 'ended by a signal, no file is left' || verdict no 'ended by a signal, no file is left'

# What the agent does not want pushed waits, and it is told of that, or not.
for mode in inbox off; do
	: >"$work/log"
	rm -f "$work/status"
	(FAKE_LOG="$work/log" as alice launch --message-mode $mode >"$work/launch" 2>&1; echo $? >"$work/status") &
	until_ok heard '"ready": true' && verdict ok "a session with message mode $mode" || sed 's/^/# /' "$work/launch" "$work/log"
	[ $mode = inbox ] && want=poll || want=not
	until_ok reached $want && verdict ok "  is reached: $want" || verdict no "  is reached: $want"
	is 0 '  a peer writes' as bob send alice "held by $mode" --wait
	until_ok in_inbox "held by $mode" && verdict ok '  it is in the inbox' || verdict no '  it is in the inbox'
	if [ $mode = inbox ]; then
		until_ok heard 'waits: claudemesh inbox' && verdict ok '  the agent is told that it waits' || verdict no '  the agent is told that it waits'
	else
		heard 'waits' && verdict no '  the agent is not told' || verdict ok '  the agent is not told'
	fi
	heard "held by $mode" && verdict no '  nor what it says' || verdict ok '  nor what it says'
	kill -TERM "$(pgrep -f "claudemesh launch --message-mode $mode" | head -n 1)"
	until_ok test -s "$work/status"
done

# A daemon that is slow at the start: the session is on the mesh as soon as it answers.
: >"$work/log"
rm -f "$work/status"
slow=$(cat "$(find "$work/alice" -name daemon.pid)")
kill -STOP "$slow"
(FAKE_LOG="$work/log" as alice launch --message-mode inbox >"$work/launch" 2>&1; echo $? >"$work/status") &
until_ok heard '"started"' && verdict ok 'a session whose daemon does not answer' || verdict no 'a session whose daemon does not answer'
kill -CONT "$slow"
until_ok reached poll && verdict ok '  is on the mesh once it does' || verdict no '  is on the mesh once it does'
is 0 '  a peer writes' as bob send alice 'for the late one' --wait
until_ok heard 'waits: claudemesh inbox' && verdict ok '  and the agent is told' || verdict no '  and the agent is told'
kill -TERM "$(pgrep -f 'claudemesh launch --message-mode inbox' | head -n 1)"
until_ok test -s "$work/status"

echo "1..$count"
