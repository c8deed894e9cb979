#!/bin/sh
# account-test.sh CLAUDEMESH BROKER - login, whoami, sync, sessions and logout, with a script as the
# browser, and every refusal. TAP on stdout.
set -u
claudemesh=$1
broker=$2
here=$(cd "$(dirname "$0")" && pwd)
. "$here/daemon-lib.sh"
export HOME="$work" CLAUDEMESH_NO_DAEMON=1
start broker
data=$work/broker

# person EMAIL: signs in as the page does; the token is in $token
person() {
	code=$("$broker" admin login-code "$1" --data "$data" | head -n 1)
	token=$(curl -fsS "$url/api/auth/code" -H 'Content-Type: application/json' \
		-d "{\"email\":\"$1\",\"code\":\"$code\"}" | sed -n 's/.*"token":"\([^"]*\)".*/\1/p')
}

# browser: what `login` starts
export BROWSER="$here/account-browser" ACCOUNT_SEEN="$work/seen" ACCOUNT_DECISION=approve

is 0 'whoami of nobody' as ann whoami --json
says '"signed_in":false'
is 2 'sync needs a login' as ann sync
tells 'claudemesh login'
is 2 '  so does logout' as ann logout
is 2 '  so does sessions' as ann sessions

person ann@x.org
export ACCOUNT_TOKEN=$token
is 0 'login through a browser' as ann login --broker "$url" --no-input
says 'signed in as ann'
says 'code'
verdict "$(grep -q '"hostname":' "$work/seen" && echo ok || echo no)" 'A10 the browser was shown the machine before'
verdict "$([ "$(stat -c %a "$work/ann/auth.json")" = 600 ] && echo ok || echo no)" 'auth.json is private'
silent 'eyJ'
is 0 'whoami says who' as ann whoami
says 'ann@x.org'
says 'signed in'
is 0 '  as JSON' as ann whoami --json
one_document
says '"signed_in":true'
silent 'eyJ'

ACCOUNT_DECISION=deny
is 2 'a login that is denied in the browser' as bob login --broker "$url" --no-input
tells 'denied'
verdict "$([ ! -e "$work/bob/auth.json" ] && echo ok || echo no)" 'nothing is stored'
ACCOUNT_DECISION=approve

# The paste flow.
curl -fsS "$url/cli/token" -X POST -H "Authorization: Bearer $ACCOUNT_TOKEN" -H 'Content-Type: application/json' -d '{}' >"$work/made"
pasted=$(sed -n 's/.*"token":"\([^"]*\)".*/\1/p' "$work/made")
paste() { printf '%s\n' "$1" | as laptop login --paste --broker "$url"; }
is 0 'a token is pasted' paste "$pasted"
says 'signed in as ann'
silent "$pasted"
is 3 '  what is no token' paste hello
is 2 'C-07 no login by a token that the broker did not make' paste "${pasted%????}AAAA"
tells 'expired or was revoked'
is 0 '  the login before stays' as laptop whoami --json
says '"signed_in":true'
browserless() { printf '%s\n' "$pasted" | BROWSER=/bin/true as tablet login --broker "$url"; }
is 0 'a token that is pasted while a browser is waited for' browserless
says 'signed in as ann'
is 0 'no browser at all: the address is printed' env BROWSER= DISPLAY= WAYLAND_DISPLAY= sh -c "printf '%s\n' '$pasted' | CLAUDEMESH_CONFIG_DIR=$work/tablet '$claudemesh' login --broker '$url'"
says "$url/cli-auth?session=clm_sess_"

# Meshes of the account on another machine.
is 0 'ann makes a mesh' as ann create demo --broker "$url" --name ann
is 0 '  it is her account'"'"'s' as ann whoami
says '1 yours, 0 of others'
is 0 'the other machine joins it' as laptop sync
says 'demo: joined'
is 0 '  once' as laptop sync
says 'up to date'
is 0 '  and is in it' as laptop peers --json
says '"demo"'
a_key=$(sed -n 's/.*"pubkey": *"\([^"]*\)".*/\1/p' "$work/ann/config.json" | head -n 1)
verdict "$(grep -q "$a_key" "$work/laptop/config.json" && echo no || echo ok)" 'each machine has a key of its own'

# A mesh that was joined without an account.
link=$(as ann share --mesh demo --json | sed -n 's/.*"url":"\([^"]*\)".*/\1/p')
as bob join "$link" --name bob >"$out" 2>&1
person bob@x.org
ACCOUNT_TOKEN=$token
is 0 'bob signs in later' as bob login --broker "$url" --no-input
is 0 '  and links what he has' as bob sync --json
one_document
says '"linked":["demo"]'
is 0 '  it is his then' as bob whoami
says '0 yours, 1 of others'

# Sessions.
is 0 'the list of sessions' as ann sessions --json
one_document
id=$(sed 's/"id":/\n&/g' "$out" | grep cli-token | sed -n 's/.*"id":"\([^"]*\)".*/\1/p' | head -n 1)
is 0 '  one is revoked' as ann sessions revoke "$id" --yes
is 5 '  one that is nobody'"'"'s' as ann sessions revoke zzzzzzzz --yes
is 2 'who used it is signed out' as laptop sync
tells 'expired or was revoked'
is 0 'B12 whoami says so and keeps the login' as laptop whoami
says 'expired or revoked'
verdict "$([ -s "$work/laptop/auth.json" ] && echo ok || echo no)" '  it is still there'

# No broker.
is 0 'logout' as tablet logout
says 'signed out'
verdict "$([ ! -e "$work/tablet/auth.json" ] && echo ok || echo no)" '  nothing is left'
stop "$pid"
is 0 'B12 whoami without a broker keeps the login' as ann whoami
says 'does not answer'
verdict "$([ -s "$work/ann/auth.json" ] && echo ok || echo no)" '  it is still there'
is 0 'logout without a broker forgets it here' as ann logout
says 'still good at the broker'
is 4 'login without a broker' as ann login --broker "$url" --no-input

# The secret of tokens, and the shim.
mode_is 600 "$data/login.key"
mode_is 600 "$data/broker.key"
export CLI_SYNC_SECRET=short
refuses 3 'has 5 characters' weak
unset CLI_SYNC_SECRET
rm -f "$work/broker.out"
start broker --legacy-auth
grep -q 'BROKER_LEGACY_AUTH is on' "$work/broker.log" && verdict ok 'S14 the shim is warned of at the start' || verdict no 'S14 the shim is warned of at the start'
person ann@x.org
id=$(curl -fsS "$url/api/my/profile" -H "Authorization: Bearer $token" | sed -n 's/.*"id":"\([^"]*\)".*/\1/p')
is 0 'S14 a user_id stands for a token' curl -fsSi "$url/cli/meshes?user_id=$id"
says 'Deprecation: version="legacy-body-userid"; sunset="2026-05-15"'
says 'Warning: 299 - "body.user_id auth is deprecated; send Authorization: Bearer <session_token>"'
is 0 '  a token is no legacy' curl -fsSi "$url/cli/meshes" -H "Authorization: Bearer $token"
silent 'Deprecation'
is 0 '  it is counted' curl -fsS "$url/metrics"
says 'broker_legacy_auth_hits_total 1'
stop "$pid"
export CLI_SYNC_SECRET=another-secret-of-32-characters-x
rm -f "$work/broker.out"
start broker
unset CLI_SYNC_SECRET
is 22 'another secret: all tokens are over' curl -fsS "$url/api/my/profile" -H "Authorization: Bearer $token"
stop "$pid"

# Where only who is signed in makes meshes.
start strict --create accounts
data=$work/strict
is 7 'making a mesh needs an account there' as eve create lair --broker "$url"
tells 'claudemesh login'
person eve@x.org
ACCOUNT_TOKEN=$token
is 0 '  signing in' as eve login --broker "$url" --no-input
is 0 '  is enough' as eve create lair --broker "$url"
sed -i "s/\"session_token\": *\"[^\"]*\"/\"session_token\":\"x.y.zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz\"/" "$work/eve/auth.json"
is 2 '  with a token that is none it is told' as eve create den --broker "$url"
tells 'claudemesh logout'
start_login() { curl -sS -D - "$url/cli/device-code" -H 'Content-Type: application/json' -d '{}'; }
for i in $(seq 20); do start_login >/dev/null; done
is 0 'D4 logins that are started too often are told when to ask again' start_login
says '429'
says 'Retry-After: 60'
finish
