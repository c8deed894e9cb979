#!/bin/sh
# cli-grant-test.sh CLAUDEMESH BROKER - who may do what to us, without the daemon and through it: granted,
# revoked, blocked, listed, and every refusal; whoever is blocked cannot tell. TAP on stdout.
set -u
claudemesh=$1
broker=$2
. "$(dirname "$0")/daemon-lib.sh"
export HOME="$work"
start broker

as alice create demo --broker "$url" --name alice --no-daemon >"$out" 2>&1
for who in bob carol; do
	link=$(as alice share --no-daemon --json | sed -n 's/.*"url":"\([^"]*\)".*/\1/p')
	as $who join "$link" --name $who --no-daemon >"$out" 2>&1
done

grants() {
	is 0 "none ($how)" as alice grants
	says 'everybody may: read, dm, broadcast, state-read'
	is 0 'more than everybody' as alice grant bob state-write,file-read
	says 'Granted state-write, file-read to bob on demo'
	says 'read, dm, broadcast, state-read, state-write, file-read'
	is 0 'less' as alice revoke bob broadcast file-read
	says 'Revoked broadcast, file-read from bob on demo'
	is 0 '  as JSON' as alice revoke bob state-write --json
	one_document
	says '"mesh":"demo","peer":"bob"'
	says '"capabilities":["read","dm","state-read"]'
	is 0 'all' as alice grant bob all
	says 'file-read'
	is 0 'block' as alice block bob
	says 'Blocked bob on demo'
	says 'claudemesh unblock bob'
	is 0 'they are listed' as alice grants
	says 'bob  (blocked)'
	is 0 'who is blocked sends as ever' as bob send alice "blocked $how"
	silent blocked-
	is 0 '  and as to anybody else' as bob send carol "carol $how"
	is 0 'what was kept is counted' as alice grants
	says '1 kept from you for want of dm'
	is 0 '  as JSON' as alice grants --json
	one_document
	says '"mesh":"demo","grants":{'
	says '"capability":"dm","count":1'
	is 0 'nothing came' as alice inbox --no-daemon
	silent "blocked $how"
	is 0 'unblock' as alice unblock bob
	says 'Unblocked bob on demo'
	is 0 '  again' as alice unblock bob
	is 0 'they are as everybody' as alice grants
	silent bob
	is 3 'a word that is no capability' as alice grant bob dm,broadcst
	tells "'broadcst'"
	tells 'broadcast'
	is 3 'no capability' as alice grant bob
	is 5 'nobody' as alice block dave
	is 3 'oneself' as alice block alice
	tells 'that is you'
	is 3 'a group' as alice block @all
	tells 'one person'
	is 0 'nothing was changed by that' as alice grants --json
	says '"grants":{}'
}
how=cold
export CLAUDEMESH_NO_DAEMON=1
grants
unset CLAUDEMESH_NO_DAEMON
how=warm
grants
finish
