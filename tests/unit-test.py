#!/usr/bin/env -S python3 -B
"""unit-test.py CLAUDEMESH BROKER PACKAGING - the systemd unit of the broker: systemd finds no fault with it, its
exposure is low, and every system call that a broker makes in a short life is within its filter. TAP on stdout."""
import atexit
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

import people
from people import environment, play, run, verdict, work

people.claudemesh, people.broker = (os.path.realpath(path) for path in sys.argv[1:3])
packaging = os.path.realpath(sys.argv[3])
UNIT = os.path.join(packaging, "systemd/claudemesh-broker.service")
EXPOSURE_MAX = 2.0
NOBODY = 65534
ALONE = dict(CLAUDEMESH_NO_DAEMON="1")
# What systemd says of it cannot be so here: the program is not installed.
NOT_HERE = re.compile(r"is not executable: No such file|Command 'man claudemesh-broker\(8\)' failed")


def analyze(*words):
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, timeout=60)


def calls_of(name):
    """The system calls of a filter group, or the one of that name."""
    if not name.startswith("@"):
        return {name}
    got = set()
    for line in analyze("syscall-filter", name).stdout.splitlines()[1:]:
        word = line.strip()
        if word and not word.startswith("#"):
            got |= calls_of(word)
    return got


def allowed():
    """As systemd.exec(5) reads several SystemCallFilter= lines: the first says which way, ~ takes away."""
    calls = set()
    for line in open(UNIT):
        if line.startswith("SystemCallFilter="):
            words = line.strip().split("=", 1)[1]
            takes = words.startswith("~")
            for name in words.lstrip("~").split():
                calls = calls - calls_of(name) if takes else calls | calls_of(name)
    return calls


def may_trace():
    return subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, timeout=60).returncode == 0


def traced():
    """Names of the system calls of a broker that people talk over, that is asked and saved, and ends."""
    place = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    trace, data = os.path.join(place, "trace"), os.path.join(place, "broker")
    # The unit's user is no root, for whom SQLite does more.
    nobody = dict(user=NOBODY, group=NOBODY, extra_groups=[]) if os.geteuid() == 0 else {}
    if nobody:
        os.chown(place, NOBODY, NOBODY)
    strace = subprocess.Popen(["strace", "-f", "-qq", "-o", trace, people.broker, "--listen", "127.0.0.1:0", "--data", data],
                              env=environment("broker", ASAN_OPTIONS="detect_leaks=0"), cwd=place, stdout=subprocess.PIPE, text=True, **nobody)
    people.brokers.append(strace)
    url = strace.stdout.readline().split()[-1]
    for who in ("alice", "bob"):
        os.makedirs(os.path.join(work, who), mode=0o700)
    run("alice", "create", "demo", "--broker", url, "--name", "alice", env=environment("alice", **ALONE))
    link = run("alice", "share", env=environment("alice", **ALONE))
    link = re.search(r"https?://\S+", link)[0]
    run("bob", "join", link, "--name", "bob", env=environment("bob", **ALONE))
    run("alice", "send", "bob", "within the filter", env=environment("alice", **ALONE))
    heard = "within the filter" in run("bob", "inbox", env=environment("bob", **ALONE))
    subprocess.run([people.broker, "admin", "meshes", "--data", data], capture_output=True, timeout=60)
    with open(trace) as f:
        pid = int(f.readline().split()[0])
    os.kill(pid, signal.SIGTERM)
    verdict(heard and strace.wait(timeout=30) == 0, "a traced broker delivers a message and ends in good order")
    with open(trace) as f:
        return set(re.findall(r"^\d+ +([a-z0-9_]+)\(", f.read(), re.M))


def test():
    done = analyze("verify", UNIT)
    faults = [line for line in (done.stdout + done.stderr).splitlines() if line and not NOT_HERE.search(line)]
    verdict(not faults, "systemd finds no fault with the unit %s" % (faults or ""))
    done = analyze("security", "--offline=true", "--threshold=%d" % (EXPOSURE_MAX * 10), UNIT)
    exposure = re.search(r"Overall exposure level.*", done.stdout)
    verdict(done.returncode == 0 and exposure, "the unit's exposure is at most %.1f: %s" % (EXPOSURE_MAX, exposure and exposure[0]))
    may = allowed()
    verdict(len(may) > 100 and "mount" not in may and "ptrace" not in may, "the filter has the calls of a service and not those of an administrator")
    if not may_trace():
        people.count += 1
        print("ok %d - system calls are within the filter # SKIP ptrace is forbidden here" % people.count)
        return
    made = traced()
    verdict(len(made) > 30 and made & {"epoll_wait", "epoll_pwait"}, "the trace has the broker's %d system calls" % len(made))
    verdict(made <= may, "all of them are within the filter %s" % (sorted(made - may) or ""))


play(test)
