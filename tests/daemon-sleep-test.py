#!/usr/bin/env -S python3 -B
"""daemon-sleep-test.py CLAUDEMESH BROKER CLOCK - the daemon over pauses, sleeps of the machine and
clocks that are set (CLOCK is preloaded, daemon_clock.c). Alice's connection goes through a proxy,
which can stop forwarding without a word to anybody. TAP on stdout."""
import json
import os
import selectors
import signal
import socket
import struct
import sys
import threading
import time

import people
from people import ask, call, daemon_dir, daemon_pid, environment, has, is_open, make_mesh, once, play, run, start_broker, state
from people import until, verdict, work

people.claudemesh, people.broker, clock = (os.path.realpath(path) for path in sys.argv[1:4])
TOKEN = "ab" * 32
NOTICED_SECONDS = 5 + 5    # WAKE_LOOK_MS, and what a slow machine may add; a ping takes 75
HOUR_MS = 3600 * 1000
DAY_MS = 24 * HOUR_MS


class Proxy(threading.Thread):
    """Forwards to a port; frozen, what is connected by then hangs for good."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.pairs = {}
        self.made = 0
        self.frozen = False
        self.start()

    def run(self):
        while True:
            for key, _ in self.selector.select(0.02):
                if key.fileobj is self.listener:
                    self.accept()
                else:
                    self.forward(key.fileobj)
            if self.frozen:
                for s in self.pairs:
                    self.selector.unregister(s)
                self.hanging = list(self.pairs)
                self.pairs = {}
                self.frozen = False

    def accept(self):
        one = self.listener.accept()[0]
        try:
            two = socket.create_connection(("127.0.0.1", self.port))
        except OSError:
            one.close()
            return
        for s, other in ((one, two), (two, one)):
            self.pairs[s] = other
            self.selector.register(s, selectors.EVENT_READ)
        self.made += 1

    def forward(self, s):
        if s not in self.pairs:
            return
        other = self.pairs[s]
        try:
            data = s.recv(1 << 16)
            if data:
                other.sendall(data)
                return
        except OSError:
            pass
        for end in (s, other):
            self.selector.unregister(end)
            del self.pairs[end]
            end.close()

    def freeze(self):
        """When it returns, nothing passes on what was connected."""
        self.frozen = True
        until(lambda: not self.frozen)


def set_clock(name, wall_ms=0, slept_ms=0):
    path = os.path.join(work, name + ".clock")
    with open(path, "r+b" if os.path.exists(path) else "w+b", buffering=0) as f:
        f.write(struct.pack("=qq", wall_ms, slept_ms))
    return path


def with_clock(name, env):
    options = "verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", "")
    return dict(env, LD_PRELOAD=clock, CLOCK_SHIFT=os.path.join(work, name + ".clock"), ASAN_OPTIONS=options)


def stopped(server):
    pid = daemon_pid("alice")
    os.kill(pid, signal.SIGSTOP)
    run("bob", "send", "alice", "while it is stopped")
    os.kill(pid, signal.SIGCONT)
    once("alice", "while it is stopped", "stopped and continued: what was sent meanwhile comes once")
    verdict(state("alice") == "open", "  on a living connection")
    os.kill(pid, signal.SIGSTOP)
    server.kill()
    server.wait()
    server = start_broker(listen="127.0.0.1:%d" % proxy.port, env=with_clock("machine", dict(os.environ)))
    run("bob", "send", "alice", "to the new broker")
    os.kill(pid, signal.SIGCONT)
    once("alice", "to the new broker", "the broker was killed meanwhile: connected again, and it comes once")
    verdict(daemon_pid("alice") == pid, "  by the same daemon")


def sleeps(name, wall_ms, slept_ms):
    """Both ways there is something that hangs when the machine wakes. The wall clock goes on in a
    sleep, so nobody sees it jump; a paused machine's is set when it goes on."""
    before = proxy.made
    proxy.freeze()
    run("bob", "send", "alice", "to who sleeps: " + name)
    ask("alice", "send", "bob", "from who fell asleep: " + name)
    begin = time.monotonic()
    set_clock("machine", wall_ms)
    set_clock("alice", wall_ms, slept_ms)
    came = until(lambda: proxy.made > before, NOTICED_SECONDS)
    verdict(came, "%s: connected anew after %.1f s" % (name, time.monotonic() - begin))
    once("alice", "to who sleeps: " + name, "  what waited comes once")
    once("bob", "from who fell asleep: " + name, "  what was sent into the silence arrives once")


def api(who, method, path, body=None, token=None):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(people.SECONDS)
    s.connect(os.path.join(daemon_dir(who), "daemon.sock"))
    data = json.dumps(body or {}).encode()
    said = "Authorization: ClaudeMesh-Session %s\r\n" % token if token else ""
    s.sendall(("%s %s HTTP/1.1\r\nHost: localhost\r\n%sConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" %
               (method, path, said, len(data))).encode() + data)
    answer = b""
    while True:
        part = s.recv(1 << 16)
        if not part:
            break
        answer += part
    return int(answer.split()[1]), json.loads(answer.split(b"\r\n\r\n", 1)[1])


def set_for_all():
    """The machine's clock is set: the broker's, too."""
    verdict(api("alice", "POST", "/v1/sessions/register", dict(token=TOKEN, session_id="one", mesh="demo", display_name="one",
                                                               pid=os.getpid()))[0] == 200, "an agent session")
    pids = [daemon_pid("alice"), daemon_pid("bob")]
    for text, wall_ms in (("a day back", -DAY_MS), ("two days ahead", DAY_MS), ("as it was", 0)):
        set_clock("machine", wall_ms)
        set_clock("alice", wall_ms, HOUR_MS)
        to_bob, to_alice = "to bob, " + text, "to alice, " + text
        api("alice", "POST", "/v1/send", dict(to="bob", message=to_bob), TOKEN)
        run("bob", "send", "alice", to_alice)
        once("bob", to_bob, "the clock is set, %s: a session's message arrives once" % text)
        once("alice", to_alice, "  and one to it")
        verdict(ask("alice", "daemon", "status")["health"]["sessions"] == 1, "  the session is still there")
    verdict(pids == [daemon_pid("alice"), daemon_pid("bob")], "the same daemons all the time")


def set_wrong(text, wall_ms):
    """Only Alice's clock: the broker does not believe her hello until it is right."""
    set_clock("alice", wall_ms, HOUR_MS)
    verdict(until(lambda: state("alice") == "reconnecting", NOTICED_SECONDS), "a clock that is wrong, %s: no connection" % text)
    status = ask("alice", "daemon", "status")["health"]
    verdict("set the clock" in json.dumps(status), "  and what to do about it is said")
    for token in (None, TOKEN):
        api("alice", "POST", "/v1/send", dict(to="bob", message="%s, %s" % (text, "session" if token else "member")), token)
    set_clock("alice", 0, HOUR_MS)
    verdict(until(lambda: state("alice") == "open", NOTICED_SECONDS), "  it is right again: connected again")
    once("bob", text + ", member", "  what was sent meanwhile arrives once")
    once("bob", text + ", session", "  and what a session sent")


def test():
    global proxy
    for name in ("alice", "machine"):
        set_clock(name)
    server = start_broker(env=with_clock("machine", dict(os.environ)))
    port = int(server.url.rsplit(":", 1)[1])
    proxy = Proxy(port)
    make_mesh(server.url)
    config = os.path.join(work, "alice/.claudemesh/config.json")
    text = open(config).read().replace(":%d/" % port, ":%d/" % proxy.listener.getsockname()[1])
    with open(config, "w") as f:
        f.write(text)
    call("alice", "daemon", "up", env=with_clock("alice", environment("alice")))
    call("bob", "daemon", "up", env=with_clock("machine", environment("bob")))
    verdict(is_open("alice") and is_open("bob"), "two daemons")
    stopped(server)
    sleeps("a suspend", 0, HOUR_MS)
    sleeps("a virtual machine's pause", HOUR_MS, HOUR_MS)
    set_for_all()
    set_wrong("a day ahead", DAY_MS)
    set_wrong("a day behind", -DAY_MS)


play(test)
