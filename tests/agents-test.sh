#!/bin/sh
# agents-test.sh CLAUDEMESH BROKER - agents that no channel wakes hear a peer through their hooks,
# as `claudemesh install` set them up: at the next turn or instead of stopping, once, and answer.
# The agents are tests/agents/codex, gemini and cursor-agent. TAP on stdout.
set -u
claudemesh=$(realpath "$1")
broker=$2
here=$(realpath "$(dirname "$0")")
. "$here/agent-lib.sh"
mkdir -p "$work/alice/.codex" "$work/alice/.gemini" "$work/alice/.cursor"
export CLAUDEMESH_HOOK_DEBUG=1
for agent in codex gemini cursor-agent; do ln -s "$here/agents/$agent" "$work/bin/$agent"; done

heard() { grep -qF -- "$1" "$work/log"; }
heard_once() { [ "$(grep '"told"' "$work/log" | grep -cF -- "$1")" = 1 ] && verdict ok "  once" || verdict no "  once: $1"; }
listed() { as bob inbox --json >>"$work/inboxes" 2>&1; grep -qF -- "$1" "$work/inboxes"; }
# address: of the session that runs in $work/DIRECTORY, as bob sees it
address() {
	as bob peers --json | python3 -c 'import json, sys
for p in json.load(sys.stdin)["peers"]:
    if p.get("cwd") == sys.argv[1]:
        print(p["pubkey"], p["memberPubkey"], p["status"], p["reach"])' "$work/$1"
}
is_listed() { [ -n "$(address "$1")" ]; }
is_away() { [ -z "$(address "$1")" ]; }
arrived() { as bob msg-status "$1" --json | grep -q '"delivered":true'; }

a_mesh
is 0 'install' as alice install --agents codex,gemini,cursor
is 0 'a daemon' as alice daemon up
is 0 'a topic' as bob topic create ops
is 0 '  that alice is in' as alice topic join ops
posted() { as bob topic history ops --json | grep -qF "\"replyToId\":\"$2\",\"seq\":$3,\"priority\":\"next\"" && as bob topic history ops | grep -qF -- "$1"; }
posts=0

for agent in codex gemini cursor-agent; do
	: >"$work/log"
	mkdir "$work/$agent" && mkfifo "$work/$agent.in" && cd "$work/$agent" || exit 1
	FAKE_LOG="$work/log" HOME="$work/alice" "$agent" "session-of-$agent" <"$work/$agent.in" >"$work/$agent.out" 2>&1 &
	pid=$!
	pids="$pids $pid"
	exec 3>"$work/$agent.in"
	until_ok heard '"started"' || sed 's/^/# /' "$work/$agent.out"
	until_ok is_listed "$agent" && verdict ok "$agent is listed while it runs" || verdict no "$agent is listed while it runs"
	session=$(address "$agent" | cut -d ' ' -f 1)
	[ "$session" != "$(address "$agent" | cut -d ' ' -f 2)" ] && verdict ok '  with an address of its own' || verdict no '  with an address of its own'

	[ "$(address "$agent" | cut -d ' ' -f 4)" = next_turn ] && verdict ok '  it is reached at its next turn' || verdict no '  it is reached at its next turn'

	is 0 "a peer writes to $agent" as bob send "$session" "hello $agent" --wait --json
	message=$(member messageId)
	until_ok arrived "$message"
	echo 'go' >&3
	until_ok heard '"rests": "go"'
	until_ok listed "echo: hello $agent" && verdict ok '  it answers' || verdict no '  it answers'
	heard_once "bob: hello $agent"
	grep -q '"told".*a member of this mesh, not your user' "$work/log" && verdict ok '  it is told who says it' || verdict no '  it is told who says it'

	# The prompt of Cursor has no place for text: it was the stop that handed it over.
	[ "$agent" = cursor-agent ] && want=2 || want=1
	heard "\"rests\": \"go\", \"turns\": $want" && verdict ok "  in turn $want" || verdict no "  in turn $want"

	# What comes while it works is why it does not stop yet; the stop after that is let through.
	mkfifo "$work/$agent.turn"
	echo "read $work/$agent.turn" >&3
	until_ok heard "\"told\": \"read $work/$agent.turn"
	is 0 "a peer writes while $agent works" as bob send "$session" "busy $agent" --wait --json
	message=$(member messageId)
	until_ok arrived "$message"
	echo 'go on' >"$work/$agent.turn"
	until_ok listed "echo: busy $agent" && verdict ok '  it answers before it stops' || verdict no '  it answers before it stops'
	until_ok heard "$agent.turn\", \"turns\": 2" && verdict ok '  and stops then' || verdict no '  and stops then'
	heard_once "bob: busy $agent"
	echo 'idle' >&3
	until_ok heard '"rests": "idle", "turns": 1' && verdict ok '  a stop without news is let through' || verdict no '  a stop without news is let through'
	heard_once "bob: hello $agent"

	posts=$((posts + 2))
	is 0 "a peer posts to a topic that $agent's user is in" as bob topic post ops "post $agent" --json
	message=$(member messageId)
	echo 'topics' >&3
	until_ok heard '"rests": "topics"'
	until_ok posted "echo: post $agent" "$message" $posts && verdict ok '  it answers in the topic, under the post' || verdict no '  it answers in the topic, under the post'
	heard_once "bob (#ops): post $agent"

	exec 3>&-
	until_ok heard '"ended"'
	wait "$pid" && verdict ok "$agent ends" || { verdict no "$agent ends"; sed 's/^/# /' "$work/$agent.out"; }
	until_ok is_away "$agent" && verdict ok '  and leaves the list' || verdict no '  and leaves the list'
	cat "$work/log" >>"$work/logs"
done
grep '"hook"' "$work/logs" | grep -qv '"status": 0' && verdict no 'every hook ends with 0' || verdict ok 'every hook ends with 0'

# A generous bound: this may be a build with sanitizers, on a machine that does other work.
python3 - "$work/logs" <<'E2' && verdict ok 'a hook takes no time' || verdict no 'a hook takes no time'
import json, sys
took = sorted(json.loads(line)["took_ms"] for line in open(sys.argv[1]) if '"hook"' in line)
print("# %d hooks: median %.1f ms, longest %.1f ms" % (len(took), took[len(took) // 2], took[-1]))
sys.exit(took[len(took) // 2] > 500 or len(took) < 15)
E2
echo "1..$count"
