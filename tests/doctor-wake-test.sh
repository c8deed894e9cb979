#!/bin/sh
# doctor-wake-test.sh CLAUDEMESH BROKER - `doctor wake` climbs each rung with a number and times it,
# tells how each session hears, disturbs none of them and leaves nothing behind. TAP on stdout.
set -u
claudemesh=$(realpath "$1")
broker=$2
here=$(realpath "$(dirname "$0")")
. "$here/agent-lib.sh"
export TMPDIR="$work/tmp"
mkdir -p "$TMPDIR" "$work/dir"
ln -s "$here/agents/claude" "$work/bin/claude"

heard() { grep -qF -- "$1" "$work/log"; }
# rungs STATE...: those of the ladder are so, in order, and those that are ok were timed
rungs() {
	python3 - "$out" "$@" <<'PYTHON' && verdict ok "  rungs: $*" || verdict no "  rungs: $*"
import json, sys
names = ["broker", "daemon", "channel", "inbox", "hook"]
rows = [c for c in json.load(open(sys.argv[1]))["checks"] if c["check"] in names]
sys.exit([c["check"] for c in rows] != names[:len(rows)] or [c["state"] for c in rows] != sys.argv[2:] or
         any((c["state"] == "ok") != (0 < c.get("us", 0) < 5e6) or (c["state"] == "fail") != bool(c["remedy"]) for c in rows))
PYTHON
}
fits() {
	python3 -c 'import sys; sys.exit(any(len(line.rstrip("\n")) > 80 for line in open(sys.argv[1], encoding="utf-8")))' "$out" &&
		verdict ok '  in 80 columns' || verdict no '  in 80 columns'
}
shows() { as alice doctor wake >"$work/wake" 2>&1; grep -qF -- "$1" "$work/wake"; }

a_mesh

is 0 'with nobody here' as alice doctor wake
says 'broker (accepted, '
says 'channel (told by claudemesh mcp, '
says 'hook (handed over, '
says 'none runs'
fits
is 0 'as JSON' as alice doctor wake --json
rungs ok ok ok ok ok

: >"$work/log"
cd "$work/dir" || exit 1
(HOME="$work/alice" FAKE_LOG="$work/log" exec claudemesh launch --name alice >"$work/launch" 2>&1) &
pids="$pids $!"
until_ok heard '"ready": true'
until_ok shows 'alice on demo (now: its channel is open)' && verdict ok 'an agent with a channel' || verdict no 'an agent with a channel'
(HOME="$work/alice" FAKE_LOG="$work/log2" exec claudemesh launch --name quiet --message-mode off >"$work/launch2" 2>&1) &
pids="$pids $!"
until_ok shows 'quiet on demo (not: it was started with message mode off)' && verdict ok 'one that wants quiet' || verdict no 'one that wants quiet'
until_ok shows 'claudemesh launch --message-mode push' && verdict ok '  and what to do' || verdict no '  and what to do'
# An agent that nobody launched: its hook makes it a session.
HOME="$work/alice" python3 -c 'import json, subprocess, sys, time
subprocess.run(["claudemesh", "hook", "idle"], input=json.dumps({"hook_event_name": "SessionStart", "session_id": "s", "cwd": "/"}), text=True)
open(sys.argv[1], "w").close()
time.sleep(60)' "$work/hooked" >/dev/null 2>&1 &
pids="$pids $!"
until_ok test -e "$work/hooked"
until_ok shows 'on demo (at its next turn: its hooks run)' && verdict ok 'one with hooks' || verdict no 'one with hooks'
is 0 'all of it' as alice doctor wake
fits
grep -q 'doctor wake' "$work/log" "$work/log2" && verdict no '  no agent was disturbed' || verdict ok '  no agent was disturbed'
as alice inbox --json | grep -q 'doctor wake' && verdict no '  nothing is left in the inbox' || verdict ok '  nothing is left in the inbox'
as bob peers --json | grep -q '"displayName":"doctor"' && verdict no '  nor a session' || verdict ok '  nor a session'

is 1 'without a daemon' as alice doctor wake --no-daemon
says 'claudemesh daemon up'
kill "${pids%% *}"
wait "${pids%% *}"
is 1 'without a broker' as alice doctor wake --json
rungs fail skip skip skip skip

echo "1..$count"
