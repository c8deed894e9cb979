#!/usr/bin/env -S python3 -B
"""daemon-bad-test.py CLAUDEMESH BROKER - what goes wrong on the machine while a daemon runs: its disk
is full, its configuration is half written, its home cannot be written. One clear error each, and
nothing is lost. TAP on stdout."""
import os
import resource
import shutil
import subprocess
import sys

import people
from people import Server, api, call, daemon_dir, daemon_pid, is_open, make_mesh, once, play, run
from people import start_broker, texts, until, verdict, work

people.claudemesh, people.broker = (os.path.realpath(path) for path in sys.argv[1:3])
NOBODY = 65534
AGAIN_SECONDS = 30 + people.SECONDS   # a broker repeats what is not acknowledged (LEASE_MS)


def tells_once(done, words, name):
    """One line of error with the words, and at most a hint."""
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    good = done.returncode != 0 and len(lines) <= 2 and any(words in line for line in lines)
    verdict(good, "%s (%d: %s)" % (name, done.returncode, " | ".join(line.strip() for line in lines)))


def full_disk():
    """A file that may not grow is to a write what a full disk is."""
    pid = daemon_pid("alice")
    limits = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, limits[1]))
    done = call("alice", "send", "bob", "on a full disk", "--strict")
    tells_once(done, "full", "the disk is full: nothing is accepted")
    run("bob", "send", "alice", "to a full disk")
    status, answer = api("alice", "POST", "/v1/send", dict(to="bob", message="again on a full disk"))
    verdict(status >= 500 and answer.get("error"), "  the local API says so, too (%d, %s)" % (status, answer))
    verdict(call("alice", "daemon", "status").returncode == 0, "  the daemon lives")
    verdict("to a full disk" not in texts("alice"), "  what comes in is not acknowledged")
    resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)
    once("alice", "to a full disk", "there is room again: it comes, once", AGAIN_SECONDS)
    run("alice", "send", "bob", "with room again", "--wait")
    once("bob", "with room again", "  what is sent arrives once")
    verdict(not [t for t in texts("bob") if "on a full disk" in t], "  and nothing that was refused")
    verdict(daemon_pid("alice") == pid, "  the same daemon")


def half_written():
    """By an editor, say, that does not write it beside."""
    config = os.path.join(work, "alice/.claudemesh/config.json")
    whole = open(config, "rb").read()
    pid = daemon_pid("alice")
    for size in (0, 1, len(whole) // 2):
        with open(config, "wb") as f:
            f.write(whole[:size])
        api("alice", "POST", "/v1/reload")
        run("bob", "send", "alice", "with %d bytes" % size)
        until(lambda: "with %d bytes" % size in api_texts())
        verdict("with %d bytes" % size in api_texts() and api("alice", "GET", "/v1/health")[1]["brokers"] == dict(demo="open"),
                "config.json has %d of its bytes: the daemon stays connected" % size)
        # Nothing is nothing yet; a part is damage.
        tells_once(call("alice", "send", "bob", "from half a file"), "config.json" if size else "you are in no mesh yet",
                   "  a command says what is wrong")
        verdict(open(config, "rb").read() == whole[:size], "  and leaves it as it is")
    call("alice", "daemon", "down")
    api_gone = until(lambda: not os.path.exists(os.path.join(daemon_dir("alice"), "daemon.sock")))
    if not api_gone:
        os.kill(pid, 15)
        until(lambda: not os.path.exists(os.path.join(daemon_dir("alice"), "daemon.sock")))
    tells_once(call("alice", "daemon", "up"), "config.json", "a daemon is not started with it, and says which file")
    with open(config, "wb") as f:
        f.write(whole)
    verdict(call("alice", "daemon", "up").returncode == 0 and is_open("alice"), "it is whole again: all is well")
    run("alice", "send", "bob", "with a whole file", "--wait")
    once("bob", "with a whole file", "  what is sent arrives once")


def api_texts():
    """The inbox, without a command that would read the configuration."""
    return [m["body"] for m in api("alice", "GET", "/v1/inbox?limit=500&mark_seen=false")[1]["items"]]


def read_only():
    """A home that its user cannot write; root can write anywhere, so somebody else plays."""
    home = os.path.join(work, "carol")
    shutil.copytree(os.path.join(work, "bob/.claudemesh"), os.path.join(home, ".claudemesh"),
                    ignore=shutil.ignore_patterns("daemon"))
    other = {}
    if os.getuid() == 0:
        other = dict(user=NOBODY, group=NOBODY, extra_groups=[])
        for directory, names, files in os.walk(home):
            for name in names + files + ["."]:
                os.chown(os.path.join(directory, name), NOBODY, NOBODY)
        os.chmod(work, 0o711)
    os.chmod(os.path.join(home, ".claudemesh"), 0o500)
    os.chmod(home, 0o500)
    if subprocess.run(["touch", os.path.join(home, "x")], stderr=subprocess.DEVNULL, **other).returncode == 0:
        print("# it can be written all the same")
        return
    tells_once(call("carol", "daemon", "up", **other), "cannot make the directory", "a home that cannot be written: no daemon, and why")
    done = call("carol", "send", "alice", "from a read-only home", **other)
    verdict(done.returncode == 0 and "cannot make the directory" in done.stderr, "  a command goes on without it, and says why")
    once("alice", "from a read-only home", "  what it sends arrives once")
    tells_once(call("carol", "create", "other", "--broker", url, "--name", "carol", **other), "carol/.claudemesh", "  what must be kept is refused")
    s = Server(home, **({} if not other else dict(popen=other)))
    verdict(s.greet() == "2025-06-18" and s.ask(1, "ping").get("result") == {}, "  an MCP server is ready")
    verdict(s.end() == 0, "  and ends with its input")
    os.chmod(home, 0o700)
    os.chmod(os.path.join(home, ".claudemesh"), 0o700)


def test():
    global url
    url = start_broker().url
    make_mesh(url)
    for who in ("alice", "bob"):
        run(who, "daemon", "up")
        is_open(who)
    full_disk()
    half_written()
    read_only()


play(test)
