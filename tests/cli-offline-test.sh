#!/bin/sh
# cli-offline-test.sh CLAUDEMESH - what the command line does without a broker: help, slips,
# exit codes, files that must not be used. TAP on stdout.
set -u
claudemesh=$1
. "$(dirname "$0")/cli-lib.sh"
trap 'rm -rf "$work"' EXIT
mkdir -m 700 "$work/config"
export CLAUDEMESH_CONFIG_DIR="$work/config" HOME="$work"

is 0 'the version' "$claudemesh" --version
says 'claudemesh v'
is 0 'no command is help' "$claudemesh"
says 'send WHO|#TOPIC TEXT...'
is 0 'help of a command' "$claudemesh" help send
says '--priority P'
is 0 'the same as a flag' "$claudemesh" send --help
says '--priority P'
is 0 'help as JSON' "$claudemesh" help --json
one_document

is 3 'an unknown command' "$claudemesh" sned bob hi
tells 'did you mean: send'
is 3 'an unknown flag' "$claudemesh" send bob hi --prioriti now
tells 'did you mean: --priority'
is 3 'a wrong value' "$claudemesh" send bob hi --priority nwo
is 3 'a missing argument' "$claudemesh" send bob
tells 'expected: claudemesh send WHO|#TOPIC TEXT...'
is 3 'an unknown status' "$claudemesh" status set wroking
tells "working"
is 3 'an error as JSON' "$claudemesh" sned --json
one_document
says '"ok":false,"error":"invalid_argument","field":"command","code":"unknown"'
is 3 'a link that is none' "$claudemesh" join 'not a link'
is 3 'an empty message' "$claudemesh" send bob ''

is 0 'no mesh to list' "$claudemesh" list
is 0 'the same as JSON' "$claudemesh" list --json
one_document
says '"meshes":[]'
is 5 'no mesh to send to' "$claudemesh" send bob hi
tells 'claudemesh join'
is 5 'no mesh to read' "$claudemesh" inbox --json
one_document
says '"ok":false,"error":"not_found"'
is 4 'nobody listens there' "$claudemesh" create demo --broker http://127.0.0.1:1
is 3 'an address that is none' "$claudemesh" create demo --broker nonsense://x

printf '{"version":1,"meshes":[' >"$work/config/config.json"
chmod 600 "$work/config/config.json"
is 3 'a damaged configuration' "$claudemesh" list
tells 'config.json'
printf '{"version":1,"meshes":[]}' >"$work/config/config.json"
chmod 644 "$work/config/config.json"
is 7 'a configuration that others can read' "$claudemesh" list
tells 'chmod'
rm "$work/config/config.json"

CLAUDEMESH_CONFIG_DIR="$work/missing" is 0 'a directory that is missing is ignored' "$claudemesh" list
tells 'CLAUDEMESH_CONFIG_DIR'

mkdir "$work/alone"
cp "$claudemesh" "$work/alone/claudemesh"
is 5 'no broker to serve' "$work/alone/claudemesh" serve
tells "$work/alone/claudemesh-broker"
printf '#!/bin/sh\nprintf "%%s," "$@"\nexit 6\n' >"$work/alone/claudemesh-broker"
chmod +x "$work/alone/claudemesh-broker"
is 6 'serve becomes the broker beside it' "$work/alone/claudemesh" serve --quiet --listen :0 --help
says '--listen,:0,--help,'

is 10 'output that cannot be written' sh -c '"$1" help >/dev/full' - "$claudemesh"

echo "1..$count"
