"""turns.py - a stand-in for an agent that has hooks and no channel. A vendor's script names its
contract and calls play().

Each line of standard input is a prompt of the user. A turn is: the hooks of the prompt, the model
(it answers every message of the mesh that it was told, as the hint beside it says), the hooks of
the stop. A stop that a hook refuses is another turn, told with what the hook said. The prompt
"read FILE" is work that lasts until somebody has written the file. The session ends with the input. What happens goes to $FAKE_LOG, a JSON object a line.
"""
import json
import os
import re
import subprocess
import time

TURNS_MAX = 5    # of one prompt: more is two agents that keep each other awake

log = open(os.environ["FAKE_LOG"], "a", buffering=1)


def note(**what):
    log.write(json.dumps(what) + "\n")


def commands_of(path, event):
    """Of a file with a list of groups an event (Claude Code's form), or of commands (Cursor's)."""
    for item in json.load(open(path))["hooks"].get(event, []):
        for hook in item.get("hooks", [item]):
            yield hook["command"]


def run_hooks(path, event, allowed, **given):
    """Their answers; an answer that the vendor's contract does not have ends the agent."""
    answers = []
    for command in commands_of(path, event):
        begin = time.monotonic()
        done = subprocess.run(command, shell=True, input=json.dumps(dict(hook_event_name=event, cwd=os.getcwd(), **given)),
                              text=True, capture_output=True, timeout=10)
        took_ms = (time.monotonic() - begin) * 1000
        answer = json.loads(done.stdout) if done.stdout.strip() else {}
        assert set(answer) <= set(allowed), (event, answer)
        note(hook=event, status=done.returncode, took_ms=round(took_ms, 1), answer=answer, said=done.stderr)
        if done.returncode == 0:
            answers.append(answer)
    return answers


def context_of(answers, event):
    """What Claude Code, Codex and Gemini CLI add to the context."""
    for answer in answers:
        said = answer.get("hookSpecificOutput")
        if said:
            assert said["hookEventName"] == event, said
            yield said["additionalContext"]


def think(text):
    """What a model does that was told how to answer."""
    note(told=text)
    if text.startswith("read /"):
        open(text.split()[1]).read()
    for said, address in re.findall(r"^\w+: (.*)\n\(answer: claudemesh send (\w+) \"\.\.\.\"\)$", text, re.M):
        subprocess.run(["claudemesh", "send", address, "echo: " + said], check=True, capture_output=True, timeout=20)
    for said, topic, post in re.findall(r"^\w+ \(#\S+\): (.*)\n\(answer: claudemesh topic post (\S+) \"\.\.\.\" --reply-to (\w+)\)$", text, re.M):
        subprocess.run(["claudemesh", "topic", "post", topic, "echo: " + said, "--reply-to", post], check=True, capture_output=True, timeout=20)


def play(start, prompt, stop, end):
    """start() and prompt(text) give a list of texts for the context; stop(again) the text of the
    next turn or None; end() nothing."""
    context = start()
    note(started=os.getcwd())
    for line in iter(input_line, None):
        text, turns = line, 0
        context += prompt(line)
        while text is not None:
            think("\n".join([text, *context]))
            context = []
            text = stop(turns)
            turns += 1
            assert turns < TURNS_MAX, "kept awake"
        note(rests=line, turns=turns)
    end()
    note(ended=True)


def input_line():
    try:
        return input()
    except EOFError:
        return None
