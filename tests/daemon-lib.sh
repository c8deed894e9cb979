# daemon-lib.sh - people with daemons; sourced by daemon-*-test.sh after $claudemesh and $broker
# are set. Whatever daemon is left is stopped at the end.
. "$(dirname "$0")/cli-lib.sh"
. "$(dirname "$0")/bad-lib.sh"
unset CLAUDEMESH_NO_DAEMON CLAUDEMESH_STRICT_DAEMON CLAUDEMESH_IPC_TOKEN CLAUDEMESH_IPC_TOKEN_FILE XDG_RUNTIME_DIR
unset CLAUDEMESH_INTERNAL_NO_AUTOSPAWN CLAUDEMESH_DAEMON_DIR NOTIFY_SOCKET
unset CI GITHUB_ACTIONS GITLAB_CI BUILDKITE CIRCLECI JENKINS_URL

end_daemons() {
	for pid_file in $(find "$work" -name daemon.pid -type f 2>/dev/null); do
		[ -s "$pid_file" ] && [ "$(cat "$pid_file")" != $$ ] && kill "$(cat "$pid_file")" 2>/dev/null
	done
}
trap 'end_daemons; kill -9 $pids 2>/dev/null; rm -rf "$work"' EXIT

# member_number NAME: the value of a numeric member of the last output
member_number() { sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p" "$out" | head -n 1; }
pid_of() { cat "$work/$1/daemon/daemon.pid"; }
running() { as "$1" daemon status >/dev/null 2>&1; }
not() { ! "$@"; }
dead() { ! kill -0 "$1" 2>/dev/null; }
same() { [ "$1" = "$2" ] && verdict ok "$3" || verdict no "$3 ('$1', '$2')"; }
differs() { [ "$1" != "$2" ] && verdict ok "$3" || verdict no "$3 ('$1')"; }
mode_is() { same "$1" "$(stat -c %a "$2" 2>&1)" "mode of $(basename "$2")"; }
# machine_known: this machine has an id or a network card to be known by, as client.md 6.10 says
machine_known() { cat /etc/machine-id /var/lib/dbus/machine-id /sys/class/net/[ew]*/address 2>/dev/null | grep -q .; }
# finish: the plan
finish() { echo "1..$count"; }
