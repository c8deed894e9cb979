#!/bin/sh
# quickstart-test.sh PROGRAMS_DIR - the quickstart with these programs: fresh, again, on another
# port, and that it fails when a message does not arrive. TAP on stdout.
set -u
root=$(dirname "$0")/..
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export QUICKSTART_PROGRAMS="$1"
count=0

# run WANT NAME ARGUMENTS...: the quickstart's exit status is WANT (0, or 1 for any failure)
run() {
	count=$((count + 1))
	want=$1
	name=$2
	shift 2
	if "$root/quickstart" "$@" </dev/null >"$work/out" 2>&1; then got=0; else got=1; fi
	if [ $got = "$want" ]; then
		echo "ok $count - $name"
	else
		echo "not ok $count - $name"
		sed 's/^/# /' "$work/out"
	fi
}

free_port() {
	"$(dirname "$0")/free_port.py"
}

run 0 'from nothing' --once --data "$work/data" --port "$(free_port)"
run 0 'a second time with what is there' --once --data "$work/data"
run 0 'on another port' --once --data "$work/data" --port "$(free_port)"

# says WORDS: the last run's output has them
says() {
	count=$((count + 1))
	if grep -qF -- "$1" "$work/out"; then
		echo "ok $count -   says '$1'"
	else
		echo "not ok $count -   says '$1'"
		sed 's/^/# /' "$work/out"
	fi
}

# Somebody else's broker answers on the port: nothing may be made there.
port=$(free_port)
"$1/claudemesh-broker" --listen "127.0.0.1:$port" --data "$work/stranger" >"$work/stranger.out" 2>&1 &
stranger=$!
trap 'kill $stranger 2>/dev/null; rm -rf "$work"' EXIT
tries=200
until grep -q '^listening' "$work/stranger.out" || [ $((tries -= 1)) = 0 ]; do sleep 0.05; done
run 1 'a port that a stranger has' --once --data "$work/data" --port "$port"
says "another program uses port $port"
run 1 'and with new data' --once --data "$work/new" --port "$port"
says "another program uses port $port"
kill $stranger
wait $stranger
run 0 'the same port when it is free' --once --data "$work/data" --port "$port"

# A claudemesh whose inbox stays empty.
mkdir "$work/deaf"
ln -s "$1/claudemesh-broker" "$work/deaf/claudemesh-broker"
cat >"$work/deaf/claudemesh" <<END
#!/bin/sh
[ "\$1" != inbox ] || exit 0
exec "$1/claudemesh" "\$@"
END
chmod +x "$work/deaf/claudemesh"
export QUICKSTART_PROGRAMS="$work/deaf"
run 1 'a message that does not arrive is a failure' --once --data "$work/data"

echo "1..$count"
