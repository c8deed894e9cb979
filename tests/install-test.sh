#!/bin/sh
# install-test.sh CLAUDEMESH BROKER - GET /install in a home of its own: what it installs, that it changes nothing
# the second time, and all that it refuses. TAP on stdout.
set -u
claudemesh=$(realpath "$1")
broker=$(realpath "$2")
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
pids=
trap 'kill $pids 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT
count=0
unset CLAUDEMESH_DIR CLAUDEMESH_BIN XDG_DATA_HOME XDG_STATE_HOME

# ok NAME COMMAND...
ok() {
	count=$((count + 1))
	name=$1
	shift
	if "$@" >"$work/log" 2>&1; then echo "ok $count - $name"; else
		echo "not ok $count - $name"
		sed 's/^/# /' "$work/log" "$work/out"
	fi
}
fails() { ! "$@"; }
says() { grep -qF -- "$1" "$work/out"; }

# until_has FILE WORD: the process started last has written it, or has ended
until_has() {
	tries=0
	until grep -q "$2" "$1" || [ $tries = 200 ] || ! kill -0 $! 2>/dev/null; do
		tries=$((tries + 1))
		python3 -c 'import select; select.select([], [], [], 0.05)'
	done
}

# serve NAME DIR [ADDRESS]: a broker with that release; its address in $url
serve() {
	"$broker" --listen "${3-127.0.0.1}:0" --data "$work/data-$1" --install-dir "$2" >"$work/$1.url" 2>"$work/$1.log" &
	pids="$pids $!"
	until_has "$work/$1.url" listening
	url=$(sed -n 's/listening on //p' "$work/$1.url")
}

# release DIR [KEY]: a program that only says its version, as tools/release would make it
release() {
	mkdir -p "$1"
	printf '#!/bin/sh\necho "claudemesh 9.9"\n' >"$1/claudemesh-linux-x64"
	cp "$1/claudemesh-linux-x64" "$1/claudemesh-linux-arm64"
	public=
	[ -z "${2-}" ] || public=$(openssl pkey -in "$2" -pubout | sed -n 2p)
	sed "s|@KEY@|$public|" "$root/packaging/install.sh" >"$1/install.sh"
	(cd "$1" && sha256sum claudemesh-linux-x64 claudemesh-linux-arm64 install.sh >SHA256SUMS)
	[ -z "${2-}" ] || openssl pkeyutl -sign -rawin -inkey "$2" -in "$1/SHA256SUMS" -out "$1/SHA256SUMS.sig"
}

# install HOME [NAME=VALUE]: as the page says
install() {
	home=$work/$1
	shift
	mkdir -p "$home"
	curl -fsSL "$url/install" | env HOME="$home" "$@" sh >"$work/out" 2>&1
}

openssl genpkey -algorithm ed25519 -out "$work/release.key" 2>/dev/null
release "$work/rel" "$work/release.key"
serve good "$work/rel"
ok 'a home without anything gets the program' install one
ok 'in ~/.local/bin' test "$("$work/one/.local/bin/claudemesh")" = 'claudemesh 9.9'
ok 'and hears that it is not in the PATH' says 'add it to your PATH'
before=$(ls -lR --time-style=full-iso "$work/one")
ok 'a second time' install one
ok 'changes nothing' test "$(ls -lR --time-style=full-iso "$work/one")" = "$before"
ok 'and says so' says 'this version already'
ok 'the places can be chosen' install two CLAUDEMESH_DIR="$work/d i r" CLAUDEMESH_BIN="$work/b i n"
ok 'both' test "$("$work/b i n/claudemesh")" = 'claudemesh 9.9' -a -x "$work/d i r/claudemesh"
ok 'and nothing else is in the home' test -z "$(ls -A "$work/two")"
mkdir -p "$work/three/.local/bin"
echo mine >"$work/three/.local/bin/claudemesh"
ok "somebody else's program of that name" fails install three
ok 'stays' test "$(cat "$work/three/.local/bin/claudemesh")" = mine
ok 'the program has an ETag' sh -c "curl -fsSI '$url/dl/claudemesh-linux-x64' | tr -d '\\r' | grep -q '^[Ee][Tt]ag: \"[0-9a-f]\\{64\\}\"'"
ok 'and is not sent to who has it' test 304 = "$(curl -s -o /dev/null -w '%{http_code}' -H "If-None-Match: \"$(sha256sum <"$work/rel/claudemesh-linux-x64" | cut -c 1-64)\"" "$url/dl/claudemesh-linux-x64")"
for path in install.sh ../data-good/broker.key ..%2Fdata-good%2Fbroker.key %2e%2e/x /etc/passwd; do
	ok "/dl/$path is nothing" test 404 = "$(curl -s --path-as-is -o /dev/null -w '%{http_code}' "$url/dl/$path")"
done

# Not over a way on which others could change it.
ok 'a proxy that was asked without TLS gets no script' test 403 = "$(curl -s -o /dev/null -w '%{http_code}' -H 'X-Forwarded-Proto: http' "$url/install")"
ok 'one that was asked over TLS does' test 200 = "$(curl -s -o /dev/null -w '%{http_code}' -H 'X-Forwarded-Proto: https' "$url/install")"
address=$(hostname -I 2>/dev/null | tr ' ' '\n' | grep -m1 '^[0-9.]*$')
if [ -n "$address" ]; then
	serve far "$work/rel" "$address"
	ok 'without TLS another machine gets no script' test 403 = "$(curl -s -o "$work/out" -w '%{http_code}' "$url/install")"
	ok 'and hears why' says TLS
	ok 'nor a program' test 403 = "$(curl -s -o /dev/null -w '%{http_code}' "$url/dl/claudemesh-linux-x64")"
else
	count=$((count + 1))
	echo "ok $count - # SKIP no other address on this machine"
fi

# Somebody between the broker and us: the same files, one of them changed.
mirror() {
	rm -rf "$work/mirror"
	mkdir -p "$work/mirror"
	cp -r "$work/rel" "$work/mirror/dl"
	(cd "$work/mirror" && exec python3 -u -m http.server --bind 127.0.0.1 0) >"$work/mirror.url" 2>/dev/null &
	pids="$pids $!"
	until_has "$work/mirror.url" port
	url=http://127.0.0.1:$(sed -n 's/.*port \([0-9]*\).*/\1/p' "$work/mirror.url")
	sed "s|@BASE@|$url|" "$work/mirror/dl/install.sh" >"$work/mirror/install"
}
mirror
echo 'echo evil' >>"$work/mirror/dl/claudemesh-linux-x64"
echo 'echo evil' >>"$work/mirror/dl/claudemesh-linux-arm64"
ok 'a changed program is refused' fails install four
ok 'with the reason' says 'is not what SHA256SUMS says'
ok 'and is not on the disk' test -z "$(ls -A "$work/four")"
(cd "$work/mirror/dl" && sha256sum claudemesh-linux-x64 claudemesh-linux-arm64 install.sh >SHA256SUMS)
ok 'with changed checksums, too' fails install four
ok 'by the signature' says 'signature of SHA256SUMS is wrong'
rm "$work/mirror/dl/SHA256SUMS.sig"
ok 'a signature cannot be left out' fails install four
ok 'nothing of that left anything behind' test -z "$(ls -A "$work/four")"
mirror
printf '#!/bin/sh\nexit 1\n' >"$work/mirror/dl/claudemesh-linux-x64"
cp "$work/mirror/dl/claudemesh-linux-x64" "$work/mirror/dl/claudemesh-linux-arm64"
(cd "$work/mirror/dl" && sha256sum claudemesh-linux-x64 claudemesh-linux-arm64 install.sh >SHA256SUMS &&
	openssl pkeyutl -sign -rawin -inkey "$work/release.key" -in SHA256SUMS -out SHA256SUMS.sig)
ok 'one that does not run here is not installed' fails install five
ok 'and the reason is told' says 'does not run on this machine'
url=http://example.org
sed "s|@BASE@|$url|" "$work/rel/install.sh" >"$work/far.sh"
ok 'a script from an address without TLS does nothing' fails sh "$work/far.sh"

# A release that is not whole is not handed out.
release "$work/bad"
echo changed >>"$work/bad/claudemesh-linux-x64"
serve bad "$work/bad"
ok 'a broker does not start with a release that was changed' grep -q 'is not the one that SHA256SUMS lists' "$work/bad.log"
ok 'the client itself has a version to show' "$claudemesh" --version
echo "1..$count"
