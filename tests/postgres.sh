#!/bin/sh
# postgres.sh COMMAND... - runs a command beside a PostgreSQL cluster of its own.
#
# The cluster lives in a new directory, listens on a Unix socket there (no password) and on
# 127.0.0.1 (password), and ends with the command. fsync is on. The command finds it by
#   CLAUDEMESH_TEST_PG       its address; tests add &schema=NAME
#   CLAUDEMESH_TEST_PG_TCP   the same over TCP, with its password
#   CLAUDEMESH_TEST_PG_CTL   a program: stop, kill, start, restart
# If CLAUDEMESH_TEST_PG is set already, the command runs with that.
set -eu

[ $# -gt 0 ] || { echo "usage: $0 COMMAND..." >&2; exit 3; }
[ -z "${CLAUDEMESH_TEST_PG:-}" ] || exec "$@"

start_seconds=30
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$bin" ] || bin=$(dirname "$(command -v initdb)") || { echo "postgres.sh: no initdb" >&2; exit 1; }
# Memory is as good as a disk here: what crashes is the server, not the machine. To measure, give
# TMPDIR.
room_kb=1000000
place=${TMPDIR:-/tmp}
if [ -z "${TMPDIR:-}" ] && [ -w /dev/shm ] && [ "$(df -Pk /dev/shm | awk 'NR == 2 { print $4 }')" -gt $room_kb ]; then
	place=/dev/shm
fi
dir=$(mktemp -d "$place/claudemesh-pg-XXXXXX")
chmod 711 "$dir"

# The server refuses to run as root.
as_server=
if [ "$(id -u)" = 0 ]; then
	as_server="setpriv --reuid=postgres --regid=postgres --clear-groups --"
	chown postgres "$dir"
fi

# ctl ARGUMENTS...: pg_ctl for this cluster. It writes nothing on our output, which it would hold open.
cat >"$dir/ctl" <<END
#!/bin/sh
case \$1 in
stop) set -- stop -m fast ;;
kill) set -- stop -m immediate ;;
start) set -- start -l $dir/log ;;
restart) set -- restart -m fast -l $dir/log ;;
esac
cd $dir && exec $as_server $bin/pg_ctl -s -w -t $start_seconds -D $dir/data "\$@" </dev/null >>$dir/ctl.log 2>&1
END
chmod 755 "$dir/ctl"

ended() {
	status=$?
	trap - EXIT
	"$dir/ctl" kill || true
	rm -rf "$dir"
	exit $status
}
trap ended EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

password=$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')
echo "$password" >"$dir/password"
[ -z "$as_server" ] || chown postgres "$dir/password"
chmod 600 "$dir/password"
(cd "$dir" && $as_server "$bin/initdb" -D "$dir/data" -U mesh -E UTF8 --locale=C --no-sync \
	--auth-local=trust --auth-host=scram-sha-256 --pwfile="$dir/password") >"$dir/initdb.log" 2>&1 ||
	{ cat "$dir/initdb.log" >&2; exit 1; }

# A port may be taken; then another is tried.
tries=5
while :; do
	port=$(($(od -An -N2 -tu2 /dev/urandom) % 20000 + 20000))
	cat >"$dir/data/postgresql.auto.conf" <<END
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = '$dir'
fsync = on
max_connections = 60
shared_buffers = 64MB
max_wal_size = 256MB
logging_collector = off
END
	"$dir/ctl" start && break
	tries=$((tries - 1))
	[ $tries -gt 0 ] || { cat "$dir/log" >&2; exit 1; }
done

CLAUDEMESH_TEST_PG="postgresql://mesh@/postgres?host=$dir&port=$port"
CLAUDEMESH_TEST_PG_TCP="postgresql://mesh:$password@127.0.0.1:$port/postgres?sslmode=prefer"
CLAUDEMESH_TEST_PG_CTL=$dir/ctl
export CLAUDEMESH_TEST_PG CLAUDEMESH_TEST_PG_TCP CLAUDEMESH_TEST_PG_CTL
status=0
"$@" || status=$?
exit $status
