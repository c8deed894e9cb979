# bad-lib.sh - a broker with faults around it; sourced by bad-*-test.sh after cli-lib.sh.
#
# as WHO COMMAND...: claudemesh with WHO's own configuration directory
# until_ok COMMAND...: it succeeds within the time, or the test counts a failure
# start NAME FLAGS...: a broker with data $work/NAME, log $work/NAME.log, process $pid, address $url
# refuses STATUS WORDS NAME FLAGS...: a broker that must not start, and says so in one line
seconds=10
pids=
trap 'kill -9 $pids 2>/dev/null; rm -rf "$work"' EXIT
export HOME="$work"
unset SSL_CERT_FILE

as() {
	who=$1
	shift
	[ -d "$work/$who" ] || mkdir -m 700 "$work/$who"
	CLAUDEMESH_CONFIG_DIR="$work/$who" "$claudemesh" "$@"
}

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

start() {
	name=$1
	shift
	"$broker" --listen 127.0.0.1:0 --data "$work/$name" --rate-limit 0 "$@" >"$work/$name.out" 2>"$work/$name.log" &
	pid=$!
	pids="$pids $pid"
	until_ok grep -q '^listening on ' "$work/$name.out" || sed 's/^/# /' "$work/$name.log"
	url=$(sed -n 's/^listening on //p' "$work/$name.out")
	port=$(sed -n 's/.* port=\([0-9]*\).*/\1/p' "$work/$name.log")
}

# stop PID: SIGTERM ends it with 0
stop() {
	kill "$1"
	wait "$1"
	[ $? = 0 ] && verdict ok 'SIGTERM ends the broker with 0' || verdict no 'SIGTERM ends the broker with 0'
}

refuses() {
	want=$1
	words=$2
	name=$3
	shift 3
	is "$want" "refused: $words" timeout "$seconds" "$broker" --listen 127.0.0.1:0 --data "$work/$name" \
		--log-level error "$@"
	tells "$words"
	[ "$(wc -l <"$err")" = 1 ] && [ ! -s "$out" ] && verdict ok '  in one line' || verdict no '  in one line'
}
