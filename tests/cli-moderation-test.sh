#!/bin/sh
# cli-moderation-test.sh CLAUDEMESH BROKER - kick, disconnect, ban, unban, bans and peer role from
# the command line, without the daemon and through it, and what those who are hit see. TAP.
set -u
claudemesh=$1
broker=$2
. "$(dirname "$0")/daemon-lib.sh"
export HOME="$work"
start broker --log-level error

as alice create team --broker "$url" --name alice --no-daemon >"$out" 2>&1
link=$(as alice share --uses 9 --no-daemon --json | sed -n 's/.*"url":"\([^"]*\)".*/\1/p')
for who in bob carol; do as $who join "$link" --name $who --no-daemon >"$out" 2>&1; done
key_of() { as "$1" whoami --no-daemon --json | grep -o '"pubkey":"[0-9a-f]*"' | head -n 1 | cut -d'"' -f4; }
bob=$(key_of bob)

# listening WHO: follows its messages in the background; over STATUS NAME: how that ends
listening() {
	as "$1" listen --no-daemon >"$work/heard" 2>"$work/heard.err" &
	listener=$!
	until_ok here "$1"
}
here() { as alice peers --all --no-daemon --json | grep -q "\"displayName\":\"$1\",\"status\""; }
ended() { ! kill -0 $listener 2>/dev/null; }
over() {
	until_ok ended
	kill $listener 2>/dev/null
	wait $listener
	got=$?
	cp "$work/heard" "$out"
	cp "$work/heard.err" "$err"
	same "$1" $got "$2"
}

acts() {
	is 7 "a kick asks first ($how)" as alice kick bob --json
	is 3 'whom?' as alice kick --yes
	tells 'nobody is named'
	is 3 'one or all' as alice kick bob --all --yes
	is 3 'how stale?' as alice kick --stale soon --yes
	tells 'is no time'
	is 5 'nobody of that name' as alice kick nobody --yes
	is 0 'nobody stale' as alice kick --stale 30m --yes
	says 'No peers matched.'
	is 7 'a member may not kick' as bob kick carol --yes --no-daemon
	tells 'only owner or admin'
	is 7 'nor see who is banned' as bob bans --no-daemon
	listening bob
	is 0 'kick' as alice kick bob --yes
	says 'Kicked 1 peer: bob'
	says 'They can rejoin anytime by running claudemesh.'
	over 12 '  it ends what was kicked'
	tells 'Kicked from this mesh. Run claudemesh to rejoin.'
	listening bob
	is 0 'disconnect' as alice peer disconnect bob --yes
	says 'Disconnected 1 peer: bob'
	says 'They will auto-reconnect within seconds.'
	until_ok here bob
	verdict ok '  it is back by itself'
	is 0 'kick all, as JSON' as alice kick --all --yes --json
	one_document
	says '"affected":["bob"]'
	over 12 '  it ends'
	listening bob
	is 0 'ban' as alice ban bob --yes --reason 'too loud'
	says 'Banned bob from team'
	says 'claudemesh unban bob'
	over 12 '  it ends what was open'
	tells "You've been removed from \"team\". Contact the mesh owner to rejoin."
	is 2 '  and keeps out' as bob peers --no-daemon
	tells "You've been removed from \"team\". Contact the mesh owner to rejoin."
	is 5 '  once' as alice ban bob --yes
	is 0 'bans' as alice bans
	says 'bans on team (1)'
	says 'too loud'
	says 'by alice'
	is 0 '  as JSON' as alice peer bans --json
	one_document
	says "\"name\":\"bob\",\"pubkey\":\"$bob\""
	is 5 'unban nobody' as alice unban nobody --yes
	is 0 'unban by the start of a key' as alice unban "$(printf %.10s "$bob")" --yes
	says 'Unbanned bob on team'
	is 0 '  it is back' as bob peers --no-daemon
	is 3 'no such role' as alice peer role bob king --yes
	is 0 'an admin' as alice peer role bob admin --yes
	says 'bob is an admin on team now'
	is 7 '  may not ban the owner' as bob ban alice --yes --no-daemon
	tells 'the owner cannot be banned'
	is 7 '  nor make one' as bob peer role carol admin --yes --no-daemon
	is 0 '  may see who is banned' as bob bans --no-daemon
	is 0 'and a member again' as alice peer role bob member --yes --json
	one_document
	says '"role":"member"'
}
how=cold
export CLAUDEMESH_NO_DAEMON=1
acts
unset CLAUDEMESH_NO_DAEMON
how=warm
is 0 "alice's daemon" as alice daemon up --quiet
open_broker() { as "$1" daemon status --json | grep -q '"team":"open"'; }
until_ok open_broker alice
acts

# A daemon's link is left alone by a kick and ended for good by a ban, over its restart too.
as bob daemon up --quiet >"$out" 2>&1
until_ok open_broker bob
is 0 'a kick leaves the daemon alone' as alice kick bob --yes
says 'No peers matched.'
says 'not kicked, links of daemons: bob'
is 0 'a ban does not' as alice ban bob --yes
closed() { as bob daemon status --json | grep -q '"team":"closed"'; }
until_ok closed
is 0 'daemon status says so' as bob daemon status
says "closed: You've been removed from \"team\". Contact the mesh owner to rejoin."
is 0 'list says so' as bob list
says "You've been removed from \"team\"."
is 0 'inbox says so' as bob inbox
says "You've been removed from \"team\"."
is 7 'a message is refused' as bob send carol hi
tells "You've been removed from \"team\"."
is 0 'stop it' as bob daemon down
is 0 'and start it' as bob daemon up --quiet
until_ok closed
is 0 '  it knows' as bob daemon status
says "You've been removed from \"team\"."
is 0 'unban' as alice unban bob --yes
is 0 '  it stays away until bob does something' as bob daemon status
says 'closed'
until_ok as bob topic list
until_ok open_broker bob
is 0 '  and is back' as bob peers

# Who leaves is no ban, and comes back by an invite.
is 7 'the owner cannot leave for good' as alice leave team --everywhere --yes
tells 'the owner cannot leave its mesh'
is 0 'leave for good' as carol leave team --everywhere --yes
members() { as alice peers --json | grep -q '"displayName":"carol"'; }
members && verdict no '  and is no member' || verdict ok '  and is no member'
is 0 '  and no ban' as alice bans
says 'bans on team (0)'
is 0 'by an invite it is back' as carol join "$link" --name carol
finish
