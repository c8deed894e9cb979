#!/bin/sh
# crash-full.sh [BUILD] [ROUNDS] - the crash test at full size, many times, by hand.
#
# Each round: 20 clients, 10,000 messages, the broker killed with -9 at 8 moments that differ
# from round to round, in every form of client. Stops at the first round that is not clean; the
# broker's data and log of that round are kept, and their place is printed.
set -eu
cd "$(dirname "$0")/.."
build=${1:-build-check}
rounds=${2:-10}

round=1
while [ "$round" -le "$rounds" ]; do
	for form in '' '--session' '--window 1' '--window 64' '--bytes 4000' \
		'--pattern offline' '--pattern offline --session'; do
		echo "round $round of $rounds: ${form:-plain}"
		# Unquoted: a form is several words, or none.
		"$build/claudemesh-bench" --spawn "$build/claudemesh-broker" --clients 20 \
			--messages 10000 --kills 8 --json $form
	done
	round=$((round + 1))
done
echo "$rounds rounds: nothing lost, nothing doubled"
