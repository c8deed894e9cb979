#!/bin/sh
# cli-doctor-test.sh CLAUDEMESH BROKER - each thing that can be wrong on the way is named by
# `doctor` and `status`, with its remedy and status 1. TAP on stdout.
set -u
claudemesh=$1
broker=$2
. "$(dirname "$0")/cli-lib.sh"
trap 'kill $pids 2>/dev/null; wait; rm -rf "$work"' EXIT
config=$work/config
mkdir -m 700 "$config" "$work/empty"
export HOME="$work" CLAUDEMESH_NO_DAEMON=1 CLAUDEMESH_CONFIG_DIR="$config"
unset CLAUDEMESH_POLICY
"$broker" --listen 127.0.0.1:0 --data "$work/broker" --rate-limit 0 >"$work/log" 2>&1 &
pid=$!
python3 -c '
import socket, sys
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(8)
open(sys.argv[1], "w").write(str(s.getsockname()[1]) + "\n")
while True: s.accept()[0].close()
' "$work/port" &
pids="$pid $!"
i=0
until [ -s "$work/broker/broker.addr" ] && [ -s "$work/port" ] || [ $((i += 1)) = 200 ]; do sleep 0.05; done
url=$(cat "$work/broker/broker.addr")

CLAUDEMESH_CONFIG_DIR="$work/empty" is 0 'before anything' "$claudemesh" doctor
says 'no mesh is joined'
says '→ claudemesh join LINK'
"$claudemesh" create demo --broker "$url" --name alice >"$out" 2>&1
is 0 'all is well' "$claudemesh" doctor
for step in directory configuration 'keys of demo' policy name connection answer hello question clock; do
	says "✔ $step"
done
says 'daemon (not running'
is 0 'as JSON' "$claudemesh" doctor --json
one_document
says '"mesh":"demo","check":"hello","state":"ok"'
is 0 'status' "$claudemesh" status
says 'all is well'
is 0 'some fields' "$claudemesh" status --json=check,state
says '{"check":"directory","state":"ok"}'

cp -p "$config/config.json" "$work/good"
# sick NAME EDIT SAYS REMEDY: config.json through sed, then doctor
sick() {
	sed "$2" "$work/good" >"$config/config.json"
	is 1 "$1" "$claudemesh" doctor
	says "✘ $3"
	says "→ $4"
	cp -p "$work/good" "$config/config.json"
}
sick 'damaged JSON' 's/^{/[/' configuration 'mend the file'
sick 'keys that do not belong together' 's/"secretKey": *"\(..\)/"secretKey":"ff/' 'keys of demo' 'claudemesh restore'
sick 'an address that is none' 's#ws://[^"]*#nonsense#' address 'mend brokerUrl'
sick 'a name that is nobody' 's#127.0.0.1#no-such-host.invalid#' name 'is the address'
sick 'a port where nobody listens' 's#127.0.0.1:[0-9]*#127.0.0.1:1#' connection 'start the broker: claudemesh serve'
sick 'a port where something else listens' "s#127.0.0.1:[0-9]*#127.0.0.1:$(cat "$work/port")#" answer 'something else'
sick 'a mesh that this broker does not know' 's/"meshId": *"..../"meshId":"none/' hello ''
sick 'no TLS where it should be' 's#ws://#wss://#' encryption 'the certificate'
chmod 755 "$config"
is 1 'a directory that others can look into' "$claudemesh" doctor
says "→ chmod 700 $config"
chmod 700 "$config"
chmod 644 "$config/config.json"
is 1 'a configuration that others can read' "$claudemesh" status
says 'chmod 600'
chmod 600 "$config/config.json"
printf 'default: alow\n' >"$config/policy.yaml"
is 1 'a broken policy' "$claudemesh" doctor
says "line 1, column 10"
rm "$config/policy.yaml"
is 1 'a failure as JSON' "$claudemesh" doctor --mesh demo --policy "$work/none" --json
one_document
says '"ok":false,"error":"checks_failed"'
is 5 'a mesh that is not joined' "$claudemesh" doctor --mesh dmeo
mkdir "$work/bin"
printf '#!/bin/sh\n' >"$work/bin/claude"
chmod +x "$work/bin/claude"
PATH="$work/bin:$PATH" is 0 'an agent without our server' "$claudemesh" doctor
says '→ claudemesh install'
printf '{"mcpServers":{"claudemesh":{}}}' >"$work/.claude.json"
PATH="$work/bin:$PATH" is 0 'an agent with it' "$claudemesh" doctor
says "✔ claude ($work/bin/claude)"
kill $pid
wait $pid
is 1 'no broker' "$claudemesh" status
says 'Connection refused'
echo "1..$count"
