#!/bin/sh
# cli-apikey-test.sh CLAUDEMESH BROKER - API keys from the command line, without the daemon and
# through it: made, listed, revoked, and every refusal. TAP on stdout.
set -u
claudemesh=$1
broker=$2
. "$(dirname "$0")/daemon-lib.sh"
export HOME="$work"
start broker

as alice create demo --broker "$url" --name alice --no-daemon >"$out" 2>&1
link=$(as alice share --no-daemon --json | sed -n 's/.*"url":"\([^"]*\)".*/\1/p')
as bob join "$link" --name bob --no-daemon >"$out" 2>&1

keys() {
	is 0 "none ($how)" as alice apikey list
	says 'API keys on demo (0)'
	is 7 'making one asks first' as alice apikey create ci --json
	is 0 'make one' as alice apikey create ci --yes --topic general,#ops --cap read --expires 30d
	says 'created ci'
	says 'cm_'
	says 'shown this once'
	is 0 '  as JSON' as alice apikey create build --yes --json
	one_document
	says '"capabilities":["send","read"],"topicScopes":null'
	id=$(member id) secret=$(member secret)
	is 0 'list them' as alice apikey list
	says 'ci active'
	says 'general, ops'
	says 'used never'
	silent "$secret"
	is 0 '  as JSON' as alice apikey list --json
	one_document
	is 3 'a word that is no capability' as alice apikey create x --yes --cap send,fly
	tells "'fly'"
	is 3 'a time that is over' as alice apikey create x --yes --expires 2020-01-01
	tells 'no time to come'
	is 3 'a label of control characters' as alice apikey create "$(printf 'a\033b')" --yes
	is 7 'an admin key for a member' as bob apikey create x --yes --cap admin
	tells 'admin'
	is 3 'an id too short' as alice apikey revoke abc --yes
	tells '8'
	is 3 'an id with a sign' as alice apikey revoke 'abcdefg%' --yes
	is 5 'of nobody' as alice apikey revoke aaaaaaaaaa --yes
	is 5 "somebody else's" as bob apikey revoke "$id" --yes
	is 0 'revoke by its start' as alice apikey revoke "$(printf %.10s "$id")" --yes --json
	one_document
	says "\"revoked\":\"$id\""
	is 0 '  again' as alice apikey revoke "$id" --yes
	is 0 'it is told apart' as alice apikey list
	says 'build revoked'
	is 0 'the other one too' as alice apikey list --json=id,label
	for id in $(grep -o '"id":"[^"]*"' "$out" | cut -d'"' -f4); do as alice apikey revoke "$id" --yes >/dev/null 2>&1; done
}
how=cold
export CLAUDEMESH_NO_DAEMON=1
keys
unset CLAUDEMESH_NO_DAEMON
is 0 'through the daemon' as alice apikey create warm --yes
says 'created warm'
is 0 '  list' as alice apikey list
says 'warm active'
running alice && verdict ok '  a daemon runs' || verdict no '  a daemon runs'
is 7 '  a refusal keeps its status' as bob apikey create x --yes --cap admin
finish
