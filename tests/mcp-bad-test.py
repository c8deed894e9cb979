#!/usr/bin/env python3
"""mcp-bad-test.py CLAUDEMESH BROKER - what may go wrong around `claudemesh mcp`, with the real
process and the real daemon behind it: nothing is lost, nothing told twice. TAP on stdout."""
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SECONDS = 10
F_SETPIPE_SZ = 1031
work = tempfile.mkdtemp()
claudemesh, broker = os.path.realpath(sys.argv[1]), os.path.realpath(sys.argv[2])
count = 0


def verdict(good, name):
    global count
    count += 1
    print("%s %d - %s" % ("ok" if good else "not ok", count, name), flush=True)


def environment(who):
    keep = {k: v for k, v in os.environ.items() if not k.startswith(("CLAUDEMESH", "CLAUDE_", "XDG_"))}
    return dict(keep, HOME=os.path.join(work, who), NO_COLOR="1")


def run(who, *words, **more):
    done = subprocess.run([claudemesh, *words], env=environment(who), capture_output=True, text=True, timeout=60, **more)
    if done.returncode:
        print("# %s: %d %s %s" % (words, done.returncode, done.stdout, done.stderr))
    return done.stdout


class Server:
    """claudemesh mcp; read() gives messages until one fits."""

    def __init__(self, home, **more):
        self.process = subprocess.Popen([claudemesh, "mcp"], env=dict(environment("alice"), HOME=home, **more),
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.pending = b""
        self.told = []           # contents of the channel

    def write(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def say(self, **message):
        self.write(json.dumps(dict(jsonrpc="2.0", **message)).encode() + b"\n")

    def read(self, fits, seconds=SECONDS):
        until = time.monotonic() + seconds
        while True:
            while b"\n" in self.pending:
                line, self.pending = self.pending.split(b"\n", 1)
                message = json.loads(line)
                if message.get("method") == "notifications/claude/channel":
                    self.told.append(message["params"]["content"])
                if fits(message):
                    return message
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                return None
            data = os.read(self.process.stdout.fileno(), 1 << 16)
            if not data:
                return None
            self.pending += data

    def ask(self, id, method, **params):
        self.say(id=id, method=method, params=params)
        return self.read(lambda m: m.get("id") == id) or {}

    def greet(self, version="2025-06-18"):
        answer = self.ask(0, "initialize", protocolVersion=version, capabilities={}, clientInfo=dict(name="t", version="1"))
        self.say(method="notifications/initialized")
        return answer.get("result", {}).get("protocolVersion")

    def is_told(self, text):
        return self.has(text) or bool(self.read(lambda m: m.get("method") == "notifications/claude/channel" and
                                                text in m["params"]["content"]))

    def has(self, text):
        return any(text in content for content in self.told)

    def times(self, text):
        """How often it was told; what was on its way has come when the answer has."""
        self.ask("t", "prompts/list")
        return sum(text in content for content in self.told)

    def end(self):
        self.process.stdin.close()
        status = self.process.wait(timeout=SECONDS)
        told = self.process.stderr.read().decode()
        if told:
            print("# " + told.replace("\n", "\n# "))
        return status


def session_token(who):
    """Of the one session that a hook registered."""
    tokens = []
    for directory, _, files in os.walk(os.path.join(work, who)):
        tokens += [os.path.join(directory, f) for f in files if f.endswith(".token") and "hooks" in directory]
    return open(tokens[0]).read().strip()


def daemon_pid(who):
    for directory, _, files in os.walk(os.path.join(work, who)):
        if "daemon.pid" in files:
            text = open(os.path.join(directory, "daemon.pid")).read().split()
            return int(text[0]) if text else 0
    return 0


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
    one, two = (Server(home, CLAUDEMESH_IPC_TOKEN=token) for _ in range(2))
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
    three = Server(home, CLAUDEMESH_IPC_TOKEN=token)
    three.greet()
    run("bob", "send", session or "alice", "one more", "--wait")
    verdict(three.is_told("one more") and three.times("to the session") == 0, "  a third is told what is new, and nothing again")
    three.end()


def main():
    for who in ("alice", "bob"):
        os.mkdir(os.path.join(work, who))
    out = open(os.path.join(work, "broker.out"), "w+")
    server = subprocess.Popen([broker, "--listen", "127.0.0.1:0", "--data", work + "/broker", "--rate-limit", "0"], stdout=out,
                              stderr=open(os.path.join(work, "broker.log"), "w"))
    try:
        until = time.monotonic() + SECONDS
        while "listening on " not in open(out.name).read() and time.monotonic() < until:
            select.select([], [], [], 0.02)
        url = open(out.name).read().split("listening on ")[1].split()[0]
        run("alice", "create", "demo", "--broker", url, "--name", "alice")
        link = json.loads(run("alice", "share", "--json"))["url"]
        run("bob", "join", link, "--name", "bob")
        home = os.path.join(work, "alice")
        bad_input(home)
        no_daemon()
        closed_pipe(home)
        daemon_killed(home)
        two_servers(home)
    finally:
        for who in ("alice", "bob"):
            run(who, "daemon", "down")
        server.terminate()
        server.wait()
        shutil.rmtree(work, ignore_errors=True)
    print("1..%d" % count)


main()
