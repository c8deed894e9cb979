#!/bin/sh
# cli-complete-test.sh CLAUDEMESH - completions: from the table, the user's files and the
# daemon's roster, never from a broker; in bash what is typed stays a word whatever a peer is
# called. TAP on stdout.
set -u
claudemesh=$1
. "$(dirname "$0")/cli-lib.sh"
trap 'kill $pids 2>/dev/null; wait; rm -rf "$work"' EXIT
config=$work/config
mkdir -m 700 "$config"
export HOME="$work" CLAUDEMESH_CONFIG_DIR="$config"
unset CLAUDEMESH_IPC_TOKEN CLAUDEMESH_IPC_TOKEN_FILE XDG_RUNTIME_DIR CLAUDEMESH_DAEMON_DIR

# A broker that counts, and a daemon that knows peers with names like traps.
cat >"$work/fake.py" <<'P'
import fcntl, json, os, socket, sys, threading, time
work, config = sys.argv[1:]
b = socket.socket(); b.bind(('127.0.0.1', 0)); b.listen(8)
def broker():
    while True:
        b.accept()[0].close()
        open(work + '/came', 'a').write('x')
threading.Thread(target=broker, daemon=True).start()
d = config + '/daemon'
os.makedirs(d, 0o700, exist_ok=True)
lock = open(d + '/daemon.pid', 'w'); os.chmod(lock.name, 0o600)
lock.write(str(os.getpid())); lock.flush()
fcntl.flock(lock, fcntl.LOCK_EX)
s = socket.socket(socket.AF_UNIX); s.bind(d + '/daemon.sock'); os.chmod(d + '/daemon.sock', 0o600); s.listen(8)
names = ['bob', 'bob the builder', '$(touch %s/pwned)' % work, '`id`', "o'neil; ls", '-rf', 'a\nb', '\x1b[2J', 'ev\u202eil']
body = json.dumps({'peers': [{'mesh': 'demo', 'displayName': n, 'groups': [{'name': 'dev'}]} for n in names] +
    [{'mesh': 'work', 'displayName': 'wanda', 'groups': []}],
    'members': [{'mesh': 'demo', 'displayName': 'bob', 'online': True, 'pubkey': '8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c'},
        {'mesh': 'demo', 'displayName': 'carol', 'online': False, 'pubkey': ''}],
    'meshes': [{'mesh': 'demo', 'at': time.strftime('%Y-%m-%dT%H:%M:%S.000Z', time.gmtime())},
        {'mesh': 'work', 'at': '2026-01-01T00:00:00.000Z'}]}).encode()
open(work + '/port', 'w').write(str(b.getsockname()[1]) + '\n')
while True:
    c, _ = s.accept()
    c.recv(65536)
    c.sendall(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n' % len(body) + body)
    c.close()
P
python3 "$work/fake.py" "$work" "$config" &
fake=$!
pids=$fake
i=0
until [ -s "$work/port" ] || [ $((i += 1)) = 200 ]; do sleep 0.05; done
key=8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c
mesh() {
	printf '{"meshId":"%s0000000000000000000000000000","memberId":"m1","slug":"%s","name":"%s","pubkey":"%s",' "$1" "$2" "$2" $key
	printf '"secretKey":"%s%s","brokerUrl":"ws://127.0.0.1:%s/ws","joinedAt":""}' $key $key "$(cat "$work/port")"
}
(umask 077; printf '{"version":1,"meshes":[%s,%s]}' "$(mesh aaaa demo)" "$(mesh bbbb work)" >"$config/config.json")

# offers WANT WORD...: the words offered, joined by commas
offers() {
	want=$1
	shift
	"$claudemesh" __complete -- "$@" >"$out" 2>"$err"
	got=$(cut -f 1 "$out" | tr '\n' ',')
	[ "$got" = "$want" ] && verdict ok "$*" || verdict no "$*: '$got', not '$want'"
}

offers 'send,serve,' se
offers 'join,leave,' group ''
offers 'join,' group j
mkdir -m 700 -p "$config/keys/topics"
(umask 077; printf '{"topics":[{"topic_id":"t1","name":"ops","epoch":1},{"topic_id":"t2","name":"-rf","epoch":1}]}' >"$config/keys/topics/aaaa0000000000000000000000000000.json")
offers 'general,ops,' topic post ''
offers 'ops,' topic tail o
offers 'general,' --mesh work topic tail ''
offers '--priority,--policy,' send --p
offers 'now,next,' send --priority n
offers '--priority=now,--priority=next,' send --priority=n
offers '--json=displayName,' peers --json=di
offers '--json=mesh,status,--json=mesh,stats,' peers --json=mesh,st
offers 'working,' status set w
offers ':file,' restore ''
offers 'exit-codes,' help exi
offers 'demo,work,' peers --mesh ''
offers '--mesh=demo,' peers --mesh=d
offers 'demo,' leave d
offers 'bash,' completions b
offers '' send bob ''
offers '' nonsense ''
offers '' send -- b
offers 'bob,bob the builder,' send bo
offers 'bob,bob the builder,' --quiet send --priority now bo
offers '@dev,' send @
offers '@dev,' group join @
offers 'wanda,' send --mesh work w
offers '' send --mesh demo w
offers '' send -r
"$claudemesh" __complete -- send '' >"$out"
silent "$(printf '\033')"
silent '-rf'
says '$(touch'
# The status line asks the same roster (client.md 15.3, 46: no cache that nobody writes).
line() {
	wanted=$1
	shift
	is 0 "status-line $*" "$claudemesh" status-line "$@"
	[ "$(cat "$out"; echo .)" = "$wanted." ] && verdict ok "  is '$wanted'" || verdict no "  is '$wanted'"
}
line '◇ demo · 1/2 online · bob'
line '◇ work · 0/0 (stale)' --mesh work
is 0 'status-line as JSON' "$claudemesh" status-line --json
one_document
says '"online":1,"total":2'
is 3 'another shell' "$claudemesh" completions tcsh
tells 'bash'

# bash itself: the function that it loads, called as a Tab calls it.
cat >"$work/tab.bash" <<'P'
cd "$2" && mkdir -p files && touch 'files/a b.cmb'
ln -sf "$1" claudemesh
PATH="$PWD:$PATH"
source <(claudemesh completions bash)
tab() { COMP_WORDS=("$@"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMPREPLY=(); _claudemesh; printf '<%s>' "${COMPREPLY[@]}"; echo; }
tab claudemesh se
tab claudemesh send bo
tab claudemesh send '$('
tab claudemesh peers --json = di
tab claudemesh restore files/
eval "echo ${COMPREPLY[0]}"
tab claudemesh send '$('
eval "set -- ${COMPREPLY[0]}"
echo "$#:$1"
P
is 0 'bash takes it' bash "$work/tab.bash" "$claudemesh" "$work"
says '<send><serve>'
says '<bob><bob\ the\ builder>'
says '<displayName>'
says '1:$(touch'
[ ! -e "$work/pwned" ] && verdict ok '  and runs nothing' || verdict no '  a name was run'
for shell in zsh fish; do
	if command -v $shell >/dev/null; then
		"$claudemesh" completions $shell >"$work/script"
		is 0 "$shell reads its script" $shell -n "$work/script"
	else
		verdict ok "$shell reads its script # SKIP it is not installed"
	fi
done
kill $fake
wait $fake 2>/dev/null
offers '' send bo
line '◇ demo · idle'
mkdir -m 700 "$work/none"
CLAUDEMESH_CONFIG_DIR="$work/none" line '◇ claudemesh (not joined)'
echo '{' >"$work/none/config.json"
CLAUDEMESH_CONFIG_DIR="$work/none" line '◇ claudemesh (not joined)'
[ ! -e "$work/came" ] && verdict ok 'no broker was asked' || verdict no 'a broker was asked'
echo "1..$count"
