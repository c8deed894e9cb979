#!/bin/sh
# install.sh - installs claudemesh for one user: no root, no other files than the program.
#
#   curl -fsSL @BASE@/install | sh
#
# CLAUDEMESH_DIR   where the program goes (default ~/.local/share/claudemesh)
# CLAUDEMESH_BIN   where the link to it goes (default ~/.local/bin)
#
# What comes over the network is believed because of the connection (TLS, checked by curl) and because it
# is what SHA256SUMS says; where openssl can check Ed25519, SHA256SUMS must also carry the signature of the
# release key below. Running it again updates, or changes nothing.
set -eu

base='@BASE@'
# Ed25519, made by tools/release; the whole script is worth no more than the connection it came over.
release_key='@KEY@'

say() { printf '%s\n' "claudemesh: $*" >&2; }
die() { say "$*"; exit 1; }

main() {
	[ "$(uname -s)" = Linux ] || die "there is a program for Linux only, this is $(uname -s)"
	case $(uname -m) in
	x86_64 | amd64) file=claudemesh-linux-x64 ;;
	aarch64 | arm64) file=claudemesh-linux-arm64 ;;
	*) die "there is no program for $(uname -m)" ;;
	esac
	for tool in curl sha256sum; do
		command -v "$tool" >/dev/null || die "needs $tool"
	done
	case $base in
	https://*) only='=https' ;;
	http://127.0.0.1:* | http://localhost:* | http://\[::1\]:* | http://127.0.0.1 | http://localhost) only='=http' ;;
	*) die "$base is neither https nor this machine" ;;
	esac
	dir=${CLAUDEMESH_DIR:-${XDG_DATA_HOME:-$HOME/.local/share}/claudemesh}
	bin=${CLAUDEMESH_BIN:-$HOME/.local/bin}
	work=$(mktemp -d) || die "cannot make a directory for the download"
	trap 'rm -rf "$work"' EXIT
	trap 'exit 1' HUP INT TERM

	get SHA256SUMS
	check_signature
	wanted=$(sed -n "s/^\([0-9a-f]\{64\}\)  $file\$/\1/p" "$work/SHA256SUMS")
	[ ${#wanted} -eq 64 ] || die "$base offers no $file"
	if [ "$(sum "$dir/claudemesh")" = "$wanted" ]; then
		say "$dir/claudemesh is this version already"
	else
		get "$file"
		[ "$(sum "$work/$file")" = "$wanted" ] || die "$file is not what SHA256SUMS says: nothing was installed"
		put
	fi
	link
}

get() {
	curl -fsS --proto "$only" --max-time 300 --max-filesize 67108864 -o "$work/$1" "$base/dl/$1" ||
		die "cannot get $base/dl/$1"
}

sum() {
	if [ -f "$1" ]; then sha256sum <"$1" | cut -c 1-64; fi
}

# Whether this openssl knows how is tried on a key of its own, so that "cannot" is not taken for "wrong".
can_check() {
	command -v openssl >/dev/null &&
		openssl genpkey -algorithm ed25519 -out "$work/try.key" 2>/dev/null &&
		printf x >"$work/try" &&
		openssl pkeyutl -sign -rawin -inkey "$work/try.key" -in "$work/try" -out "$work/try.sig" 2>/dev/null
}

check_signature() {
	if [ -z "$release_key" ]; then
		say "this release is not signed; only its checksums are checked"
		return
	fi
	get SHA256SUMS.sig
	if ! can_check; then
		say "no openssl 3 here: the signature of the release is not checked, its checksums are"
		return
	fi
	printf '%s\n' '-----BEGIN PUBLIC KEY-----' "$release_key" '-----END PUBLIC KEY-----' >"$work/release.pem"
	openssl pkeyutl -verify -rawin -pubin -inkey "$work/release.pem" -in "$work/SHA256SUMS" \
		-sigfile "$work/SHA256SUMS.sig" >/dev/null 2>&1 ||
		die "the signature of SHA256SUMS is wrong: nothing was installed"
}

# Under a name of its own first: a program that runs is not written over, and half of one is never there.
put() {
	mkdir -p "$dir"
	cp "$work/$file" "$dir/claudemesh.new.$$"
	chmod 755 "$dir/claudemesh.new.$$"
	"$dir/claudemesh.new.$$" --version >/dev/null 2>&1 || {
		rm -f "$dir/claudemesh.new.$$"
		die "$file does not run on this machine (glibc 2.36 or later?): nothing was installed"
	}
	mv -f "$dir/claudemesh.new.$$" "$dir/claudemesh"
	say "installed $("$dir/claudemesh" --version 2>/dev/null | head -n 1) in $dir"
}

link() {
	mkdir -p "$bin"
	if [ -e "$bin/claudemesh" ] && [ ! -L "$bin/claudemesh" ]; then
		die "$bin/claudemesh is there and no link of ours; remove it, or set CLAUDEMESH_BIN"
	fi
	[ "$(readlink "$bin/claudemesh" 2>/dev/null)" = "$dir/claudemesh" ] || ln -sfn "$dir/claudemesh" "$bin/claudemesh"
	case :$PATH: in
	*:"$bin":*) ;;
	*) say "add it to your PATH:  export PATH=\"$bin:\$PATH\"" ;;
	esac
}

# All of it was read before anything is done: half a download does nothing.
main "$@"
