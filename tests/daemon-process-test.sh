#!/bin/sh
# daemon-process-test.sh CLAUDEMESH BROKER - the daemon as a process: it starts and ends, there is
# one of it, and each thing in its way is told in one sentence. TAP on stdout.
set -u
claudemesh=$1
broker=$2
. "$(dirname "$0")/daemon-lib.sh"

start broker --log-level error

# Nothing to do.
is 2 'no mesh, no daemon' as nobody daemon up
tells 'you are in no mesh yet'
is 2 'a subcommand that is none' as nobody daemon dance
is 2 'a port that is none' as nobody daemon up --tcp=soon
is 0 'what there is' as nobody daemon
says 'daemon up'
is 1 'no log yet' as nobody daemon logs
is 1 'none is running' as nobody daemon status
is 1 'none is running, as JSON' as nobody daemon status --json
says '"running":false'
is 1 'nothing to stop' as nobody daemon down --json
says '"reason":"not_running"'

as alice create Team --broker "$url" --name alice >/dev/null || exit 1

# One daemon.
is 0 'it starts' as alice daemon up --json
says '"detached":true'
one_document
first=$(member_number pid)
is 1 'a second is told of the first' as alice daemon up
tells "already running (pid $first)"
is 1 'in the foreground, too' timeout 10 env CLAUDEMESH_CONFIG_DIR="$work/alice" "$claudemesh" daemon up --foreground
tells "already running (pid $first)"
is 0 'it lives' as alice daemon status --json
says "\"pid\":$first"
says '"team":'
is 0 'its version' as alice daemon version
says 'ipc v1'
mode_is 700 "$work/alice/daemon"
for file in daemon.pid daemon.sock daemon.log outbox.db inbox.db; do
	mode_is 600 "$work/alice/daemon/$file"
done
if machine_known; then
	mode_is 600 "$work/alice/daemon/host_fingerprint.json"
else
	[ ! -e "$work/alice/daemon/host_fingerprint.json" ] && verdict ok 'nothing says which machine this is' ||
		verdict no 'nothing says which machine this is'
fi
is 0 'its log' as alice daemon logs -n 20
says 'daemon_started'
is 0 'its log as it is' as alice daemon logs -n 1 --json
says '"level":'

# kill -9: the socket and the pid stay behind and mean nothing.
kill -9 "$first"
until_ok not running alice
is 1 'killed, it does not run' as alice daemon status
is 1 'a pid in a file is no daemon' as alice daemon down --json
says 'not_running'
is 0 'a stale socket is in nobody'"'"'s way' as alice daemon up --json
second=$(member_number pid)
differs "$first" "$second" 'another process'

# Its end.
is 0 'it stops' as alice daemon down --json
says "\"pid\":$second"
is 1 'and is gone' as alice daemon status
[ ! -e "$work/alice/daemon/daemon.sock" ] && verdict ok 'the socket is gone' || verdict no 'the socket is gone'

# A foreign pid: our own shell's.
echo $$ >"$work/alice/daemon/daemon.pid"
is 1 'a foreign pid is not stopped' as alice daemon down
is 0 'and in nobody'"'"'s way' as alice daemon up --quiet
is 0 'stops' as alice daemon down --quiet

# Squatters.
mv "$work/alice/daemon" "$work/alice/kept"
refused() {
	is 1 "refused: $1" as alice daemon up
	tells "$1"
	[ "$(wc -l <"$err")" -le 2 ] && verdict ok '  in one sentence' || verdict no '  in one sentence'
}
ln -s /tmp "$work/alice/daemon"
refused 'symbolic link'
is 0 'a command goes on without it' as alice peers
tells 'symbolic link'
is 4 'but not under --strict' as alice peers --strict
rm "$work/alice/daemon"
echo hello >"$work/alice/daemon"
refused 'it is not a directory'
rm "$work/alice/daemon"
mkdir -m 777 "$work/alice/daemon"
is 0 'an open directory of ours is closed' as alice daemon up --quiet
mode_is 700 "$work/alice/daemon"
as alice daemon down --quiet
rm -r "$work/alice/daemon"
mkdir -m 700 "$work/alice/daemon"
echo hello >"$work/alice/daemon/daemon.sock"
refused 'it is not a socket'
rm -r "$work/alice/daemon"
mkdir -m 700 "$work/alice/daemon"
ln -s /etc/passwd "$work/alice/daemon/daemon.pid"
refused 'cannot open'
rm -r "$work/alice/daemon"
if [ "$(id -u)" = 0 ]; then
	mkdir -m 755 "$work/alice/daemon"
	chown 12345 "$work/alice/daemon"
	refused 'belongs to another user'
	rm -r "$work/alice/daemon"
fi
mv "$work/alice/kept" "$work/alice/daemon"

# Nowhere to write.
is 1 'no place for its files' env CLAUDEMESH_DAEMON_DIR=/proc/claudemesh CLAUDEMESH_CONFIG_DIR="$work/alice" \
	"$claudemesh" daemon up
tells 'cannot make the directory'
limited() {
	(
		trap '' XFSZ
		ulimit -f 4
		CLAUDEMESH_DAEMON_DIR="$work/full" CLAUDEMESH_CONFIG_DIR="$work/alice" "$claudemesh" daemon up
	)
}
is 1 'a full disk' limited
tells 'full'

# A very long home.
long=$work/$(printf '%0150d' 7)
mkdir -p "$long/.claudemesh"
cp -r "$work/alice/config.json" "$work/alice/keys" "$long/.claudemesh"
is 1 'a home too long for a socket' env HOME="$long" "$claudemesh" daemon up
tells 'XDG_RUNTIME_DIR'
mkdir -m 700 "$work/run"
is 0 'has it in the runtime directory' env HOME="$long" XDG_RUNTIME_DIR="$work/run" "$claudemesh" daemon up --quiet
is 0 'where it is found' env HOME="$long" XDG_RUNTIME_DIR="$work/run" "$claudemesh" daemon status
mode_is 700 "$work/run/claudemesh"
is 0 'and stopped' env HOME="$long" XDG_RUNTIME_DIR="$work/run" "$claudemesh" daemon down

# Another machine, where a machine can be told from another.
if machine_known; then
	sed -i 's/"fingerprint":"[^"]*"/"fingerprint":"00"/; s/"host_id":"[^"]*"/"host_id":"linux:other"/' \
		"$work/alice/daemon/host_fingerprint.json"
	is 4 'files of another machine' as alice daemon up
	tells 'daemon accept-host'
	is 0 'a command goes on without it' as alice peers
	tells '(spawn-failed)'
	is 0 'and does not try again at once' as alice peers
	tells '(spawn-suppressed)'
	is 0 'accepted' as alice daemon accept-host --json
	says '"fingerprint_prefix":"'
	is 0 'it starts' as alice daemon up --quiet
fi

# Its directory goes: so does it.
gone=$(pid_of alice)
rm -rf "$work/alice/daemon"
until_ok dead "$gone"
dead "$gone" && verdict ok 'it ends when its directory is removed' || verdict no 'it ends when its directory is removed'

# Started by who needs it, and by nobody else.
is 0 '--no-daemon starts none' as alice peers --no-daemon
[ ! -e "$work/alice/daemon" ] && verdict ok '  none' || verdict no '  none'
is 0 'nor does a daemon'"'"'s child' env CLAUDEMESH_INTERNAL_NO_AUTOSPAWN=1 CLAUDEMESH_CONFIG_DIR="$work/alice" "$claudemesh" peers
[ ! -e "$work/alice/daemon/daemon.sock" ] && verdict ok '  none' || verdict no '  none'
for i in 1 2 3 4 5 6; do
	as alice peers >"$work/many.$i" 2>&1 &
	many="${many-} $!"
done
for child in $many; do
	wait "$child" || verdict no "one of six at once (status $?)"
done
is 0 'six commands at once' cat "$work"/many.*
silent 'warn'
is 0 'one daemon' as alice daemon status
one=$(grep -c '"msg":"daemon_started"' "$work/alice/daemon/daemon.log")
same 1 "$one" 'started once'

# From within a launched session the user's own configuration is meant, not the session's.
mkdir -p "$work/.claudemesh" "$work/session"
chmod 700 "$work/.claudemesh" "$work/session"
cp -r "$work/alice/config.json" "$work/alice/keys" "$work/.claudemesh"
cp "$work/alice/config.json" "$work/session"
: >"$work/session/session-token"
is 0 'from within a session' env CLAUDEMESH_CONFIG_DIR="$work/session" "$claudemesh" peers
[ -e "$work/.claudemesh/daemon/daemon.sock" ] && [ ! -e "$work/session/daemon" ] &&
	verdict ok '  the daemon is the user'"'"'s' || verdict no '  the daemon is the user'"'"'s'
is 0 'stops' "$claudemesh" daemon down

# Another configuration's daemon is not used.
is 0 'a daemon of somebody else' env CLAUDEMESH_DAEMON_DIR="$work/alice/daemon" CLAUDEMESH_CONFIG_DIR="$work/.claudemesh" \
	"$claudemesh" peers
tells '(foreign)'

# Service units.
is 2 'no service in a build machine' env CI=1 CLAUDEMESH_CONFIG_DIR="$work/alice" "$claudemesh" daemon install-service
is 0 'a service' env -u CI CLAUDEMESH_CONFIG_DIR="$work/alice" "$claudemesh" daemon install-service --json
says '"platform":"linux"'
mode_is 644 "$work/.config/systemd/user/claudemesh-daemon.service"
mode_is 644 "$work/.config/systemd/user/claudemesh-daemon.socket"
as alice daemon down --quiet
is 0 'which is left to start it' as alice peers
tells '(service-not-ready)'
is 0 'and removed again' as alice daemon uninstall-service --json
says '"removed":true'

finish
