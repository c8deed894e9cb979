#!/bin/sh
# cli-gate-test.sh CLAUDEMESH - the policy gate from outside (client.md 3; defect 8 of 15.1):
# nothing gated runs unasked, deny is final, a broken file writes nothing. TAP on stdout.
set -u
claudemesh=$1
. "$(dirname "$0")/cli-lib.sh"
trap 'rm -rf "$work"' EXIT
mkdir -m 700 "$work/config"
export CLAUDEMESH_CONFIG_DIR="$work/config" HOME="$work" CLAUDEMESH_NO_DAEMON=1
unset CLAUDEMESH_POLICY CLAUDEMESH_APPROVAL_MODE
export CLAUDEMESH_BROKER_URL=http://127.0.0.1:1
policy=$work/config/policy.yaml
log=$work/config/audit.log
mode() { [ "$(stat -c %a "$2")" = "$1" ] && verdict ok "  $2 has mode $1" || verdict no "  $2 has mode $1"; }
last() { tail -n 1 "$log" >"$out"; }

is 0 'what is never gated makes no file' "$claudemesh" list
[ ! -e "$policy" ] && [ ! -e "$log" ] && verdict ok '  none' || verdict no '  none'
(umask 000; "$claudemesh" peers >"$out" 2>"$err")
mode 600 "$policy"
mode 600 "$log"
grep -q '^default: allow' "$policy" && verdict ok '  with the defaults' || verdict no '  with the defaults'
last
says '"resource":"peer","verb":"list","mesh":null,"mode":"write","isWrite":false,"yes":false,"decision":"allow"'

is 4 'a write that is allowed' "$claudemesh" create demo
is 7 'mode read-only writes nothing' "$claudemesh" create demo --approval-mode read-only --yes
tells 'blocked by policy: mesh create'
last
says '"isWrite":true,"yes":true,"decision":"deny"'
is 7 'nor does plan, as JSON' "$claudemesh" create demo --approval-mode plan --json
one_document
says '"ok":false,"error":"forbidden"'
is 5 'but it reads' "$claudemesh" peers --approval-mode=read-only
CLAUDEMESH_APPROVAL_MODE=read-only is 7 'of the environment too' "$claudemesh" create demo
CLAUDEMESH_APPROVAL_MODE=read-only is 4 'a flag wins' "$claudemesh" create demo --approval-mode write
CLAUDEMESH_APPROVAL_MODE=readonly is 3 'a mode that is none allows nothing' "$claudemesh" create demo
tells 'did you mean: read-only'
is 3 'nor as a flag' "$claudemesh" create demo --approval-mode yol
tells 'did you mean: yolo'

printf 'default: allow\nrules:\n  - resource: mesh\n    verb: create\n    decision: deny\n    reason: "no new meshes"\n' >"$policy"
is 7 'deny' "$claudemesh" create demo
tells 'blocked by policy: mesh create — no new meshes'
tells "$policy, line 3"
is 7 'C-08 deny is final with --yes' "$claudemesh" create demo --yes
is 7 'C-08 deny is final with -y and yolo' "$claudemesh" create demo -y --approval-mode yolo
is 5 'other verbs go on' "$claudemesh" peers
is 7 'of an alias too' "$claudemesh" new demo

printf 'default: allow\nrules:\n  - {resource: mesh, verb: create, decision: prompt, reason: sure}\n' >"$policy"
is 7 'a prompt without a terminal' "$claudemesh" create demo </dev/null
tells 'has to be confirmed: mesh create — sure'
tells '--yes'
last
says '"decision":"cancelled-at-prompt"'
is 4 'a prompt with --yes' "$claudemesh" create demo --yes
is 4 'a prompt in mode yolo' "$claudemesh" create demo --approval-mode=yolo
if command -v script >/dev/null; then
	answer() { printf '%s\n' "$1" | script -qec "$claudemesh create demo $2" /dev/null >"$out" 2>"$err"; }
	answer n ''
	[ $? = 7 ] && verdict ok 'no at the prompt' || verdict no 'no at the prompt'
	says 'mesh create — sure. Continue? [y/N]'
	says 'cancelled'
	answer yes ''
	[ $? = 4 ] && verdict ok 'yes at the prompt' || verdict no 'yes at the prompt'
	answer y --no-input
	[ $? = 7 ] && verdict ok '--no-input asks nothing' || verdict no '--no-input asks nothing'
fi

printf 'default: allow\nrules:\n  - {resource: mesh, verb: create, decison: deny}\n' >"$policy"
is 7 'a broken file writes nothing' "$claudemesh" create demo --yes
tells "$policy, line 3, column 36: there is no key 'decison'; did you mean 'decision'?"
is 5 'it reads, and tells' "$claudemesh" peers
tells 'line 3, column 36'
chmod 666 "$policy"
is 7 'a file that others can change writes nothing' "$claudemesh" create demo
tells 'chmod go-w'
chmod 600 "$policy"

is 7 'a file that is not there' "$claudemesh" create demo --policy "$work/none.yaml"
tells "there is no policy '$work/none.yaml'"
printf '{"default":"deny"}' >"$work/other"
is 7 'another file' "$claudemesh" create demo --policy "$work/other"
tells 'blocked by policy: mesh create — the default'
CLAUDEMESH_POLICY="$work/other" is 7 'of the environment' "$claudemesh" create demo
printf '{"default":"allow"}' >"$work/third"
CLAUDEMESH_POLICY="$work/other" is 4 'the flag wins' "$claudemesh" create demo --policy "$work/third"

# Rules of a mesh hold for the mesh that is used, named or not.
key=8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c
mesh() {
	printf '{"meshId":"%s0000000000000000000000000000","memberId":"m1","slug":"%s","name":"%s","pubkey":"%s",' "$1" "$2" "$2" $key
	printf '"secretKey":"%s%s","brokerUrl":"ws://127.0.0.1:1/ws","joinedAt":""}' $key $key
}
meshes() { (umask 077; printf '{"version":1,"meshes":[%s]}' "$1" >"$work/config/config.json"); }
printf 'default: allow\nrules:\n  - {resource: message, verb: send, mesh: work, decision: deny}\n' >"$policy"
meshes "$(mesh bbbb work)"
is 7 'C-08 a rule of a mesh holds for the only mesh, not named' "$claudemesh" send bob hi
last
says '"mesh":"work"'
meshes "$(mesh aaaa home)"
is 3 'another only mesh' "$claudemesh" send bob hi
silent 'blocked'
meshes "$(mesh aaaa home),$(mesh bbbb work)"
is 3 'several, none named' "$claudemesh" send bob hi
tells 'the policy tells your meshes apart here'
is 7 'named' "$claudemesh" send bob hi --mesh work
is 3 'the other one named' "$claudemesh" send bob hi --mesh home
silent 'blocked'
printf 'default: allow\nrules:\n  - {resource: message, verb: send, peers: [bob], decision: deny}\n' >"$policy"
is 7 'a rule of a peer' "$claudemesh" send Bob hi --mesh home
is 7 'whom a broadcast reaches' "$claudemesh" send '*' hi --mesh home
is 7 'whom a topic reaches' "$claudemesh" send '#general' hi --mesh home
is 3 'another peer' "$claudemesh" send carol hi --mesh home
silent 'blocked'
printf 'default: allow\nrules:\n  - {resource: topic, verb: post, decision: deny}\n' >"$policy"
is 7 'a post by way of send' "$claudemesh" send '#general' hi --mesh home
tells 'blocked by policy: topic post'
is 7 'and as such' "$claudemesh" topic post general hi --mesh home
printf 'default: deny\n' >"$policy"
is 0 'help, version, list are never gated' "$claudemesh" list
is 0 '  help' "$claudemesh" help send
is 7 'C-08 status set is gated' "$claudemesh" status set idle
is 7 'C-08 leave is gated' "$claudemesh" leave home --yes
rm "$log"
mkdir "$log"
printf 'default: allow\n' >"$policy"
is 0 'a log that cannot be written is told' "$claudemesh" leave home --yes
tells 'audit.log'
echo "1..$count"
