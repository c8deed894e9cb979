#!/usr/bin/env -S python3 -B
"""daemon-systemd-test.py CLAUDEMESH BROKER - this test is systemd: it reads the units that
`daemon install-service` wrote, binds the socket, starts the daemon with it and hears what the
daemon says (sd_notify). TAP on stdout."""
import os
import shlex
import signal
import socket
import sys

import people
from people import ask, call, daemon_dir, environment, is_open, make_mesh, play, start_broker, until, verdict, work

people.claudemesh, people.broker = (os.path.realpath(path) for path in sys.argv[1:3])
SECONDS = people.SECONDS
REQUEST = b"GET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
FIRST_FD = 3


def unit(name):
    """Key to list of values, of all sections."""
    got = {}
    for line in open(os.path.join(work, "alice/.config/systemd/user", name)):
        if "=" in line and not line.startswith("#"):
            key, value = line.strip().split("=", 1)
            got.setdefault(key, []).append(value)
    return got


class Manager:
    """Starts what a unit says, with a socket for its word and one, if given, to listen on."""

    def __init__(self, name="notify", listener=None, listen_pid=None, command=None, **more):
        path = name if name.startswith("\0") else os.path.join(work, name)
        self.word = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.word.bind(path)
        self.word.settimeout(SECONDS)
        service = unit("claudemesh-daemon.service")
        env = environment("alice", NOTIFY_SOCKET=path.replace("\0", "@"), **more)
        for pair in service.get("Environment", []):
            key, value = shlex.split(pair)[0].split("=", 1)
            env[key] = value
        words = command or shlex.split(service["ExecStart"][0])
        self.pid = os.fork()
        if self.pid == 0:
            if listener is not None:
                os.dup2(listener.fileno(), FIRST_FD)
                os.set_inheritable(FIRST_FD, True)
                env["LISTEN_FDS"] = "1"
                env["LISTEN_PID"] = str(listen_pid or os.getpid())
            err = os.open(os.path.join(work, "service.err"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(err, 2)
            try:
                os.execve(words[0], words, env)
            finally:
                os._exit(127)

    def hear(self, seconds=SECONDS):
        self.word.settimeout(seconds)
        try:
            return self.word.recv(256).decode()
        except (socket.timeout, BlockingIOError):
            return None

    def end(self, signum=signal.SIGTERM):
        os.kill(self.pid, signum)
        return self.wait()

    def wait(self):
        got = until(lambda: os.waitpid(self.pid, os.WNOHANG)[1:] if self.is_over() else None)
        if not got:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            return None
        self.word.close()
        return os.waitstatus_to_exitcode(got[0])

    def is_over(self):
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def connect(path):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(SECONDS)
    s.connect(path)
    return s


def tells_of_itself():
    m = Manager(WATCHDOG_USEC="400000")
    verdict(m.hear() == "READY=1", "when it is ready, it says so")
    s = connect(os.path.join(daemon_dir("alice"), "daemon.sock"))
    s.sendall(REQUEST)
    verdict(s.recv(4096).startswith(b"HTTP/1.1 200"), "  and it answers by then")
    verdict([m.hear(), m.hear()] == ["WATCHDOG=1", "WATCHDOG=1"], "it says that it lives, as often as the watchdog wants")
    os.kill(m.pid, signal.SIGTERM)
    heard = until(lambda: m.hear() == "STOPPING=1")
    verdict(heard and m.wait() == 0, "it says that it ends, and ends with 0")
    m = Manager("\0claudemesh-test-%d" % os.getpid())
    verdict(m.hear() == "READY=1", "a socket of the abstract kind")
    verdict(m.hear(0.3) is None, "  no watchdog, no word")
    verdict(m.end(signal.SIGINT) == 0, "  SIGINT ends it with 0, too")
    nobody = os.path.join(work, "nobody")
    os.makedirs(nobody, mode=0o700)
    words = [people.claudemesh, "daemon", "up", "--foreground"]
    m = Manager("none", command=["/usr/bin/env", "HOME=" + nobody, *words])
    verdict(m.wait() == 2, "without a mesh it ends with the status that RestartPreventExitStatus names")
    verdict("2" in unit("claudemesh-daemon.service")["RestartPreventExitStatus"][0].split(), "  2 is one of them")
    m = Manager("second-1")
    verdict(m.hear() == "READY=1", "one runs")
    other = Manager("second-2")
    verdict(other.wait() == 1 and "already running" in open(work + "/service.err").read(), "  a second one is told so and ends")
    verdict(m.end() == 0, "  the first ends")


def takes_the_socket():
    path = unit("claudemesh-daemon.socket")["ListenStream"][0]
    verdict(path == os.path.join(daemon_dir("alice"), "daemon.sock"), "the socket unit has the socket that commands use")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    os.chmod(path, 0o600)
    listener.listen(16)
    inode = os.stat(path).st_ino
    first = connect(path)
    first.sendall(REQUEST)
    m = Manager("taken", listener)
    answer = first.recv(4096)
    verdict(answer.startswith(b"HTTP/1.1 200"), "what was asked before it was started is answered")
    verdict(m.hear() == "READY=1", "  it is ready")
    verdict(os.stat(path).st_ino == inode, "  the socket is the one that it was given")
    is_open("alice")
    verdict(ask("alice", "send", "bob", "through the given socket").get("via") == "daemon", "a command uses it")
    verdict(m.end() == 0, "it ends with 0")
    verdict(os.path.exists(path) and os.stat(path).st_ino == inode, "  and leaves the socket where it is")
    second = connect(path)
    second.sendall(REQUEST)
    m = Manager("taken-again", listener)
    verdict(second.recv(4096).startswith(b"HTTP/1.1 200"), "the next one answers who came meanwhile")
    os.kill(m.pid, signal.SIGKILL)
    m.wait()
    third = connect(path)
    third.sendall(REQUEST)
    m = Manager("taken-killed", listener)
    verdict(third.recv(4096).startswith(b"HTTP/1.1 200"), "  and so after kill -9")
    verdict(os.stat(path).st_ino == inode, "  still the same socket")
    m.end()
    listener.close()
    os.unlink(path)


def what_is_not_for_it():
    path = os.path.join(daemon_dir("alice"), "daemon.sock")
    decoy = socket.socket(socket.AF_UNIX)
    decoy.bind(os.path.join(work, "decoy"))
    decoy.listen(4)
    m = Manager("decoy-notify", decoy, listen_pid=1)
    verdict(m.hear() == "READY=1", "descriptors that are for another process")
    s = connect(path)
    s.sendall(REQUEST)
    verdict(s.recv(4096).startswith(b"HTTP/1.1 200"), "  are left alone: it listens on its own socket")
    m.end()
    verdict(not os.path.exists(path), "  and that one goes with it")
    with open(os.path.join(work, "no-socket"), "w+") as plain:
        m = Manager("plain-notify", plain)
        status = m.wait()
    log = open(os.path.join(daemon_dir("alice"), "daemon.log")).read().splitlines()[-2:]
    verdict(status == 1 and "daemon_not_started" in log[0] and "non-socket" in log[1], "a descriptor that is no socket: one error")


def test():
    server = start_broker()
    make_mesh(server.url)
    verdict(call("alice", "daemon", "install-service").returncode == 0, "the units are written")
    verdict(unit("claudemesh-daemon.service")["Type"] == ["notify"], "systemd waits for its word")
    tells_of_itself()
    takes_the_socket()
    what_is_not_for_it()


play(test)
