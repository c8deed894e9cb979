#!/bin/sh
# cli-look-test.sh CLAUDEMESH BROKER - commands that look: verify, info, ping, stats, profile;
# backup and restore. TAP on stdout.
set -u
claudemesh=$1
broker=$2
. "$(dirname "$0")/cli-lib.sh"
trap 'kill $pid 2>/dev/null; wait $pid 2>/dev/null; rm -rf "$work"' EXIT
export HOME="$work" CLAUDEMESH_NO_DAEMON=1
mkdir -m 700 "$work/alice" "$work/bob"
"$broker" --listen 127.0.0.1:0 --data "$work/broker" --rate-limit 0 >"$work/log" 2>&1 &
pid=$!
i=0
until [ -s "$work/broker/broker.addr" ] || [ $((i += 1)) = 200 ]; do sleep 0.05; done
url=$(cat "$work/broker/broker.addr")
as() {
	who=$1
	shift
	CLAUDEMESH_CONFIG_DIR="$work/$who" "$claudemesh" "$@"
}
as alice create demo --broker "$url" --name alice >"$out" 2>&1
link=$(as alice share --json | sed -n 's/.*"url":"\([^"]*\)".*/\1/p')
as bob join "$link" --name bob >"$out" 2>&1

is 0 verify as alice verify bob
says bob
grep -Eq '^    [0-9]{5}( [0-9]{5}){5}$' "$out" && verdict ok '  six groups of five' || verdict no '  six groups of five'
is 0 'the same number' as alice verify --json
one_document
number=$(member safetyNumber)
is 0 '  on both sides' as bob verify alice --json
[ -n "$number" ] && [ "$(member safetyNumber)" = "$number" ] && verdict ok '  is the same' || verdict no '  is the same'
is 3 'confirming needs a yes' as alice verify bob --confirm
is 0 'confirm' as alice verify bob --confirm --yes
says 'bob is who they say'
is 0 '  as JSON' as alice verify bob --confirm --yes --json
one_document
says '"confirmed":true'
is 3 '  not oneself' as alice verify alice --confirm --yes
is 3 '  nor everybody' as alice verify --confirm --yes
is 5 'of nobody' as alice verify carol
is 3 'of a group' as alice verify @dev
is 3 'of many' as alice verify '*'

is 0 info as alice info
says 'demo · ws://'
says owner
is 0 'info as JSON' as bob info --json
one_document
says '"role":"member"'
says '"memberCount":2'
is 0 'info of the mesh named' as bob info --mesh demo --json=slug,memberCount
says '"slug":"demo","memberCount":2'
is 0 ping as alice ping --json
one_document
says '"ws_status":"open"'
is 0 stats as alice stats --json
one_document
says '"peers":[]'

is 0 'profile set' as bob profile set --title tester --bio 'tests things' --capabilities 'c, sh'
is 0 'profile' as bob profile
says tester
says 'c, sh'
is 0 'as JSON' as bob profile --json
one_document
says '"title":"tester"'
is 0 'one of them is cleared' as bob profile set --title ''
is 0 '  and gone' as bob profile
silent tester
says 'tests things'
is 3 'nothing to set' as bob profile set
is 3 'too long' as bob profile set --title "$(printf 'x%.0s' $(seq 129))"

is 0 'a name and what one is' as bob profile --name Robert --role-tag cook --groups kitchen:chef,@ops --message-mode inbox
says 'profile updated'
is 0 '  are shown' as bob profile
says Robert
says cook
says '@kitchen:chef, @ops'
says inbox
is 0 '  also as JSON' as bob profile --json
one_document
says '"displayName":"Robert","roleTag":"cook","messageMode":"inbox","role":"member"'
is 7 'another member is for admins' as bob profile --member alice --name mallory
is 0 'an admin changes it' as alice profile set --member Robert --name bob --role-tag '' --groups '' --json
one_document
is 0 '  and sees it' as alice profile --member bob
says 'bob on demo'
silent cook
is 7 'to change is to write' as bob profile --name x --approval-mode read-only
is 0 'to look is not' as bob profile --approval-mode read-only
is 3 'an unknown mode' as bob profile --message-mode loud
is 3 'a group that is none' as bob profile --groups 'a b'
is 3 'of somebody else, what is his own' as alice profile set --member bob --title x
is 5 'a member that is none' as alice profile --member nobody --name x

printf 'a long enough passphrase\n' >"$work/words"
chmod 644 "$work/words"
is 7 'a passphrase file that others can read' as alice backup "$work/b.cmb" --passphrase-file "$work/words"
chmod 600 "$work/words"
is 0 backup as alice backup "$work/b.cmb" --passphrase-file "$work/words" --json
one_document
[ "$(stat -c %a "$work/b.cmb")" = 600 ] && verdict ok '  for nobody else' || verdict no '  for nobody else'
grep -q demo "$work/b.cmb" && verdict no '  sealed' || verdict ok '  sealed'
is 6 'never over another' as alice backup "$work/b.cmb" --passphrase-file "$work/words"
is 3 'a short passphrase' sh -c 'echo short | CLAUDEMESH_CONFIG_DIR=$1 "$2" backup "$3" --passphrase-file -' - "$work/alice" "$claudemesh" "$work/c.cmb"
tells 'needs 12 characters, this has 5'
is 3 'nobody to ask' as alice backup "$work/c.cmb" --no-input
tells '--passphrase-file'
[ ! -e "$work/c.cmb" ] && verdict ok '  no file is left' || verdict no '  no file is left'
mkdir -m 755 "$work/new"
is 8 'another passphrase' sh -c 'echo wrong | CLAUDEMESH_CONFIG_DIR=$1 "$2" restore "$3" --passphrase-file -' - "$work/new" "$claudemesh" "$work/b.cmb"
[ ! -e "$work/new/config.json" ] && verdict ok '  changes nothing' || verdict no '  changes nothing'
is 0 restore as new restore "$work/b.cmb" --passphrase-file "$work/words"
[ "$(stat -c %a "$work/new" "$work/new/config.json" | tr '\n' ' ')" = '700 600 ' ] && verdict ok '  closed to others' || verdict no '  closed to others'
is 0 'the other machine is alice' as new send bob 'from the copy'
is 0 'and the owner' as new share
is 5 'a file that is not there' as new restore "$work/none"
is 3 'a file that is none' as new restore "$work/log" --passphrase-file "$work/words"
cp "$work/bob/config.json" "$work/new/config.json"
is 0 'restore over another' as new restore "$work/b.cmb" --passphrase-file "$work/words"
says 'kept: '
cmp -s "$work"/new/config.json.before-restore.* "$work/bob/config.json" && verdict ok '  keeps what was there' || verdict no '  keeps what was there'
is 0 'test of a broker' as bob test --broker "$url"
says '14 of 14 probes passed'
silent '✘'
is 0 'of the mesh meant, as JSON' as bob test --mesh demo --json
one_document
says '"probe":"a broadcast","passed":true'
is 0 'it leaves nothing' as bob list --json=slug
says '"meshes":[{"slug":"demo"}]'
is 8 'a broker that is not there' as bob test --broker http://127.0.0.1:1
tells '0 of 14 probes passed'
echo "1..$count"
