"""people.py - people with daemons and agent sessions, as processes, for the tests in Python; and
what a TAP test needs. A test sets people.claudemesh and people.broker and calls people.play()."""
import json
import os
import select
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

SECONDS = 10
# A daemon's service is not installed where these are set.
CI = ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "BUILDKITE", "CIRCLECI", "JENKINS_URL")
work = tempfile.mkdtemp()
claudemesh = broker = None
count = 0
bad = 0
brokers = []


def verdict(good, name):
    global count, bad
    count += 1
    bad += not good
    print("%s %d - %s" % ("ok" if good else "not ok", count, name), flush=True)
    return bool(good)


def until(is_so, seconds=SECONDS):
    """What is_so() gives when it is true, or what it gave last."""
    end = time.monotonic() + seconds
    while True:
        got = is_so()
        if got or time.monotonic() > end:
            return got
        select.select([], [], [], 0.02)


def environment(who, **more):
    keep = {k: v for k, v in os.environ.items()
            if not k.startswith(("CLAUDEMESH", "CLAUDE_", "XDG_", "LISTEN_", "WATCHDOG_", "NOTIFY_")) and k not in CI}
    return dict(keep, HOME=os.path.join(work, who), NO_COLOR="1", **more)


def call(who, *words, env=None, **more):
    """The ended process."""
    return subprocess.run([claudemesh, *words], env=env or environment(who), capture_output=True, text=True, timeout=60, **more)


def run(who, *words, **more):
    done = call(who, *words, **more)
    if done.returncode:
        print("# %s: %d %s %s" % (words, done.returncode, done.stdout, done.stderr))
    return done.stdout


def ask(who, *words):
    text = run(who, *words, "--json")
    return json.loads(text) if text else {}


def texts(who):
    """The inbox."""
    return [m.get("body", m.get("text", "")) for m in ask(who, "inbox", "--limit", "500").get("messages", [])]


def has(who, text, seconds=SECONDS):
    return until(lambda: text in texts(who), seconds)


def once(who, text, name, seconds=SECONDS):
    has(who, text, seconds)
    return verdict(texts(who).count(text) == 1, name)


def daemon_dir(who):
    return os.path.join(work, who, ".claudemesh", "daemon")


def daemon_pid(who):
    for directory, _, files in os.walk(os.path.join(work, who)):
        if "daemon.pid" in files:
            text = open(os.path.join(directory, "daemon.pid")).read().split()
            return int(text[0]) if text else 0
    return 0


def state(who, mesh="demo"):
    """Of the daemon's link: open, reconnecting, ..."""
    done = call(who, "daemon", "status", "--json")
    return json.loads(done.stdout).get("health", {}).get("brokers", {}).get(mesh) if done.returncode == 0 else None


def is_open(who):
    return until(lambda: state(who) == "open")


def api(who, method, path, body=None, token=None):
    """The status and the body of the daemon's answer."""
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(SECONDS)
    s.connect(os.path.join(daemon_dir(who), "daemon.sock"))
    data = json.dumps(body).encode() if body else b""
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


def start_broker(name="broker", listen="127.0.0.1:0", env=None, words=()):
    """The process; .url is its address."""
    out = open(os.path.join(work, name + ".out"), "w+")
    server = subprocess.Popen([broker, "--listen", listen, "--data", os.path.join(work, name), "--rate-limit", "0", *words],
                              stdout=out, stderr=open(os.path.join(work, name + ".log"), "a"), env=env)
    brokers.append(server)
    if not until(lambda: "listening on " in open(out.name).read()):
        sys.exit("Bail out! the broker does not start")
    server.url = open(out.name).read().split("listening on ")[1].split()[0]
    return server


def make_mesh(url, names=("alice", "bob")):
    """The first creates "demo" at this address, the others join."""
    for who in names:
        os.makedirs(os.path.join(work, who), mode=0o700, exist_ok=True)
    quiet = dict(env=environment(names[0], CLAUDEMESH_NO_DAEMON="1"))
    run(names[0], "create", "demo", "--broker", url, "--name", names[0], **quiet)
    link = json.loads(run(names[0], "share", "--uses", "9", "--json", **quiet))["url"]
    for who in names[1:]:
        run(who, "join", link, "--name", who, env=environment(who, CLAUDEMESH_NO_DAEMON="1"))


def move_to(who, port, other):
    """Its broker is at another port."""
    config = os.path.join(work, who, ".claudemesh/config.json")
    text = open(config).read().replace(":%d/" % port, ":%d/" % other)
    with open(config, "w") as f:
        f.write(text)


class Proxy(threading.Thread):
    """Forwards to a port. Frozen, what is connected by then hangs for good; with `behave`, a
    function of a socket, it is a server of its own."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.pairs = {}
        self.made = 0
        self.frozen = self.cut_off = False
        self.behave = None
        self.played = []
        self.start()

    def run(self):
        while True:
            for key, _ in self.selector.select(0.02):
                if key.fileobj is self.listener:
                    self.accept()
                else:
                    self.forward(key.fileobj)
            if self.cut_off:
                for s in list(self.pairs):
                    self.end(s)
                self.cut_off = False
            if self.frozen:
                for s in self.pairs:
                    self.selector.unregister(s)
                self.hanging = list(self.pairs)
                self.pairs = {}
                self.frozen = False

    def accept(self):
        one = self.listener.accept()[0]
        self.made += 1
        if self.behave:
            self.played.append(one)
            threading.Thread(target=self.play, args=(one,), daemon=True).start()
            return
        try:
            two = socket.create_connection(("127.0.0.1", self.port))
        except OSError:
            one.close()
            return
        for s, other in ((one, two), (two, one)):
            self.pairs[s] = other
            self.selector.register(s, selectors.EVENT_READ)

    def play(self, s):
        try:
            s.settimeout(60)
            self.behave(s)
        except OSError:
            pass
        self.played.remove(s)
        s.close()

    def end(self, s):
        if s in self.pairs:
            for end in (s, self.pairs[s]):
                self.selector.unregister(end)
                del self.pairs[end]
                end.close()

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
        self.end(s)

    def cut(self):
        """Ends what is connected."""
        for s in list(self.played):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.cut_off = True
        until(lambda: not self.cut_off)

    def freeze(self):
        """When it returns, nothing passes on what was connected."""
        self.frozen = True
        until(lambda: not self.frozen)


class Server:
    """claudemesh mcp; read() gives messages until one fits."""

    def __init__(self, home, popen=None, **more):
        self.process = subprocess.Popen([claudemesh, "mcp"], env=dict(environment("alice"), HOME=home, **more),
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **(popen or {}))
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


def play(test, names=("alice", "bob")):
    """Runs test(), ends what it started, prints the plan."""
    try:
        test()
    finally:
        for who in names:
            pid = daemon_pid(who)
            if pid:
                os.kill(pid, signal.SIGCONT)
                call(who, "daemon", "down")
        for server in brokers:
            if server.poll() is None:
                server.terminate()
                server.wait(timeout=SECONDS)
        if os.environ.get("KEEP"):
            print("# kept: " + work)
        else:
            shutil.rmtree(work, ignore_errors=True)
    print("1..%d" % count)
    sys.exit(1 if bad else 0)
