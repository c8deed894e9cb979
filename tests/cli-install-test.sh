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
is 0 'uninstall again' "$claudemesh" uninstall
says 'uninstalled already'

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

echo "1..$count"
