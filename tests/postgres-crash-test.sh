#!/bin/sh
# postgres-crash-test.sh BENCH BROKER [MESSAGES] - on PostgreSQL: kill -9 of the broker, and of the
# server underneath it, while messages flow in meshes of several shards. Every acked one must
# arrive exactly once.
#
# Needs a server of its own: run by postgres.sh with CLAUDEMESH_TEST_PG empty.
set -u
bench=$1 broker=$2 messages=${3:-6000}
kills=3
[ "$messages" -lt 100000 ] || kills=10

echo 1..3
n=0
# result STATUS WORDS...: one TAP line; what stands in $out is shown of a failure
out=$(mktemp)
trap 'rm -f "$out"' EXIT
result() {
	status=$1
	shift
	n=$((n + 1))
	# The ids: what was sent, and what became of it.
	awk '/^  (sent|resent|acked|delivered|lost|unacked_delivered|doubled|unexpected|raw_repeats|accepted_twice) / {
		line = line " " $1 " " $2 } END { if (line) print "#" line }' "$out"
	[ "$status" = 0 ] || { sed 's/^/# /' "$out"; printf 'not '; }
	echo "ok $n - $*"
}

# flow SCHEMA FLAGS...
flow() {
	schema=$1
	shift
	CLAUDEMESH_BROKER_DATABASE="$CLAUDEMESH_TEST_PG&schema=$schema" "$bench" --spawn "$broker" \
		--clients 8 --meshes 4 --deadline 90s "$@" >"$out" 2>&1
}

flow broker_killed --messages "$messages" --kills $kills
result $? "the broker is killed $kills times"

flow away_killed --messages "$messages" --kills $kills --pattern offline
result $? 'the same while acked messages are nowhere but in the database'

# accepted: how many messages so far; nothing while the server is away
accepted() {
	psql -XAtq -c 'SELECT count(*) FROM server_killed.receipt' "$CLAUDEMESH_TEST_PG" 2>/dev/null || echo 0
}

flow server_killed --messages "$messages" &
flowing=$!
for k in $(seq $kills); do
	until [ "$(accepted)" -ge $((k * messages / (kills + 2))) ] || ! kill -0 $flowing 2>/dev/null; do
		sleep 0.02
	done
	"$CLAUDEMESH_TEST_PG_CTL" kill
	"$CLAUDEMESH_TEST_PG_CTL" start
done
wait $flowing
status=$?
grep -q 'resent *[1-9]' "$out" || { echo 'nothing was sent again: the kills met nobody' >>"$out"; status=1; }
result $status "the server is killed $kills times"
