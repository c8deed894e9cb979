#!/usr/bin/env -S python3 -B
"""daemon-sleep-test.py CLAUDEMESH BROKER CLOCK - the daemon over pauses, sleeps of the machine and
clocks that are set (CLOCK is preloaded, daemon_clock.c). Alice's connection goes through a proxy,
which can stop forwarding without a word to anybody. TAP on stdout."""
import json
import os
import signal
import struct
import sys
import time

import people
from people import Proxy, api, ask, call, daemon_pid, environment, is_open, make_mesh, move_to, once, play, run, start_broker, state
from people import until, verdict, work

people.claudemesh, people.broker, clock = (os.path.realpath(path) for path in sys.argv[1:4])
TOKEN = "ab" * 32
NOTICED_SECONDS = 5 + 5    # WAKE_LOOK_MS, and what a slow machine may add; a ping takes 75
HOUR_MS = 3600 * 1000
DAY_MS = 24 * HOUR_MS


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
    move_to("alice", port, proxy.listener.getsockname()[1])
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
