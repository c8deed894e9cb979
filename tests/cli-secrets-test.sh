#!/bin/sh
# cli-secrets-test.sh CLAUDEMESH BROKER - what never leaves this machine, and who may read what
# stays on it. Everything that clients send passes tap.py. TAP on stdout.
set -u
claudemesh=$(realpath "$1")
broker=$2
here=$(realpath "$(dirname "$0")")
. "$here/agent-lib.sh"

port=$("$here/free_port.py")
python3 "$here/tap.py" "http://127.0.0.1:$port" "$work/sent" >"$work/tap" &
pids=$!
until_ok test -s "$work/tap"
url=$(cat "$work/tap")
"$broker" --listen "127.0.0.1:$port" --data "$work/broker" --rate-limit 0 --create anyone --public-url "$url" >"$work/broker.log" 2>&1 &
pids="$pids $!"
until_ok python3 -c "import urllib.request as r; r.urlopen('$url/health', timeout=5)" || sed 's/^/# broker: /' "$work/broker.log"

is 0 'create' as alice create demo --broker "$url" --name alice
is 0 'share' as alice share --json
link=$(member url)
is 0 'join' as bob join "$link" --name bob
is 0 'through the daemon' as bob send alice 'words of a letter'
is 0 'past it' as bob send alice 'words of another' --no-daemon
is 0 'they arrive' as alice inbox --wait 5
for command in 'summary x' 'status set idle' 'profile set --title x' 'group join @dev' verify peers info "test --broker $url"; do
	# shellcheck disable=SC2086  # several words
	is 0 "$command" as bob $command
done
grep -q '"type":"hello"' "$work/sent" && grep -q '"targetSpec"' "$work/sent" && verdict ok 'all of it was heard' || verdict no 'all of it was heard'

# The key, its seed, the key of the mesh: as hex, base64 and base64url, each of its three alignments.
cat >"$work/needles.py" <<'E2'
import base64, json, re, sys
sent = open(sys.argv[1], "rb").read()
secrets = {}
for path in sys.argv[2:]:
    text = open(path).read()
    for name, value in re.findall(r'"(secretKey|rootKey|owner_secret_key|secret_key|seed)":\s*"([^"]+)"', text):
        raw = bytes.fromhex(value) if re.fullmatch("[0-9a-f]+", value) else base64.urlsafe_b64decode(value + "==")
        secrets[f"{path} {name}"] = raw[:32]
assert len(secrets) >= 3, secrets.keys()
for name, raw in secrets.items():
    needles = [raw, raw.hex().encode(), raw.hex().upper().encode()]
    for shift in range(3):
        plain = base64.b64encode(b"\0" * shift + raw)[4 if shift else 0:-4]
        needles += [plain, plain.replace(b"+", b"-").replace(b"/", b"_")]
    for needle in needles:
        assert needle not in sent, f"{name} was sent"
for word in b"words of a letter", b"words of another":
    for form in word, base64.b64encode(word).rstrip(b"=")[:-1]:
        assert form not in sent, "a letter was sent in the open"
E2
is 0 'C-03 no secret key is sent, nor a letter in the open' python3 "$work/needles.py" "$work/sent" \
	$(find "$work/alice/.claudemesh" "$work/bob/.claudemesh" -name '*.json' -not -path '*/daemon/*')
fragment=${link#*#}
[ "$fragment" != "$link" ] && ! grep -qF -- "$fragment" "$work/sent" && verdict ok '  nor what stands behind the # of a link' ||
	verdict no '  nor what stands behind the # of a link'

find "$work/alice/.claudemesh" "$work/bob/.claudemesh" -perm /077 >"$out"
[ ! -s "$out" ] && verdict ok 'C-06 C-14 every file and directory is closed to others' ||
	verdict no 'C-06 C-14 every file and directory is closed to others'
grep -rlF -- "$fragment" "$work/bob/.claudemesh" >"$out"
[ ! -s "$out" ] && verdict ok 'C-06 a join keeps no link' || verdict no 'C-06 a join keeps no link'

# What the reference has in a form that is not safe is not there until it is.
is 3 'C-10 no upload in the open' as alice file share "$out"
is 5 'C-03 no key for a messenger: connect launches an agent' as alice connect telegram --print
echo "1..$count"
