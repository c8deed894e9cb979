# cli-lib.sh - cases for the tests of the command line; sourced by cli-*-test.sh. TAP on stdout.
#
# is STATUS NAME COMMAND...: the command ends with that status; its output is in $out and $err
# says TEXT, tells TEXT: the last command's standard output, or standard error, has the text
# silent TEXT: neither has it
work=$(mktemp -d)
count=0
out=$work/out
err=$work/err
export NO_COLOR=1 CLAUDEMESH_NO_DAEMON=1
unset CLAUDEMESH_BROKER_URL CLAUDEMESH_DISPLAY_NAME CLAUDEMESH_DEBUG

verdict() {
	count=$((count + 1))
	if [ "$1" = ok ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
		sed 's/^/# out: /' "$out"
		sed 's/^/# err: /' "$err"
	fi
}

is() {
	want=$1
	name=$2
	shift 2
	"$@" >"$out" 2>"$err"
	got=$?
	[ $got = "$want" ] && verdict ok "$name" || verdict "status $got" "$name (status $got, not $want)"
}

says() { grep -qF -- "$1" "$out" && verdict ok "  says '$1'" || verdict no "  says '$1'"; }
tells() { grep -qF -- "$1" "$err" && verdict ok "  tells '$1'" || verdict no "  tells '$1'"; }
silent() {
	if grep -qF -- "$1" "$out" "$err"; then verdict no "  is silent on '$1'"; else verdict ok "  is silent on '$1'"; fi
}

# one_document: standard output is one line of JSON with the envelope
one_document() {
	if [ "$(wc -l <"$out")" = 1 ] && grep -q '^{"schema_version":"1.0",.*}$' "$out" && [ ! -s "$err" ]; then
		verdict ok '  is one JSON document'
	else
		verdict no '  is one JSON document'
	fi
}

# member NAME: the value of a text member of the last output
member() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$out" | head -n 1; }
