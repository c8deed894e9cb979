#!/bin/sh
# bad-sockets-test.sh CLAUDEMESH BROKER - crowds of sockets that never say hello (D-17): so many
# are held and no more, they are ended in time, and who is connected notices nothing. TAP on stdout.
set -u
claudemesh=$(realpath "$1")
broker=$(realpath "$2")
here=$(dirname "$(realpath "$0")")
. "$here/cli-lib.sh"
. "$here/bad-lib.sh"

# crowd NAME KIND COUNT ADDRESS...: it stays until disperse NAME
crowd() {
	crowd=$1
	shift
	mkfifo "$work/$crowd"
	python3 "$here/crowd.py" "$port" "$@" <"$work/$crowd" >"$work/$crowd.out" 2>"$err" &
	pids="$pids $!"
	sleep 1000 >"$work/$crowd" &
	eval "hold_$crowd=$!"
	pids="$pids $!"
}
disperse() { eval "kill \$hold_$1"; }
# counts NAME HELD ENDED: the crowd comes to that
counts() {
	until_ok sh -c '[ "$(tail -n 1 "$1")" = "$2 $3" ]' - "$work/$1.out" "$2" "$3" &&
		verdict ok "  $2 are held, $3 ended" || tail -n 1 "$work/$1.out" | sed 's/^/# /'
}

start crowded --hello-seconds 2
is 0 'create' as alice create demo --broker "$url" --name alice
is 0 'share' as alice share --json
is 0 'join' as bob join "$(member url)" --name bob
# Not through as(): the process itself is to be ended.
CLAUDEMESH_CONFIG_DIR="$work/bob" "$claudemesh" listen --json >"$work/heard" 2>"$work/listen.err" &
listener=$!
pids="$pids $listener"
online() { as alice peers --json | sed 's/"members":.*//' | grep -q '"displayName":"bob"'; }
until_ok online

crowd one silent 300 127.0.0.2
counts one 256 44
is 0 'another address is served meanwhile' as alice send bob 'past the crowd'
until_ok grep -q 'past the crowd' "$work/heard"
crowd more half 256 127.0.0.3 127.0.0.4 127.0.0.5
counts more 768 0
crowd last silent 3 127.0.0.6
counts last 0 3
is 4 '1,024 are enough for all' as alice send bob 'no room'
tells "127.0.0.1:$port"
disperse one
disperse more
until_ok as alice send bob 'room again'
until_ok grep -q 'room again' "$work/heard"
crowd sockets ws 200 127.0.0.2
counts sockets 0 200
is 0 'after the hello deadline' as alice send bob 'at last'
until_ok grep -q 'at last' "$work/heard"
cp "$work/listen.err" "$err"
# It said one line when it began.
[ "$(wc -l <"$err")" = 1 ] && verdict ok 'who was connected noticed nothing' ||
	verdict no 'who was connected noticed nothing'
crowd stay half 200 127.0.0.2
counts stay 200 0
stop "$pid"

echo "1..$count"
