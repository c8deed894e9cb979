#!/bin/sh
# client-test.sh FAULT_COMMAND PRELOAD CLAUDEMESH BROKER KIND... - each write to a file or a socket and
# each fsync of create, join, send and leave fails in turn. The command then succeeds or says
# why not, its files are whole and belong to nobody else, and said again it works. TAP on stdout.
set -u
fault=$1
preload=$2
claudemesh=$3
broker=$4
shift 4
kinds=$*
. "$(dirname "$0")/../cli-lib.sh"
pids=
trap 'kill $pids 2>/dev/null; rm -rf "$work"' EXIT
export HOME="$work"
nothing_failed=125
seconds=10

as() (
	export CLAUDEMESH_CONFIG_DIR="$work/$1"
	shift
	exec "$claudemesh" "$@"
)

"$broker" --listen 127.0.0.1:0 --data "$work/broker" --rate-limit 0 >"$work/log" 2>&1 &
pids=$!
i=0
until url=$(sed -n 's/^listening on //p' "$work/log") && [ -n "$url" ]; do
	i=$((i + 1))
	[ $i = $((seconds * 20)) ] && { echo 'Bail out! the broker does not start'; exit 1; }
	sleep 0.05
done

# wrong WHO COMMAND...: what is not as it must be after the command, if anything
wrong() {
	who=$1
	shift
	if [ "$got" -ge 126 ]; then
		echo "it ended with status $got"
	elif [ "$got" != 0 ] && ! grep -q '✘ .' "$err"; then
		echo "it ended with status $got and did not say why"
	elif grep -q 'Sanitizer\|runtime error' "$err"; then
		echo 'a sanitizer has found something'
	elif ! as "$who" list >"$out" 2>&1; then
		echo 'its configuration is damaged'
	elif [ -n "$(find "$work/$who" -name '*.tmp' -o -type f -perm /077)" ]; then
		echo "it left $(find "$work/$who" -name '*.tmp' -o -type f -perm /077)"
	elif ! as "$who" "$@" >"$out" 2>&1 && ! grep -q "$may_say" "$out"; then
		echo 'said again it fails'
	fi
}

# try KIND WHO COMMAND...: WHO is as it was for each; every call of that kind fails once.
# $may_say: words that may refuse the second try, because the first did its work
try() {
	kind=$1
	who=$2
	shift 2
	n=1
	what=
	cp -a "$work/$who" "$work/before"
	while [ -z "$what" ]; do
		rm -rf "${work:?}/$who"
		cp -a "$work/before" "$work/$who"
		CLAUDEMESH_CONFIG_DIR="$work/$who" "$fault" "$preload" "$kind" $n "$claudemesh" "$@" >"$out" 2>"$err"
		got=$?
		[ $got = $nothing_failed ] && break
		what=$(wrong "$who" "$@")
		n=$((n + 1))
	done
	rm -rf "${work:?}/$who"
	mv "$work/before" "$work/$who"
	[ -z "$what" ] && verdict ok "$1: $kind fails, $((n - 1)) times" || verdict no "$1: $kind, call $((n - 1)): $what"
}

mkdir -m 700 "$work/alice" "$work/bob" "$work/carol"
is 0 'a mesh' as alice create demo --broker "$url" --name alice
is 0 'an invite' as alice share --uses 900 --json
link=$(member url)
is 0 'another member' as carol join "$link" --name carol
for kind in $kinds; do
	may_say='no such text'
	try $kind bob create other --broker "$url" --name bob
	try $kind bob join "$link" --name bob
	try $kind alice send carol hello
	may_say='no mesh\|not_found\|not in'
	try $kind alice leave demo --yes
done
echo "1..$count"
