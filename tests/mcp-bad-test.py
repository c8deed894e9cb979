#!/usr/bin/env -S python3 -B
"""mcp-bad-test.py CLAUDEMESH BROKER - what may go wrong around `claudemesh mcp`, with the real
process and the real daemon behind it: nothing is lost, nothing told twice. TAP on stdout."""
import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import time

import people
from people import SECONDS, Server, daemon_pid, environment, make_mesh, play, run, start_broker, verdict, work

people.claudemesh, people.broker = (os.path.realpath(path) for path in sys.argv[1:3])
F_SETPIPE_SZ = 1031


def session_token(who):
    """Of the one session that a hook registered."""
    tokens = []
    for directory, _, files in os.walk(os.path.join(work, who)):
        tokens += [os.path.join(directory, f) for f in files if f.endswith(".token") and "hooks" in directory]
    return open(tokens[0]).read().strip()


def bad_input(home):
    s = Server(home)
    verdict(s.greet("2099-01-01") == "2025-11-25", "an unknown version is answered with our newest")
    s.write(b'{"jsonrpc":"2.0","id":1,\n')
    verdict((s.read(lambda m: "error" in m) or {"error": {}})["error"].get("code") == -32700, "a broken line: one parse error")
    s.write(b'{"jsonrpc":"2.0","id":2,"method":"ping","params":{"x":"' + b"x" * (10 << 20) + b'"}}\n')
    refused = s.read(lambda m: "error" in m) or {"error": {"message": ""}}
    verdict(refused["error"].get("code") in (-32700, -32600), "a line of 10 MB: one error (%s)" % refused["error"]["message"])
    verdict(s.ask(3, "ping").get("result") == {}, "  and the next line is answered")
    s.write(b'{"jsonrpc":"2.0","id":4,"method":"pi')
    verdict(s.end() == 0, "input that ends inside a line ends it with 0")


def no_daemon():
    """/proc takes no file from anybody, root included."""
    s = Server("/proc")
    verdict(s.greet() == "2025-06-18", "a home that cannot be written: it is ready")
    verdict(s.ask(1, "prompts/list").get("result") == {"prompts": []}, "  with nothing to list")
    verdict("error" in s.ask(2, "prompts/get", name="x"), "  and nothing to read")
    verdict(s.end() == 0, "  and it ends with its input")


def closed_pipe(home):
    s = Server(home)
    fcntl.fcntl(s.process.stdout, F_SETPIPE_SZ, 4096)
    s.greet()
    s.ask(1, "prompts/list")
    run("bob", "send", "alice", "-", "--wait", input="cut short " + "x" * 40000)
    select.select([s.process.stdout], [], [], SECONDS)
    got = os.read(s.process.stdout.fileno(), 100)   # it hangs in the middle of the line
    verdict(got.startswith(b"{") and b"\n" not in got, "a client reads the beginning of a notification")
    s.process.stdout.close()
    try:
        verdict(s.process.wait(timeout=SECONDS) == 0, "  and closes its pipe: the server ends")
    except subprocess.TimeoutExpired:
        verdict(False, "  and closes its pipe: the server ends")
        s.process.kill()
    again = Server(home)
    again.greet()
    verdict(again.is_told("cut short"), "  the next one is told the message")
    again.end()


def daemon_killed(home):
    s = Server(home)
    s.greet()
    run("bob", "send", "alice", "before the kill", "--wait")
    verdict(s.is_told("before the kill"), "a message comes")
    os.kill(daemon_pid("alice"), signal.SIGKILL)
    run("bob", "send", "alice", "after the kill")
    verdict(s.is_told("after the kill"), "the daemon is killed: the server starts it again, and a message comes")
    run("bob", "send", "alice", "the last", "--wait")
    verdict(s.is_told("the last"), "  and the next")
    verdict([s.times(text) for text in ("before the kill", "after the kill", "the last")] == [1, 1, 1], "  each once")
    s.end()


def two_servers(home):
    given = dict(hook_event_name="SessionStart", session_id="twice", cwd=work)
    run("alice", "hook", "idle", input=json.dumps(given))
    token = session_token("alice")
    one, two = (Server(home, CLAUDEMESH_IPC_TOKEN=token, CLAUDEMESH_CHANNEL="1") for _ in range(2))
    one.greet()
    two.greet()
    until = time.monotonic() + SECONDS
    session = None
    while not session and time.monotonic() < until:
        peers = json.loads(run("bob", "peers", "--json"))["peers"]
        session = next((p["pubkey"] for p in peers if p.get("cwd") == work), None)
    run("bob", "send", session or "alice", "to the session", "--wait")
    told = [s.is_told("to the session") for s in (one, two)]
    verdict(any(told), "two servers of one session are told")
    verdict(all(s.times("to the session") <= 1 for s in (one, two)), "  each at most once")
    verdict([one.end(), two.end()] == [0, 0], "  both end with 0")
    three = Server(home, CLAUDEMESH_IPC_TOKEN=token, CLAUDEMESH_CHANNEL="1")
    three.greet()
    run("bob", "send", session or "alice", "one more", "--wait")
    verdict(three.is_told("one more") and three.times("to the session") == 0, "  a third is told what is new, and nothing again")
    three.end()


def test():
    make_mesh(start_broker().url)
    home = os.path.join(work, "alice")
    bad_input(home)
    no_daemon()
    closed_pipe(home)
    daemon_killed(home)
    two_servers(home)


play(test)
