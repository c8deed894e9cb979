#!/bin/sh
# load-on-postgres.sh BENCH FLAGS... - runs claudemesh-bench with the server of postgres.sh, in a
# schema of its own.
set -eu
bench=$1
shift
exec "$bench" --database "$CLAUDEMESH_TEST_PG&schema=load_$$" "$@"
