#!/bin/sh
# bad-invites-test.sh CLAUDEMESH BROKER - invites that are forged, expired, used up or guessed: one
# error each that says which, no member made, no use counted. TAP on stdout.
set -u
claudemesh=$(realpath "$1")
broker=$(realpath "$2")
. "$(dirname "$0")/cli-lib.sh"
. "$(dirname "$0")/bad-lib.sh"

# post PATH CHANGE: what the broker says to the token's invite after a change in Python to `body`
# or its `payload`
post() {
	python3 - "$url$1" "$token" "$2" >"$out" 2>"$err" <<'END'
import base64, json, sys, urllib.error, urllib.request
url, token, change = sys.argv[1:]
payload = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
body = {"invite_token": token, "invite_payload": payload, "peer_pubkey": "8a" * 32, "display_name": "eve"}
exec(change)
request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
try:
    answer = urllib.request.urlopen(request, timeout=5)
except urllib.error.HTTPError as e:
    answer = e
print(answer.status, answer.read().decode())
END
}
# answers NAME PATH STATUS WORD CHANGE
answers() {
	post "$2" "$5"
	grep -q "^$3 .*\"error\":\"$4\"" "$out" && verdict ok "$1: $3 $4" || verdict no "$1: $3 $4"
}
# members N: so many the mesh has
members() {
	as alice peers --mesh demo --json | sed 's/.*"members"://' | grep -o '"memberId"' | wc -l >"$out"
	[ "$(cat "$out")" = "$1" ] && verdict ok "  $1 members" || verdict no "  $1 members"
}

start inn
is 0 'create' as alice create demo --broker "$url" --name alice
is 0 'create a second' as alice create other --broker "$url" --name alice
is 0 'share' as alice share --mesh demo --json
link=$(member url)
token=$(member token)
code=$(member code)

answers 'a changed signature' /join 400 invite_bad_signature 's = payload["signature"]; payload["signature"] = ("1" if s[0] == "0" else "0") + s[1:]'
answers 'a role of one'"'"'s own' /join 400 invite_bad_signature 'payload["role"] = "admin"'
answers 'a longer life' /join 400 invite_bad_signature 'payload["expires_at"] += 86400'
answers 'another owner' /join 400 invite_bad_signature 'payload["owner_pubkey"] = "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"'
answers 'a token the broker never saw' /join 400 invite_not_found 'body["invite_token"] += "A"'
answers 'no key' /join 400 'invite_token, invite_payload, peer_pubkey, display_name required' 'del body["peer_pubkey"]'
answers 'a key that is none' /join 400 'peer_pubkey must be 64 hex chars (32 bytes)' 'body["peer_pubkey"] = "zz"'
answers 'a payload without a field' /join 400 bad_request 'del payload["mesh_id"]'
answers 'a payload of another kind' /join 400 bad_request 'body["invite_payload"] = 7'
claim='"recipient_x25519_pubkey": "4kDxQrgh76EoyKGx7pjFwtDWGGQp7e7dPMzeife_dUo", "display_name": "eve"'
answers 'a claim without a key (D-51)' "/invites/$code/claim" 501 invite_v2_disabled "body = {$claim}"
answers 'a claim without the secret' "/invites/$code/claim" 400 bad_signature "body = {$claim, 'peer_pubkey': '8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c'}"

secret=${link#*#}
case $secret in A*) flipped=B${secret#?} ;; *) flipped=A${secret#?} ;; esac
is 2 'a link with another secret' as eve join "${link%#*}#$flipped" --name eve
silent "$flipped"
is 3 'a link cut short' as eve join "${link%????????}" --name eve
is 5 'a code that nobody made' as eve join "$(printf '%s' "$link" | sed "s/$code/ABCDEFGHJKLM/")" --name eve
members 1

# None of that counted as a use.
is 0 'the invite is as good as before' as bob join "$link" --name bob
is 5 'used up' as eve join "$link" --name eve
tells 'used '
members 2
# What reference clients do with the bare link; others see who came that way as not verified.
is 0 'share once more' as alice share --mesh demo --json
link=$(member url)
is 0 'a link without its secret' as dan join "${link%#*}" --name dan
says 'as unverified'
is 0 'peers' as alice peers --mesh demo --json
grep -q '"displayName":"bob"[^}]*"verified":true' "$out" && verdict ok '  bob is verified' || verdict no '  bob is verified'
grep -q '"displayName":"dan"[^}]*"verified":false' "$out" && verdict ok '  dan is not' || verdict no '  dan is not'
is 0 'share for a second' as alice share --mesh demo --expires 1s --json
link=$(member url)
token=$(member token)
past=$(($(date +%s) + 2))
until_ok sh -c '[ "$(date +%s)" -ge "$1" ]' - "$past"
is 5 'expired' as eve join "$link" --name eve
tells 'expired'
answers 'expired, as a token' /join 400 invite_expired pass
members 3
is 3 'an invite for longer than a year' as alice share --mesh demo --expires 400d

echo "1..$count"
