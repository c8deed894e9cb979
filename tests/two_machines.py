"""two_machines.py - two machines for a test: network namespaces, each with its own address, a cable between
them. enter() runs the test in the near one; `far` is what puts a command on the other one. Where no namespaces
can be made both are this machine, HERE is another loopback address, and the output says so. No name or address of
the machine itself is used, so several tests can run at once; whatever happens, both and all in them end."""
import os
import re
import shutil
import signal
import subprocess
import sys

HERE, THERE = "10.77.61.1", "10.77.61.2"
LOOPBACK = "127.0.0.77"
CABLE = "cm0"
SECONDS_TO_END = 20
far = []


def ip(*words):
    """What went wrong."""
    done = subprocess.run(["ip", *words], capture_output=True, text=True)
    return "ip %s: %s" % (" ".join(words), done.stderr.strip()) if done.returncode else ""


def remove(name):
    pids = subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True).stdout.split()
    for pid in pids:
        try:
            os.kill(int(pid), signal.SIGKILL)
        except ProcessLookupError:
            pass
    ip("netns", "del", name)


def remove_stale():
    """Of a test that was killed."""
    names = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True).stdout
    for name, pid in re.findall(r"^(cm-(?:near|far)-(\d+))\b", names, re.M):
        if not os.path.exists("/proc/" + pid):
            remove(name)


def make(near, other):
    """What went wrong."""
    if not shutil.which("ip"):
        return "there is no ip, of package iproute2"
    remove_stale()
    wrong = ip("netns", "add", near) or ip("netns", "add", other) or \
        ip("link", "add", CABLE, "netns", near, "type", "veth", "peer", "name", CABLE, "netns", other)
    for name, address in ((near, HERE), (other, THERE)):
        wrong = wrong or ip("-n", name, "addr", "add", address + "/30", "dev", CABLE) or \
            ip("-n", name, "link", "set", CABLE, "up") or ip("-n", name, "link", "set", "lo", "up")
    return wrong


def play_inside(near, other):
    """The test's exit status; a signal is handed on, for the test to end what it started."""
    test = subprocess.Popen(["ip", "netns", "exec", near, sys.executable, *sys.argv],
                            env=dict(os.environ, TWO_MACHINES=other))

    def hand_on(*_):
        test.terminate()
        signal.alarm(SECONDS_TO_END)

    signal.signal(signal.SIGALRM, lambda *_: test.kill())
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, hand_on)
    return test.wait()


def end_at_once(*_):
    """Once: what is in `finally` runs undisturbed."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.exit(1)


def enter():
    """Returns in the near machine."""
    global far, HERE, THERE
    if "TWO_MACHINES" not in os.environ:
        near, other = "cm-near-%d" % os.getpid(), "cm-far-%d" % os.getpid()
        wrong = make(near, other)
        status = None
        try:
            if not wrong:
                status = play_inside(near, other)
        finally:
            if shutil.which("ip"):
                remove(near)
                remove(other)
        if status is not None:
            sys.exit(status if status >= 0 else 1)
        print("# NOT TWO MACHINES: no network namespaces here (%s); both are this one, at %s" % (wrong, LOOPBACK))
        HERE = THERE = LOOPBACK
    else:
        far = ["ip", "netns", "exec", os.environ["TWO_MACHINES"]]
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, end_at_once)
