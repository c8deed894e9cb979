#!/bin/sh
# cli-topic-test.sh CLAUDEMESH BROKER - topics from the command line, without the daemon: made,
# joined, posted to, read, left, and every refusal. TAP on stdout.
set -u
claudemesh=$1
broker=$2
. "$(dirname "$0")/daemon-lib.sh"
export HOME="$work" CLAUDEMESH_NO_DAEMON=1
start broker

as alice create demo --broker "$url" --name alice >"$out" 2>&1
for who in bob carol; do
	link=$(as alice share --json | sed -n 's/.*"url":"\([^"]*\)".*/\1/p')
	as $who join "$link" --name $who >"$out" 2>&1
done

is 0 '#general is there' as bob topic list
says '#general'
says 'not encrypted'
is 0 'make a topic' as alice topic create ops --description 'what runs'
says 'created'
is 0 '  again, as JSON' as alice topic create '#ops' --json
one_document
says '"created":false'
says '"encrypted":true'
is 0 'list them' as alice topic list --json
one_document
says '"name":"ops"'
is 0 'join' as bob topic join ops
says 'joined'
is 0 '  another' as carol topic join '#ops' --json
one_document
says '"joined":"ops"'
is 0 'members' as alice topic members ops
says alice
says bob
says 'has no key yet'

# A key is sealed for who joined by whoever posts or reads next.
is 0 'post' as alice topic post ops 'the build is green' --json
one_document
says '"bodyVersion":2'
says '"duplicate":false'
first=$(member messageId)
is 0 'who joined has no key yet, and is told so' as bob topic history ops
says 'not readable: nobody who has the key has sealed it for you yet'
CLAUDEMESH_CONFIG_DIR="$work/alice" "$claudemesh" topic tail ops --json >"$work/tail.json" 2>"$work/tail.err" &
tail=$!
pids="$pids $tail"
reads() { as "$1" topic history ops | grep -qF -- "$2"; }
until_ok reads bob 'the build is green' && verdict ok 'a tail seals for them' || verdict no 'a tail seals for them'
is 0 'answer' as bob topic post ops 'thanks @alice' --reply-to "$(printf %.8s "$first")" --json
one_document
says "\"replyToId\":\"$first\""
says '"mentions":1,"notifications":1'
is 0 'send to a #topic is a post' as carol send '#ops' 'me too' --json
one_document
says '"topic":"ops"'
is 0 'read them' as carol topic history ops
says 'the build is green'
says 'thanks @alice'
says 'me too'
says "↳ #$(printf %.8s "$first")"
silent unsigned
silent unverified
is 0 '  as JSON, newest first' as alice topic history ops --limit 2 --json
one_document
says '"message":"me too"'
says '"more":true'
says '"authorship":"verified","authorLeft":false'
silent unsigned
until_ok grep -q 'me too' "$work/tail.json" && verdict ok 'the tail has them' || verdict no 'the tail has them'

# The same id twice is one post.
is 0 'a repeat' as bob topic post ops 'once' --id my-own-id --json
says '"duplicate":false'
is 0 '  is known' as bob topic post ops 'once' --id my-own-id --json
says '"duplicate":true'

# Unread, mentions, activity, search.
is 0 'unread' as alice topic list --unread
says '#ops'
is 0 'mark read' as alice topic read ops
is 0 '  nothing is' as alice topic list --unread
silent '#ops'
is 0 'mentions' as alice notification list
says 'thanks @alice'
is 0 '  as JSON' as alice me notifications --json
one_document
says '"message":"thanks @alice"'
is 0 'me' as alice me
says 'demo'
is 0 'me topics' as alice me topics --json
one_document
is 0 'me activity' as alice me activity
says 'me too'
is 0 'me search' as alice me search GREEN
says 'the build is green'
is 3 '  too short' as alice me search x

# Who leaves does not read what follows; what came before stays readable.
is 0 'leave' as carol topic leave ops
is 0 'the next post brings the next key' as bob topic post ops 'without carol' --json
says '"epoch":2'
is 0 '  who stays reads it' as alice topic history ops
says 'without carol'
is 0 '  who left does not' as carol topic history ops
silent 'without carol'
says 'the build is green'
is 0 'two posters on a stale epoch' as bob topic join ops
is 0 '  carol comes back' as carol topic join ops
is 0 '  and goes' as carol topic leave ops
(as alice topic post ops 'race a' >"$work/a" 2>&1) & a=$!
(as bob topic post ops 'race b' >"$work/b" 2>&1) & b=$!
wait $a && verdict ok '  alice posted' || verdict no '  alice posted'
wait $b && verdict ok '  bob posted' || verdict no '  bob posted'
is 0 '  both are read' as alice topic history ops --limit 3
says 'race a'
says 'race b'

# Rooms of one's own.
is 0 'a private topic' as alice topic create secret --visibility private --with bob
is 0 '  whom it is for' as bob topic list
says '#secret'
is 5 '  the others do not know of it' as carol topic history secret
is 5 '  nor can they join' as carol topic join secret
is 5 '  as little as what is not there' as carol topic history nothing
is 0 'an observer' as alice topic create watched
is 0 '  joins' as bob topic join watched --role observer
is 7 '  and does not post' as bob topic post watched x
tells 'observer'
is 7 'who is not in a topic does not post' as carol topic post watched x
tells 'topic join watched'
is 0 'who joins' as carol topic join watched
is 6 '  waits for a key' as carol topic post watched x
tells 'sealed for you when somebody who has it is there'
is 0 'a plain one' as alice topic create open --plaintext
says 'not encrypted'
is 0 '  is posted to' as carol topic join open
is 0 '  in the open' as carol topic post open 'for all' --json
says '"bodyVersion":1'
is 0 '  signed as well' as alice topic history open
says 'not encrypted'
silent unsigned
as alice apikey create curl --yes --cap send --json >"$work/key.json" 2>"$err"
key=$(sed -n 's/.*"secret":"\([^"]*\)".*/\1/p' "$work/key.json")
python3 -c 'import sys, urllib.request as u
u.urlopen(u.Request(sys.argv[1], b"by hand", {"Authorization": "Bearer " + sys.argv[2]}))' \
	"$(echo "$url" | sed 's,^ws\(.*//[^/]*\).*,http\1,')/api/v1/topics/open" "$key" >"$out" 2>"$err"
is 0 'what a program posts in the open' as carol topic history open
says 'by hand'
says unsigned
is 0 '  is unsigned as JSON' as carol topic history open --limit 1 --json
says '"authorship":"unsigned"'
is 0 '  the key is not needed any more' as alice apikey revoke "$(sed -n 's/.*"id":"\([^"]*\)".*/\1/p' "$work/key.json")" --yes
is 3 'an id that cannot be signed' as alice topic post ops x --id 'a|b'
tells 'cannot be signed'
is 3 'plain text where there is a key' as alice topic post ops 'x' --plaintext
tells 'encrypted'

# Who is in a topic, and as what.
is 0 'a role' as alice topic role watched carol observer
says 'carol is an observer now'
is 7 '  is kept' as carol topic post watched x
is 0 '  by the start of a key' as alice topic role watched bob lead --json
one_document
says '"member":"bob"'
says '"role":"lead"'
is 0 '  a lead changes others' as bob topic role watched carol member
is 7 '  who is none does not' as carol topic role watched bob observer
tells 'topic members watched'
is 5 '  of nobody' as alice topic role watched nobody-here member
is 3 '  no such role' as alice topic role watched bob king
tells 'lead, member, observer'
is 0 'who is added to a private topic' as alice topic role secret carol member
is 0 '  reads and posts' as carol topic post secret 'let in'
is 0 'taken out' as alice topic remove secret carol
says 'carol is not in it any more'
is 5 '  does not find it' as carol topic history secret
is 0 '  the next post brings the next key' as bob topic post secret 'without carol' --json
says '"epoch":2'
is 7 '  by who is no lead' as bob topic remove ops alice
is 5 '  out of nothing' as alice topic remove nothing carol

# Mentions are marked as read.
as bob topic post ops 'one for @alice' >/dev/null
as bob topic post ops 'two for @alice' >/dev/null
is 0 'mentions' as alice notification list --json
mention=$(sed -n 's/.*"messageId":"\([^"]*\)","meshId":"[^"]*","meshSlug":"[^"]*","topicId":"[^"]*","topicName":"ops","senderName":"bob","senderMemberId":"[^"]*","createdAt":"[^"]*","message":"two for @alice".*/\1/p' "$out")
is 0 '  one is read' as alice notification read "$mention"
says '1 read'
is 0 '  and not listed' as alice notification list
silent 'two for @alice'
says 'one for @alice'
is 0 '  again' as alice notification read "$mention" --json
says '"marked":0'
is 5 '  none of that id' as alice notification read aaaaaaaaaaaa
is 3 '  no id' as alice notification read
is 3 '  an id and all' as alice notification read "$mention" --all
is 0 '  all of them' as alice notification read --all --json
one_document
is 0 '  nothing is unread' as alice notification list
says '(none unread)'

# A stranger: joined by a link of the reference's kind, or whoever nobody vouches for.
is 5 'an answer to nothing' as bob topic post ops x --reply-to aaaaaaaaaaaa
is 3 'an id too short' as bob topic post ops x --reply-to abc
is 5 'a topic that is not there' as bob topic post nothing x
tells 'topic list'
is 3 'an empty text' as bob topic post ops ''
is 5 'a tail of nothing' as bob topic tail nothing
is 3 '--online of a topic' as bob send '#ops' hi --online

# A name tells nothing of a private topic; who comes to see two is told which it means.
is 0 'a private topic' as bob topic create board --visibility private
is 0 '  another of that name, by who sees none' as carol topic create board --visibility private --with bob --json
says '"created":true'
is 0 '  who is in both' as bob topic list
says 'another of that name: #'
is 0 '  who is in one' as carol topic list
grep -q 'another of' "$out" && verdict no '  has nothing to choose' || verdict ok '  has nothing to choose'

# Who is put out of the mesh signed what it wrote.
is 0 'somebody is banned' as alice ban carol --yes
is 0 '  its posts stay its own' as bob topic history open
says 'for all'
says 'left the mesh'
silent unverified
is 0 '  as JSON' as alice topic history open --json
says '"authorship":"verified","authorLeft":true'

# The end of a tail is no error, and its key is revoked.
kill -INT $tail
wait $tail
same 0 $? 'Ctrl-C ends a tail'
is 0 '  its key is revoked' as alice apikey list
says 'cli-tail-'
silent active
finish
