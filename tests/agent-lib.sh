# agent-lib.sh - alice has a mesh and bob joined it, with daemons of their own; sourced by the tests
# of agent sessions after $claudemesh, $broker and $here are set. Brings cli-lib.sh with it.
#
# as WHO COMMAND...: claudemesh as alice or bob
# until_ok COMMAND...: it succeeds within $seconds
# a_mesh: the broker runs at $url, both are in mesh demo
. "$here/cli-lib.sh"
seconds=20
unset CLAUDEMESH_NO_DAEMON CLAUDEMESH_IPC_TOKEN CLAUDEMESH_IPC_TOKEN_FILE CLAUDEMESH_CONFIG_DIR CLAUDEMESH_DAEMON_DIR CLAUDEMESH_USER_DIR
unset CLAUDEMESH_CHANNEL CLAUDEMESH_MESSAGE_MODE CLAUDEMESH_MESH CLAUDE_PROJECT_DIR CODEX_HOME CLAUDE_CONFIG_DIR
mkdir -p "$work/bin" "$work/alice" "$work/bob"
ln -s "$claudemesh" "$work/bin/claudemesh"
PATH="$work/bin:$PATH"
pids=

as() {
	who=$1
	shift
	HOME="$work/$who" claudemesh "$@"
}

stop() {
	as alice daemon down
	as bob daemon down
	kill $pids
	rm -rf "$work"
}
trap 'stop >/dev/null 2>&1' EXIT

until_ok() {
	i=0
	until "$@" >/dev/null 2>&1; do
		i=$((i + 1))
		if [ $i = $((seconds * 20)) ]; then
			verdict no "in vain until $*"
			[ ! -e "$work/log" ] || sed 's/^/# log: /' "$work/log"
			return 1
		fi
		sleep 0.05
	done
}

a_mesh() {
	port=$("$here/free_port.py")
	url=http://127.0.0.1:$port
	"$broker" --listen "127.0.0.1:$port" --data "$work/broker" --rate-limit 0 >"$work/broker.log" 2>&1 &
	pids=$!
	until_ok python3 -c "import urllib.request as r; r.urlopen('$url/health', timeout=5)"
	is 0 'create' as alice create demo --broker "$url" --name alice
	is 0 'share' as alice share --json
	is 0 'join' as bob join "$(member url)" --name bob
}
