#!/bin/sh
# check-tools-test.sh TOOLS_DIR - that check-includes and check-size see what they are for.
# TAP on stdout. Each case is a small tree with one fault.
set -u
tools=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
count=0

# put PATH TEXT: one file of the tree under test
put() {
	mkdir -p "$work/tree/$(dirname "$1")"
	printf '%b\n' "$2" >"$work/tree/$1"
}

# says NAME TOOL TEXT: the tool refuses the tree and says TEXT; an empty TEXT: it accepts it
says() {
	count=$((count + 1))
	output=$("$tools/$2" --root "$work/tree" 2>&1)
	case $?/$output in
	0/*) [ -z "$3" ] && verdict=ok || verdict='not ok' ;;
	*/*"${3:-nothing}"*) verdict=ok ;;
	*) verdict='not ok' ;;
	esac
	echo "$verdict $count - $1"
	[ "$verdict" = ok ] || printf '%s\n' "$output" | sed 's/^/# /'
	rm -rf "$work/tree"
}

put src/base/a.h '#include <stdio.h>'
put src/store/s.c '#include "base/a.h"\n#include "json/j.h"\n#include "db/d.h"'
put src/main/m.c '#include "cli/c.h"'
put src/net/n.c '#include <uv.h>\n#include <openssl/ssl.h>'
says 'what the rows allow passes, also through another folder' check-includes ''

put src/json/j.c '#include "net/n.h"'
says 'a folder to the right is refused' check-includes 'src/json/j.c:1: src/json may not include src/net'

put src/engine/msg/x.c '#include "net/n.h"'
says 'the engine does not see sockets' check-includes 'src/engine may not include src/net'

put src/broker/b.c '#include <uv.h>'
says 'libuv is for net only' check-includes '<uv.h> may not be included here'

put src/db/db.c '\t#  include <sqlite3.h>'
says 'sqlite3.h is for one file only' check-includes '<sqlite3.h> may not be included here'

put src/client/k.c '#include <sodium.h>'
says 'libsodium is for crypto only' check-includes '<sodium.h> may not be included here'

put src/json/j.c '#include "base/test.h"'
says 'test.h is for tests' check-includes 'only tests include base/test.h'

put src/json/j_test.c '#include "base/test.h"\n#include "crypto/test_k.h"'
says 'direction holds for tests too' check-includes 'src/json may not include src/crypto'

put src/crypto/test_k.h '#include "base/test.h"'
put src/crypto/k_test.c '#include "crypto/test_k.h"'
put src/crypto/k.c '#include "crypto/test_k.h"'
says 'a helper of tests is for tests' check-includes 'src/crypto/k.c:1: only tests include crypto/test_k.h'

put src/json/j.h 'int j;'
put src/json/j.c '#include "base/a.h"\n#include "json/j.h"'
says 'the own header comes first' check-includes 'the first include of a file is its own header, json/j.h'

put src/json/j.c '#include "j.h"'
says 'an include names its folder' check-includes 'write the folder'

put src/misc/j.c 'int j;'
says 'an unknown folder is refused' check-includes 'src/misc has no row'

lines() { awk -v n="$1" -v text="$2" 'BEGIN { for (i = 0; i < n; i++) printf "%s\\n", text }'; }

put src/a.c "int f(void)\n{\n$(lines 78 '\tx();')}\nstatic const int t[] = {\n$(lines 200 '\t1,')};"
says 'a function of 80 lines and a long table pass' check-size ''

put src/a.c "int f(void)\n{\n$(lines 79 '\tx();')}"
says 'a function of 81 lines is refused' check-size 'src/a.c:2: 81 lines, the ceiling of a function is 80: int f(void)'

put src/a.c "int f(void) {\n$(lines 80 '\tx();')}"
says 'the place of the brace does not matter' check-size 'the ceiling of a function is 80: int f(void)'

put tests/a.c "$(lines 600 'int x;')"
says 'a file of 601 lines is refused' check-size 'tests/a.c: 601 lines, the ceiling is 600'

put tests/a.c "$(lines 699 'int x;')"
put tools/size-exceptions 'tests/a.c 700'
says 'an exception raises the ceiling of one file' check-size ''

put tests/a.c "$(lines 689 'int x;')"
put tools/size-exceptions 'tests/a.c 700'
says 'an exception only shrinks' check-size 'tests/a.c has 690 lines, the list says 700'

put tools/size-exceptions 'tests/a.c 700'
put tests/b.c 'int x;'
says 'an exception for nothing is refused' check-size 'there is no tests/a.c'

echo "1..$count"
