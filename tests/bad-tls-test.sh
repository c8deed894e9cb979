#!/bin/sh
# bad-tls-test.sh CLAUDEMESH BROKER - a mesh over TLS with an authority of one's own, and every
# way in which it can be wrong. TAP on stdout.
set -u
claudemesh=$(realpath "$1")
broker=$(realpath "$2")
. "$(dirname "$0")/cli-lib.sh"
. "$(dirname "$0")/bad-lib.sh"

cd "$work" || exit 1
ec='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
# shellcheck disable=SC2086
openssl req -x509 $ec -keyout ca.key -out ca.pem -subj '/CN=authority' -days 2 2>/dev/null
# certificate NAME SUBJECT_ALT_NAME DAYS
certificate() {
	echo "subjectAltName=$2" >"$1.ext"
	# shellcheck disable=SC2086
	openssl req $ec -keyout "$1.key" -out "$1.csr" -subj "/CN=$1" 2>/dev/null &&
		openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -extfile "$1.ext" \
			-out "$1.pem" -days "$3" 2>/dev/null
}
certificate good DNS:localhost,IP:127.0.0.1 2
certificate other DNS:mesh.example 2
certificate old DNS:localhost -1

start good --tls-cert good.pem --tls-key good.key
good=$port
good_pid=$pid
case $url in https://127.0.0.1:*) verdict ok 'announces https' ;; *) verdict no 'announces https' ;; esac

export SSL_CERT_FILE="$work/ca.pem"
is 0 'create over TLS' as alice create demo --broker "https://localhost:$good" --name alice
says "wss://localhost:$good/ws"
is 0 'share over TLS' as alice share --uses 2 --json
link=$(member url)
says "\"url\":\"https://"
is 0 'join over TLS' as bob join "$link" --name bob
is 0 'send over TLS' as alice send bob 'through the tunnel'
is 0 'inbox over TLS' as bob inbox
says 'through the tunnel'
CLAUDEMESH_CONFIG_DIR="$work/bob" "$claudemesh" inbox --wait 10 --json >"$work/waited" 2>/dev/null &
waiter=$!
pids="$pids $waiter"
online() { as alice peers --json | sed 's/"members":.*//' | grep -q '"displayName":"bob"'; }
until_ok online
is 0 'send to who waits on wss' as alice send bob 'live text'
says 'sent to bob'
wait $waiter
grep -q 'live text' "$work/waited" && verdict ok '  it arrives' || verdict no '  it arrives'

is 4 'http:// to a port with TLS' as carol create x --broker "http://localhost:$good"
tells 'https://'
unset SSL_CERT_FILE
is 4 'an authority that is not known' as bob peers
tells 'not trusted'
tells 'SSL_CERT_FILE'
is 4 'the same for a call over HTTP' as alice share
tells 'SSL_CERT_FILE'
silent 'running?'
SSL_CERT_FILE=$work/absent.pem
export SSL_CERT_FILE
is 10 'SSL_CERT_FILE names no file' as alice share
tells "'$work/absent.pem': No such file"
SSL_CERT_FILE=$work/good.key
is 3 'SSL_CERT_FILE without a certificate' as alice share
tells 'holds no PEM certificate'
SSL_CERT_FILE=$work/ca.pem

start other --tls-cert other.pem --tls-key other.key
is 4 'a certificate of another host' as carol create x --broker "https://localhost:$port"
tells "not for 'localhost'"
start old --tls-cert old.pem --tls-key old.key
is 4 'an expired certificate' as carol create x --broker "https://localhost:$port"
tells 'certificate has expired'
start plain
is 4 'https:// to a port without TLS' as carol create x --broker "https://127.0.0.1:$port"
tells 'does not speak TLS'
is 0 'which others go on using' as carol create x --broker "http://127.0.0.1:$port"

# An operator's public URL stands in links and invites, with its scheme.
start public --tls-cert good.pem --tls-key good.key --create anyone --public-url "https://mesh.example/at/"
is 0 'create where the public URL differs' as dave create pub --broker "https://localhost:$port" --name dave
is 0 'share there' as dave share --json
says '"url":"https://mesh.example/at/i/'
token=$(member token)
printf '%s' "$token" | tr '_-' '/+' | base64 -d >"$out" 2>/dev/null
says '"broker_url":"wss://mesh.example/at/ws"'

refuses 3 '--tls-cert and --tls-key go together' none --tls-cert good.pem
refuses 10 "'absent.pem': No such file" none --tls-cert absent.pem --tls-key good.key
refuses 3 'does not belong to the certificate' none --tls-cert good.pem --tls-key other.key
refuses 3 "'good.ext' is not a PEM certificate" none --tls-cert good.ext --tls-key good.key
chmod 644 other.key
refuses 7 "chmod 600 'other.key'" none --tls-cert other.pem --tls-key other.key
stop $good_pid

echo "1..$count"
