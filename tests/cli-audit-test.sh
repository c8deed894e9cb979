#!/bin/sh
# cli-audit-test.sh CLAUDEMESH BROKER - the audit log from the command line: shown to admins, verified row
# by row, and everything found that somebody with the database changes. TAP on stdout.
set -u
claudemesh=$1
broker=$2
. "$(dirname "$0")/daemon-lib.sh"
export HOME="$work"
start broker

as alice create demo --broker "$url" --name alice --no-daemon >"$out" 2>&1
link=$(as alice share --no-daemon --json | sed -n 's/.*"url":"\([^"]*\)".*/\1/p')
as bob join "$link" --name bob --no-daemon >"$out" 2>&1
as bob send alice 'a secret of ours' --no-daemon >"$out" 2>&1

shown() {
	is 0 "list ($how)" as alice audit list
	says 'audit log of demo'
	says 'mesh_created  system'
	says 'message_sent  bob'
	silent 'a secret of ours'
	is 0 'as JSON' as alice audit query --event member_joined --json
	one_document
	says '"total":2'
	is 0 'fields of it' as alice audit --limit 1 --json=id,eventType
	one_document
	is 7 'not for a member' as bob audit list
	tells 'for admins'
	is 3 'a limit that is too large' as alice audit list --limit 501
	is 3 'a row that is none' as alice audit list --before 0
}
how=cold
export CLAUDEMESH_NO_DAEMON=1
shown

is 0 'verify' as alice audit verify
says 'the audit log of demo holds'
says '--save FILE'
is 0 '  and keep a checkpoint' as alice audit verify --save "$work/kept"
says 'checkpoint kept in'
mode_is 600 "$work/kept"
is 0 '  as JSON' as alice audit verify --json --checkpoint "$work/kept"
one_document
says '"valid":true'
says '"checkpointRow":'
is 0 '  in its own place' as alice audit verify --checkpoint "$work/kept" --save "$work/kept"
says 'is in it'
is 7 'not for a member' as bob audit verify
is 7 '  a checkpoint neither' as bob audit checkpoint
is 0 'a checkpoint on standard output' as alice audit checkpoint
cp "$out" "$work/printed"
is 0 '  is one' as alice audit verify --checkpoint "$work/printed"
is 0 '  as JSON, too' as alice audit checkpoint --json
one_document
cp "$out" "$work/printed"
is 0 '  is one' as alice audit verify --checkpoint "$work/printed"
sed 's/"seq":\([0-9]*\)/"seq":9\1/' "$work/kept" >"$work/changed"
is 3 'a checkpoint that was changed' as alice audit verify --checkpoint "$work/changed"
tells 'signature'
is 5 'one that is not there' as alice audit verify --checkpoint "$work/nothing"
is 3 'a file that is none' as alice audit verify --checkpoint "$0"
is 10 'a directory' as alice audit verify --checkpoint "$work"
as alice create other --broker "$url" --name alice >"$out" 2>&1
is 3 'one of another mesh' as alice audit verify --mesh other --checkpoint "$work/kept"
tells 'another mesh'

# away, again: the same broker stops, and is back where it was
away() {
	kill "$pid"
	wait "$pid"
	rm -f "$work/broker.out"
}
again() {
	"$broker" --listen "127.0.0.1:$port" --data "$work/broker" --rate-limit 0 >"$work/broker.out" 2>"$work/broker.log" &
	pid=$!
	pids="$pids $pid"
	until_ok grep -q '^listening on ' "$work/broker.out"
}

# change SQL: in the database, while the broker is away
change() {
	python3 -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.executescript(sys.argv[2])
db.commit()' "$work/broker/broker.db" "$1"
}

# found ROW SQL...: done to the database, it is found at that row; then undone
found() {
	away
	mkdir "$work/good" && cp "$work"/broker/broker.db* "$work/good"
	change "$2"
	again
	is 6 "$2" as alice audit verify --mesh demo
	tells "at row $1"
	is 6 '  as JSON' as alice audit verify --mesh demo --json
	says "\"valid\":false,\"brokenAt\":$1,"
	is 6 '  and no checkpoint is kept of it' as alice audit verify --mesh demo --save "$work/never"
	[ -e "$work/never" ] && verdict no '  nothing there' || verdict ok '  nothing there'
	away
	rm "$work"/broker/broker.db* && mv "$work"/good/* "$work/broker" && rmdir "$work/good"
	again
}
found 3 "UPDATE audit SET payload = replace(payload, 'member', 'admin') WHERE mesh_no = 1 AND seq = 3"
found 2 "UPDATE audit SET created_ms = created_ms + 1 WHERE mesh_no = 1 AND seq = 2"
found 4 "DELETE FROM audit WHERE mesh_no = 1 AND seq = 4"

as alice audit verify --mesh demo --save "$work/kept" >"$out" 2>&1
rows=$(sed 's/.*"seq":\([0-9]*\),.*/\1/' "$work/kept")
away
change "DELETE FROM audit WHERE mesh_no = 1 AND seq > $((rows - 3))"
again
is 0 'rows off the end: nobody sees it' as alice audit verify --mesh demo
is 6 '  but who kept a checkpoint' as alice audit verify --mesh demo --checkpoint "$work/kept"
tells 'row'
for i in 1 2 3 4 5; do as alice audit list --mesh demo >"$out" 2>&1; done
is 6 '  also when there are as many again' as alice audit verify --mesh demo --checkpoint "$work/kept"
tells "at row $rows: it is not the row that the checkpoint was made of"

unset CLAUDEMESH_NO_DAEMON
how='through the daemon'
export CLAUDEMESH_MESH=demo
as alice leave other --yes >"$out" 2>&1
is 0 'through the daemon' as alice audit list --mesh demo
is 0 '  verify' as alice audit verify --mesh demo
is 7 '  a refusal keeps its status' as bob audit list
finish
