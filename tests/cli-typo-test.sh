#!/bin/sh
# cli-typo-test.sh CLAUDEMESH - a slip is answered with three tiers and status 3, and never
# opens a socket: a fake broker counts who comes. TAP on stdout.
set -u
claudemesh=$1
. "$(dirname "$0")/cli-lib.sh"
trap 'kill $pid 2>/dev/null; wait $pid 2>/dev/null; rm -rf "$work"' EXIT
mkdir -m 700 "$work/config"
export CLAUDEMESH_CONFIG_DIR="$work/config" HOME="$work" CLAUDEMESH_NO_DAEMON=1

cat >"$work/fake.py" <<'P'
import socket, sys
s = socket.socket()
s.bind(('127.0.0.1', 0))
s.listen(64)
open(sys.argv[1] + '/port', 'w').write(str(s.getsockname()[1]) + '\n')
n = 0
while True:
    c, _ = s.accept()
    n += 1
    open(sys.argv[1] + '/count', 'w').write(str(n))
    c.close()
P
python3 "$work/fake.py" "$work" &
pid=$!
i=0
until [ -s "$work/port" ] || [ $((i += 1)) = 200 ]; do sleep 0.05; done
port=$(cat "$work/port")
export CLAUDEMESH_BROKER_URL="http://127.0.0.1:$port"
key=8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c
mesh() {
	printf '{"meshId":"%s0000000000000000000000000000","memberId":"m1","slug":"%s","name":"%s","pubkey":"%s",' "$1" "$2" "$2" $key
	printf '"secretKey":"%s%s","brokerUrl":"ws://127.0.0.1:%s/ws","joinedAt":""}' $key $key "$port"
}
(umask 077; printf '{"version":1,"meshes":[%s]}' "$(mesh aaaa demo)" >"$work/config/config.json")

# slip FIELD CODE COMMAND...: both forms of the error
slip() {
	field=$1
	code=$2
	shift 2
	is 3 "$*" "$claudemesh" "$@"
	tells '  ✘ '
	is 3 '  as JSON' "$claudemesh" --json "$@"
	one_document
	says "\"ok\":false,\"error\":\"invalid_argument\",\"field\":\"$field\",\"code\":\"$code\""
	says '"reason":"'
	says '"expected":"'
}

slip command unknown sned bob hi
says '"nearest":"send"'
slip flag unknown send bob hi --prioriti now
says '"nearest":"--priority"'
slip priority bad_format send bob hi --priority nwo
says '"nearest":"now"'
slip arguments missing send bob
slip target missing send '' hi
slip topic bad_charset send '#gene ral' hi
slip topic missing topic post '#' hi
slip topic too_long topic tail xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
slip messageId too_short apikey revoke abc --yes
slip target wrong_length send "${key}00" hi
slip target too_long send "$(printf 'x%.0s' $(seq 129))" hi
slip group bad_charset send '@a b' hi
slip text missing send bob ''
slip timeout bad_format send bob hi --wait --timeout soon
slip id too_long send bob hi --id "$(printf 'x%.0s' $(seq 129))"
slip messageId too_short msg-status abc
slip messageId too_long msg-status "$(printf 'x%.0s' $(seq 33))"
slip messageId bad_charset msg-status 'abcdefgh%'
slip messageId too_short message status abc
slip slug bad_format peers --mesh 'No Mesh'
slip slug bad_format send bob hi --mesh 'de/mo'
slip slug wrong_length leave x
slip status bad_format status set wroking
says '"nearest":"working"'
slip value bad_format visible perhaps
slip group missing group join @
slip group too_long group leave "$(printf 'x%.0s' $(seq 129))"
slip wait bad_format inbox --wait soon
slip uses too_short share --uses 0
slip uses bad_format share --uses many
slip expires bad_format share --expires soon
slip expires too_long share --expires 400d
slip name missing create ' '
slip name too_long create "$(printf 'x%.0s' $(seq 129))"
is 3 'a field that is none' "$claudemesh" peers --json=summray
says '"field":"json","code":"unknown"'
says '"nearest":"summary"'
is 3 'fields after a space' "$claudemesh" peers --json name,status
says '"nearest":"--json=name,status"'
is 5 'a mesh that is not joined' "$claudemesh" peers --mesh dmeo --json
says '"error":"not_found","field":"mesh"'
says '"nearest":"demo"'

# The same of every command there is.
"$claudemesh" help --json >"$work/table"
python3 - "$work/table" <<'P' >"$work/commands"
import json, sys
for c in json.load(open(sys.argv[1]))['commands']:
    if '...' not in c['arguments'] or c['arguments'].endswith('TEXT...'):
        print(c['name'])
P
while read -r command; do
	# shellcheck disable=SC2086  # a name of two words is two words
	"$claudemesh" $command --frobnicate >"$out" 2>"$err" </dev/null
	[ $? = 3 ] && grep -qF "there is no flag '--frobnicate'" "$err" && verdict ok "$command: an unknown flag" || verdict no "$command: an unknown flag"
	# shellcheck disable=SC2086
	"$claudemesh" $command a1 b2 c3 d4 e5 --json=frobnicate >"$out" 2>"$err" </dev/null
	[ $? = 3 ] && verdict ok "$command: an unknown field" || verdict no "$command: an unknown field"
done <"$work/commands"

printf '{"version":1,"meshes":[%s,%s]}' "$(mesh aaaa demo)" "$(mesh bbbb work)" >"$work/config/config.json"
is 3 'several meshes and none named' "$claudemesh" send bob hi --json
says '"error":"invalid_argument","field":"mesh","code":"missing"'
says '"matches":["demo","work"]'

[ ! -e "$work/count" ] && verdict ok 'no connection was made' || verdict no "$(cat "$work/count") connections were made"
"$claudemesh" create good >"$out" 2>"$err"
[ -s "$work/count" ] && verdict ok 'a right command makes one' || verdict no 'a right command makes one'
echo "1..$count"
