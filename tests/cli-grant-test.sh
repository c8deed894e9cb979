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
	is 0 'C-09 who is blocked sends as ever' as bob send alice "blocked $how"
	silent blocked-
	is 0 '  and as to anybody else' as bob send carol "carol $how"
	is 0 'what was kept is counted' as alice grants
	says '1 kept from you for want of dm'
	is 0 '  as JSON' as alice grants --json
	one_document
	says '"mesh":"demo","grants":{'
	says '"capability":"dm","count":1'
	is 0 'C-09 nothing came: the broker enforces it, without an account' as alice inbox --no-daemon
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
# What the mesh lets a member do.
permissions() {
	is 0 "who may what ($how)" as alice peer permissions
	says 'bob  member'
	says 'canWriteState, canSend, canUseTools'
	is 0 '  of one, as JSON' as alice peer permissions bob --json
	one_document
	says '"role":"member","isOwner":false,"explicit":false'
	is 7 '  for who manages it' as bob peer permissions
	tells canManagePermissions
	is 0 'forbid' as alice peer forbid bob canSend
	says 'bob may on demo now'
	silent canSend
	is 12 'who may not send is told' as bob send carol hello --no-daemon
	tells canSend
	is 0 'permit' as alice peer permit bob canSend,canInvite
	says 'canInvite'
	is 0 'as its role' as alice peer permit bob default
	silent canInvite
	is 0 'who may again sends' as bob send carol hello
	is 3 'a word that is no permission' as alice peer permit bob canSnd
	tells canSend
	is 3 'none' as alice peer forbid bob ,
	is 7 "the owner's stay" as bob peer forbid alice canSend
	is 7 '  whoever asks' as alice peer forbid alice canSend
	tells owner
	is 5 'of nobody' as alice peer permit dave canSend
}
how=cold
export CLAUDEMESH_NO_DAEMON=1
grants
permissions
unset CLAUDEMESH_NO_DAEMON
how=warm
grants
permissions
finish
