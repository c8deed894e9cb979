#!/bin/sh
# cli-install-test.sh CLAUDEMESH - install and uninstall change other programs' files: what is
# ours comes and goes, every other byte stays. TAP on stdout.
set -u
claudemesh=$1
. "$(dirname "$0")/cli-lib.sh"
trap 'rm -rf "$work"' EXIT
export HOME="$work/home"
unset CLAUDE_CONFIG_DIR CODEX_HOME
mkdir -p "$HOME/.claude" "$HOME/.codex" "$HOME/.cursor" "$HOME/dotfiles"

printf '{\n  "numStartups": 3,\n  "mcpServers": {\n    "other": {\n      "command": "x"\n    }\n  }\n}\n' >"$HOME/.claude.json"
printf '{\n\t"model": "opus",\n\t"hooks": {\n\t\t"Stop": [\n\t\t\t{\n\t\t\t\t"hooks": [\n\t\t\t\t\t{\n\t\t\t\t\t\t"type": "command",\n\t\t\t\t\t\t"command": "say done"\n\t\t\t\t\t}\n\t\t\t\t]\n\t\t\t}\n\t\t]\n\t}\n}\n' >"$HOME/dotfiles/settings.json"
ln -s "$HOME/dotfiles/settings.json" "$HOME/.claude/settings.json"
printf 'model = "gpt"\n\n[mcp_servers.other]\ncommand = "x"' >"$HOME/.codex/config.toml"
chmod 600 "$HOME/.claude.json"
cp -a "$HOME" "$work/before"

same() { cmp -s "$HOME/$1" "$work/before/$1" && verdict ok "  $1 is as it was" || verdict no "  $1 is as it was"; }

is 0 'install --dry-run' "$claudemesh" install --dry-run
says '+     "claudemesh": {'
says 'nothing was changed'
same .claude.json
same dotfiles/settings.json
same .codex/config.toml

is 0 'install' "$claudemesh" install
says 'Claude Code: MCP server'
says 'Codex: hooks'
silent 'Gemini CLI:'
is 0 '  the files are what they should be' python3 - "$HOME" <<'E2'
import json, os, sys, tomllib
home = sys.argv[1]
def load(name):
    return json.load(open(os.path.join(home, name)))
claude = load(".claude.json")
assert claude["mcpServers"]["claudemesh"]["args"] == ["mcp"] and claude["mcpServers"]["other"] == {"command": "x"}
assert claude["numStartups"] == 3
settings = load(".claude/settings.json")
assert settings["hooks"]["Stop"][0]["hooks"][0]["command"] == "say done"
assert settings["hooks"]["Stop"][1]["hooks"][0]["command"].endswith("hook idle")
assert settings["hooks"]["UserPromptSubmit"][0]["hooks"][0]["command"].endswith("hook working")
codex = tomllib.load(open(os.path.join(home, ".codex/config.toml"), "rb"))
assert codex["mcp_servers"]["claudemesh"]["args"] == ["mcp"] and codex["mcp_servers"]["other"]["command"] == "x"
assert load(".codex/hooks.json")["hooks"]["Stop"][0]["hooks"][0]["type"] == "command"
cursor = load(".cursor/hooks.json")
assert cursor["version"] == 1 and cursor["hooks"]["stop"][0]["command"].endswith("hook idle")
assert load(".cursor/mcp.json")["mcpServers"]["claudemesh"]
assert open(os.path.join(home, ".claude/skills/claudemesh/SKILL.md")).read().startswith("---\nname: claudemesh\n")
assert os.path.islink(os.path.join(home, ".claude/settings.json"))
assert os.stat(os.path.join(home, ".claude.json")).st_mode & 0o777 == 0o600
assert open(os.path.join(home, ".claude.json.pre-claudemesh")).read() == open(os.path.join(sys.argv[1], "../before/.claude.json")).read()
E2
cp -a "$HOME/.claude/settings.json" "$work/once"
is 0 'install again changes nothing' "$claudemesh" install
says 'installed already'
cmp -s "$HOME/.claude/settings.json" "$work/once" && verdict ok '  not a byte' || verdict no '  not a byte'
is 0 'as one document' "$claudemesh" install --json
one_document

is 0 'uninstall' "$claudemesh" uninstall
same .claude.json
same dotfiles/settings.json
for gone in .claude/skills/claudemesh/SKILL.md .codex/hooks.json .cursor/mcp.json .cursor/hooks.json; do
	[ ! -e "$HOME/$gone" ] && verdict ok "  $gone is gone" || verdict no "  $gone is gone"
done
is 0 '  the TOML file has what it had' python3 -c 'import sys, tomllib
a, b = (tomllib.load(open(f, "rb")) for f in sys.argv[1:]); assert a == b' "$HOME/.codex/config.toml" "$work/before/.codex/config.toml"
same .codex/config.toml
[ -z "$(find "$HOME" -name '*claudemesh*')" ] && verdict ok '  no file of ours is left' || verdict no "  left: $(find "$HOME" -name '*claudemesh*')"
is 0 'uninstall again' "$claudemesh" uninstall
says 'uninstalled already'

# A file of one line, a hook in one item with another, a program that has moved, a skill that lay there.
printf '{"hooks":{"Stop":[{"hooks":[{"type":"command","command":"say done"}]}]},"model":"opus"}\n' >"$HOME/dotfiles/settings.json"
mkdir -p "$HOME/.claude/skills/claudemesh" "$work/old"
echo 'mine' >"$HOME/.claude/skills/claudemesh/SKILL.md"
cp -a "$HOME/dotfiles/settings.json" "$work/one-line"
cp "$claudemesh" "$work/old/claudemesh"
is 0 'install from another place' "$work/old/claudemesh" install --agents claude
[ "$(wc -l <"$HOME/dotfiles/settings.json")" = 1 ] && verdict ok '  a file of one line stays one' || verdict no '  a file of one line stays one'
rm "$work/old/claudemesh"
is 0 '  the program has moved' "$claudemesh" install --agents claude
grep -q "$work/old" "$HOME/dotfiles/settings.json" "$HOME/.claude.json" && verdict no '  no hook is left behind' || verdict ok '  no hook is left behind'
is 0 '  and it goes' "$claudemesh" uninstall
cmp -s "$HOME/dotfiles/settings.json" "$work/one-line" && verdict ok '  the file is as it was' || verdict no '  the file is as it was'
[ "$(cat "$HOME/.claude/skills/claudemesh/SKILL.md")" = mine ] && verdict ok '  the skill that lay there is back' || verdict no '  the skill that lay there is back'
rm -r "$HOME/.claude/skills"
printf '{"hooks":{"Stop":[{"hooks":[{"type":"command","command":"/x/claudemesh hook idle"},{"type":"command","command":"say done"}]}]}}\n' >"$HOME/dotfiles/settings.json"
is 0 'uninstall where our hook stands beside another' "$claudemesh" uninstall
is 0 '  which stays' grep -Fx '{"hooks":{"Stop":[{"hooks":[{"type":"command","command":"say done"}]}]}}' "$HOME/dotfiles/settings.json"

# TOML that cannot be added to would not be read any more.
cp "$HOME/.codex/config.toml" "$work/config.toml"
printf 'mcp_servers = { other = { command = "x" } }\r\n' >"$HOME/.codex/config.toml"
is 10 'servers in one piece' "$claudemesh" install --agents codex --no-hooks
says 'put into it: claudemesh ='
is 0 '  as they were' grep -q '^mcp_servers = { other' "$HOME/.codex/config.toml"
printf '[ mcp_servers . "claudemesh" ]\ncommand = "mine"\n' >"$HOME/.codex/config.toml"
is 0 'a server of ours that the user wrote' "$claudemesh" install --agents codex --no-hooks
[ "$(wc -l <"$HOME/.codex/config.toml")" = 2 ] && verdict ok '  stays' || verdict no '  stays'
mv "$work/config.toml" "$HOME/.codex/config.toml"
rm "$HOME/dotfiles/settings.json" "$HOME/.claude/settings.json"

# What we cannot read is left alone, and does not keep us from the rest.
printf '{ // mine\n}\n' >"$HOME/.claude.json"
is 10 'a file with remarks' "$claudemesh" install --agents claude
says 'left as it is'
[ "$(cat "$HOME/.claude.json")" = "$(printf '{ // mine\n}')" ] && verdict ok '  as it was' || verdict no '  as it was'
[ -e "$HOME/.claude/skills/claudemesh/SKILL.md" ] && verdict ok '  the rest is installed' || verdict no '  the rest is installed'
printf '{"mcpServers": 7}\n' >"$HOME/.claude.json"
is 10 'a member of another kind' "$claudemesh" install --agents claude
is 3 'an agent that there is not' "$claudemesh" install --agents claude,emacs
tells emacs
mkdir "$work/empty"
is 5 'no agent here' env HOME="$work/empty" PATH=/usr/bin:/bin "$claudemesh" install
tells 'no agent was found'
mkdir "$work/elsewhere"
is 0 'CLAUDE_CONFIG_DIR' env CLAUDE_CONFIG_DIR="$work/elsewhere" "$claudemesh" install --agents claude --no-hooks --no-skill
[ -e "$work/elsewhere/.claude.json" ] && verdict ok '  is where it goes' || verdict no '  is where it goes'

# The status line comes on request and only where there is none; --json=FIELDS chooses.
rm -f "$HOME/.claude.json"
is 0 'install without a status line' "$claudemesh" install --agents claude --json=agent,what
says '"changes":[{"agent":"claude","what":"MCP server"}'
silent 'status line'
is 0 'install --status-line' "$claudemesh" install --agents claude --status-line
is 0 '  it is there' grep -q '"command": "[^"]*claudemesh status-line"' "$HOME/.claude/settings.json"
is 0 '  again' "$claudemesh" install --agents claude --status-line
says 'installed already'
is 0 '  and it goes' "$claudemesh" uninstall
[ ! -e "$HOME/.claude/settings.json" ] && verdict ok '  with the file' || verdict no '  with the file'
printf '{"statusLine":{"type":"command","command":"mine"}}\n' >"$HOME/.claude/settings.json"
is 10 'a status line of the user' "$claudemesh" install --agents claude --status-line
says 'there is a status line already'
is 0 '  stays' grep -q '"command":"mine"' "$HOME/.claude/settings.json"
is 0 '  also afterwards' "$claudemesh" uninstall
is 0 '  as it was' grep -Fx '{"statusLine":{"type":"command","command":"mine"}}' "$HOME/.claude/settings.json"

# The service comes with a joined mesh, but not in a build machine.
own() { env -u CI -u GITHUB_ACTIONS -u GITLAB_CI -u BUILDKITE -u CIRCLECI -u JENKINS_URL CLAUDEMESH_CONFIG_DIR="$work/joined" "$claudemesh" "$@"; }
units() { find "$HOME/.config/systemd" -type f 2>/dev/null | wc -l; }
mkdir -m 700 "$work/joined"
is 0 'without a mesh' own install --agents claude
[ "$(units)" = 0 ] && verdict ok '  there is no service' || verdict no '  there is no service'
printf '{"version":1,"meshes":[{"meshId":"m","memberId":"a","slug":"demo","name":"demo","pubkey":"%064d","secretKey":"%0128d","brokerUrl":"ws://127.0.0.1:1/ws","joinedAt":"2026-01-01T00:00:00Z"}]}\n' 1 2 >"$work/joined/config.json"
chmod 600 "$work/joined/config.json"
is 0 'in a build machine' env CI=true CLAUDEMESH_CONFIG_DIR="$work/joined" "$claudemesh" install --agents claude
[ "$(units)" = 0 ] && verdict ok '  there is none either' || verdict no '  there is none either'
is 0 'install --no-service' own install --agents claude --no-service
[ "$(units)" = 0 ] && verdict ok '  leaves it out' || verdict no '  leaves it out'
is 0 'install --dry-run' own install --agents claude --dry-run
says 'claudemesh: service'
[ "$(units)" = 0 ] && verdict ok '  only shows it' || verdict no '  only shows it'
is 0 'install' own install --agents claude
says 'systemctl --user'
[ "$(units)" = 2 ] && verdict ok '  a service and its socket' || verdict no '  a service and its socket'
is 0 '  again' own install --agents claude
says 'installed already'
is 0 '  uninstall takes it out' own uninstall
[ "$(units)" = 0 ] && verdict ok '  whole' || verdict no '  whole'

echo "1..$count"
