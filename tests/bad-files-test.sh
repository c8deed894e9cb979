#!/bin/sh
# bad-files-test.sh CLAUDEMESH BROKER - files that are locked, damaged, or open to others, on both
# sides: one clear error with what to do, and what was there stays as it was. TAP on stdout.
set -u
claudemesh=$(realpath "$1")
broker=$(realpath "$2")
. "$(dirname "$0")/cli-lib.sh"
. "$(dirname "$0")/bad-lib.sh"

# same FILE: it is what keep FILE saw
keep() { cp "$1" "$work/kept"; }
same() { cmp -s "$1" "$work/kept" && verdict ok '  and left as it was' || verdict no '  and left as it was'; }

start good
good=$url
good_pid=$pid
is 0 'create' as alice create demo --broker "$good" --name alice
is 0 'share' as alice share --json
is 0 'join' as bob join "$(member url)" --name bob

# Another program holds the database: sends are to be tried again, and then go through.
mkfifo "$work/hold"
python3 -c '
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN IMMEDIATE")
print("held", flush=True)
open(sys.argv[2]).read()
' "$work/good/broker.db" "$work/hold" >"$work/holder" &
pids="$pids $!"
until_ok grep -q held "$work/holder"
is 4 'send while another program holds the database' as alice send bob 'while held'
tells 'try again'
: >"$work/hold"
until_ok as alice send bob 'after that'
is 0 'inbox' as bob inbox
says 'after that'
silent 'while held'

# The user's own files.
chmod 644 "$work/alice/config.json"
keep "$work/alice/config.json"
is 7 'config.json open to others' as alice peers
tells "chmod 600 '$work/alice/config.json'"
is 7 '  not written either' as alice create other --broker "$good"
same "$work/alice/config.json"
chmod 600 "$work/alice/config.json"
key=$(ls "$work"/alice/keys/*.json)
chmod 640 "$key"
is 7 'keys/MESH.json open to others' as alice share
tells "chmod 600 '$key'"
chmod 600 "$key"
if [ "$(id -u)" = 0 ]; then
	chown 65534 "$work/alice/config.json"
	is 7 'config.json of another user' as alice peers
	tells "chown 0 '$work/alice/config.json'"
	chown 0 "$work/alice/config.json"
	echo 'log-level = info' >"$work/conf"
	chmod 600 "$work/conf"
	chown 65534 "$work/conf"
	refuses 7 'belongs to another user (65534): chown it' none --config "$work/conf"
	mkdir -m 700 "$work/foreign"
	chown 65534 "$work/foreign"
	refuses 7 'chown it to the user of the broker' foreign
fi
cp "$work/alice/config.json" "$work/whole"
head -c 100 "$work/whole" >"$work/alice/config.json"
keep "$work/alice/config.json"
is 3 'config.json cut off' as alice peers
tells "'$work/alice/config.json' cannot be used: not JSON"
is 3 '  never overwritten' as alice create other --broker "$good"
same "$work/alice/config.json"
cp "$work/whole" "$work/alice/config.json"
printf '[]' >"$key.new" && chmod 600 "$key.new" && cp -p "$key" "$work/key" && mv "$key.new" "$key"
is 3 'a key file that is no object' as alice share
tells "'$key' cannot be used"
mv "$work/key" "$key"
is 0 'all is well again' as alice send bob 'as before'

# Names and texts of others that act on a terminal (D-50). They pass the broker as they are.
is 0 'a summary with escapes' as bob summary "$(printf 'a\033[2Jb\033]0;x\007c\302\233d\r')"
is 0 '  listed' as alice peers --all
silent "$(printf '\033')"
silent "$(printf '\302\233')"
is 0 '  a text with escapes' as alice send bob "$(printf 'x\033[31mred\007')"
is 0 '  shown' as bob inbox
silent "$(printf '\033')"
is 0 '  share' as alice share --json
is 3 'a name with escapes is refused' as eve join "$(member url)" --name "$(printf 'e\033[2Jve')"
silent "$(printf '\033')"

# The broker's own files.
stop $good_pid
cp -r "$work/good" "$work/damaged"
python3 -c 'f = open("'"$work"'/damaged/broker.db", "r+b"); f.seek(4096); f.write(b"\xff" * 50000)'
keep "$work/damaged/broker.db"
refuses 8 "is damaged" damaged
tells 'restore a backup'
same "$work/damaged/broker.db"
chmod 640 "$work/good/broker.key"
refuses 7 "chmod 600 '$work/good/broker.key'" good
chmod 600 "$work/good/broker.key"
truncate -s 10 "$work/good/broker.key"
keep "$work/good/broker.key"
refuses 10 'has 10 bytes instead of 32: restore it from a backup' good
same "$work/good/broker.key"
rm "$work/good/broker.key"
"$broker" --listen 127.0.0.1:0 --data "$work/good" >"$work/anew" 2>"$err" &
anew=$!
until_ok grep -q listening "$work/anew"
tells 'broker.key was missing and is made anew'
stop $anew
python3 -c '
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("CREATE TABLE theirs (x)")
db.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
open(sys.argv[2]).read()
' "$work/theirs.db" "$work/hold" >"$work/holder" &
pids="$pids $!"
until_ok grep -q held "$work/holder"
refuses 4 'is locked by another program' locked --database "$work/theirs.db"
: >"$work/hold"

echo "1..$count"
