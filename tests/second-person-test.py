#!/usr/bin/env python3
"""second-person-test.py CLAUDEMESH BROKER - issue 6, done when: somebody on another machine, a network namespace with
its own address and home, goes from an invitation in the mail to an answered message in under a minute and three
commands, with TLS on. TAP on stdout."""
import hashlib
import json
import os
import platform
import pty
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import two_machines
two_machines.enter()

import mail_sink
import people
from people import environment, run, until, verdict, work

people.claudemesh, people.broker = os.path.realpath(sys.argv[1]), os.path.realpath(sys.argv[2])
root = os.path.dirname(os.path.realpath(__file__))

SECONDS_MAX = 60
COMMANDS_MAX = 3
QUESTION, ANSWER = "may I see the plan of the bridge", "here it is: steel, two lanes"
# What `launch` asks on a terminal; the suggested answer is taken.
ASKED = ("Name that peers see", "Role, if any", "Groups, if any", "Choice", "Start claude?")


class Wire(threading.Thread):
    """Sees all that passes between the two machines."""

    def __init__(self, secrets):
        super().__init__(daemon=True)
        self.secrets, self.seen, self.size, self.is_over = secrets, set(), 0, False
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
        self.socket.bind((two_machines.CABLE, 0))
        self.socket.settimeout(0.1)
        self.start()

    def run(self):
        while not self.is_over:
            try:
                packet = self.socket.recv(1 << 17)
            except TimeoutError:
                continue
            self.size += len(packet)
            self.seen.update(s for s in self.secrets if s.encode() in packet)
        self.socket.close()

    def end(self):
        self.is_over = True
        self.join()


class Person:
    """Sits at a terminal of the far machine, with nothing but a home, an agent, and the authority's certificate."""

    def __init__(self, name, ca, has_local_bin=True):
        self.home, self.typed, self.shells = os.path.join(work, name), [], []
        os.makedirs(os.path.join(self.home, "bin"), mode=0o700)
        os.symlink(os.path.join(root, "agents/claude"), os.path.join(self.home, "bin/claude"))
        self.log = os.path.join(self.home, "agent.log")
        open(self.log, "w").close()
        path = ["%s/.local/bin" % self.home] * has_local_bin + ["%s/bin" % self.home, "/usr/bin", "/bin"]
        self.env = dict(HOME=self.home, USER=name, LOGNAME=name, PATH=":".join(path), TERM="xterm", LANG="C.UTF-8",
                        SSL_CERT_FILE=ca, CURL_CA_BUNDLE=ca, FAKE_LOG=self.log, FAKE_SECONDS="100")
        self.env.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})

    def types(self, command):
        """The shell; .out() is what is on its screen, and questions get Enter."""
        self.typed.append(command)
        screen, inside = pty.openpty()
        shell = subprocess.Popen([*two_machines.far, "sh", "-c", command], env=self.env, cwd=self.home, stdin=inside,
                                 stdout=inside, stderr=inside, start_new_session=True)
        os.close(inside)
        shown = bytearray()
        shell.out = lambda: re.sub(r"\x1b\[[0-9;]*m", "", shown.decode(errors="replace")).replace("\r", "")

        def watch():
            waiting = list(ASKED)
            try:
                while data := os.read(screen, 1 << 16):
                    shown.extend(data)
                    while waiting and waiting[0] in shell.out():
                        waiting.pop(0)
                        os.write(screen, b"\n")
            except OSError:
                pass
            os.close(screen)

        shell.watcher = threading.Thread(target=watch, daemon=True)
        shell.watcher.start()
        self.shells.append(shell)
        return shell

    def gets(self, command, seconds=30):
        """What the ended command said, or None where it failed."""
        shell = self.types(command)
        try:
            status = shell.wait(seconds)
        except subprocess.TimeoutExpired:
            status = "no end"
        shell.watcher.join(1)
        return shell.out() if status == 0 else tell("%s: %s\n%s" % (command, status, shell.out()))

    def heard(self, text):
        return text in open(self.log).read()

    def leaves(self):
        for shell in self.shells:
            if shell.poll() is None:
                os.killpg(shell.pid, signal.SIGTERM)
                shell.wait(people.SECONDS)
        subprocess.run([*two_machines.far, people.claudemesh, "daemon", "down"], env=self.env, capture_output=True, timeout=30)


def tell(text):
    print("# " + text.strip().replace("\n", "\n# "), flush=True)


def authority():
    """A certificate of the broker's address, and the one of who signed it."""
    at = lambda name: os.path.join(work, name)
    new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    with open(at("tls.ext"), "w") as f:
        f.write("subjectAltName=IP:%s\n" % two_machines.HERE)
    for words in (["req", "-x509", *new, "-days", "2", "-subj", "/CN=authority", "-keyout", at("ca.key"), "-out", at("ca.pem")],
                  ["req", *new, "-subj", "/CN=mesh", "-keyout", at("tls.key"), "-out", at("tls.csr")],
                  ["x509", "-req", "-in", at("tls.csr"), "-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-CAcreateserial",
                   "-days", "2", "-extfile", at("tls.ext"), "-out", at("tls.pem")]):
        subprocess.run(["openssl", *words], check=True, capture_output=True)
    os.chmod(at("tls.key"), 0o600)
    return at("ca.pem"), at("tls.pem"), at("tls.key")


def release():
    """This very program, laid out and signed as tools/release does it."""
    place, key = os.path.join(work, "release"), os.path.join(work, "release.key")
    os.makedirs(place)
    openssl = lambda *words: subprocess.run(["openssl", *words], check=True, capture_output=True, text=True).stdout
    openssl("genpkey", "-algorithm", "ed25519", "-out", key)
    with open(os.path.join(root, "../packaging/install.sh")) as f:
        script = f.read().replace("@KEY@", openssl("pkey", "-in", key, "-pubout").splitlines()[1])
    with open(os.path.join(place, "install.sh"), "w") as f:
        f.write(script)
    arch = dict(x86_64="x64", aarch64="arm64").get(platform.machine(), "x64")
    shutil.copy(people.claudemesh, os.path.join(place, "claudemesh-linux-" + arch))
    sums = os.path.join(place, "SHA256SUMS")
    with open(sums, "w") as f:
        for name in sorted(os.listdir(place)):
            if name != "SHA256SUMS":
                with open(os.path.join(place, name), "rb") as one:
                    f.write("%s  %s\n" % (hashlib.sha256(one.read()).hexdigest(), name))
    openssl("pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", sums, "-out", sums + ".sig")
    return place


def free_port():
    with socket.create_server((two_machines.HERE, 0)) as s:
        return s.getsockname()[1]


def start_broker(sink, cert, key):
    address = "%s:%d" % (two_machines.HERE, free_port())
    return people.start_broker(listen=address, words=[
        "--tls-cert", cert, "--tls-key", key, "--public-url", "https://" + address, "--create", "anyone",
        "--smtp-url", "smtp://127.0.0.1:%d" % sink.port, "--mail-from", "claudemesh <mesh@example.org>",
        "--install-dir", release()])


def invite(sink, address):
    """What alice is told, the mail, and the line and link in it."""
    before = len(sink.mails)
    told = run("alice", "share", address)
    until(lambda: len(sink.mails) > before)
    mail = sink.mails[-1] if len(sink.mails) > before else None
    line = re.search(r"^\s*(curl -fsSL (\S+)/install \| sh && claudemesh launch --join (\S+))\s*$", mail.text, re.M) if mail else None
    return told, mail, line


def secrets_of(who):
    """All that may not leave a home: the keys in its files."""
    found = set()
    for at, _, files in os.walk(os.path.join(work, who, ".claudemesh")):
        for name in files:
            if name.endswith(".json"):
                with open(os.path.join(at, name)) as f:
                    found.update(re.findall(r'"(?:secretKey|secret_key|root_key|rootKey|owner_secret)"\s*:\s*"([^"]{16,})"', f.read()))
    return found


def is_plain_refused(port):
    """HTTP without TLS gets neither script nor page."""
    with socket.create_connection((two_machines.HERE, port), 5) as s:
        s.sendall(b"GET /install HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % two_machines.HERE.encode())
        got = b""
        try:
            while part := s.recv(1 << 16):
                got += part
        except OSError:
            pass
    return b"200" not in got.split(b"\r\n")[0] and b"#!/bin/sh" not in got


class Alice(threading.Thread):
    """Waits for a question and answers it; .question is the message."""
    question = {}

    def run(self):
        end = time.monotonic() + 30
        while not self.question and time.monotonic() < end:
            for message in people.ask("alice", "inbox", "--unread", "--wait", "30").get("messages", []):
                if message.get("body") == QUESTION:
                    self.question = message
                    run("alice", "send", message["sender_name"], ANSWER)


def from_the_mail_to_an_answer(server, line, ca):
    """bob, from the moment he opens the mail."""
    wire = Wire((QUESTION, ANSWER, "HTTP/1.1", "#!/bin/sh", "displayName")) if two_machines.far else None
    since = time.monotonic()
    bob = Person("bob", ca)
    try:
        agent = bob.types(line.group(1))
        until(lambda: bob.heard('"ready": true') or agent.poll() is not None, SECONDS_MAX)
        verdict(agent.poll() is None and bob.heard('"ready": true'),
                "the line installs, joins, and starts the agent: %.1f s after the mail was opened" % (time.monotonic() - since)) or \
            tell(agent.out())
        verdict("unverified until the owner confirms your key" in agent.out(), "bob is told that others see him as unverified") or \
            tell(agent.out())
        alice = Alice()
        alice.start()
        said = bob.gets("claudemesh send alice '%s'" % QUESTION) or ""
        until(lambda: bob.heard(ANSWER), 30)
        answered = bob.gets("claudemesh inbox") or ""
        took = time.monotonic() - since
        alice.join(40)
        verdict(ANSWER in answered, "bob asks alice; his agent hears what she answers, and he reads it") or tell(said + answered)
        verdict(took < SECONDS_MAX, "all of it took %.1f s, at most %d are allowed" % (took, SECONDS_MAX))
        verdict(len(bob.typed) <= COMMANDS_MAX, "and %d commands: %s" % (len(bob.typed), " ; ".join(bob.typed)))
        verdict(until(lambda: "echo: alice: " + ANSWER in run("alice", "inbox", "--limit", "50")),
                "his agent hears it, too, and answers by itself")
        if wire:
            wire.end()
            verdict(wire.size > 100000 and not wire.seen,
                    "of %d bytes on the cable none are readable: neither message nor script nor HTTP" % wire.size) or tell(str(wire.seen))
        with open(os.path.join(bob.home, ".claudemesh/config.json")) as f:
            verdict(json.load(f)["meshes"][0]["brokerUrl"].startswith("wss://%s:" % two_machines.HERE), "bob's program keeps to wss://")
        distrusting = dict(bob.env)
        del distrusting["CURL_CA_BUNDLE"], distrusting["SSL_CERT_FILE"]
        done = subprocess.run([*two_machines.far, "sh", "-c", "curl -fsSL %s/install" % server.url], env=distrusting, capture_output=True)
        verdict(done.returncode == 60 and not done.stdout, "who does not know the authority gets no script")
        what_alice_sees(alice.question, server)
    finally:
        bob.leaves()


def what_alice_sees(question, server):
    verdict(question.get("sender_verified") is False and question.get("sender_name") == "bob" and
            re.search(r"bob \([0-9a-f]{8}\) unverified", run("alice", "inbox", "--limit", "50")),
            "alice sees that bob is unverified, where she reads him")
    verdict("unverified" in run("alice", "peers"), "among her peers")
    warned = people.call("alice", "send", "bob", "who are you?")
    verdict("claudemesh verify bob" in warned.stdout + warned.stderr, "and where she writes to him, with what to do about it") or \
        tell(warned.stdout + warned.stderr)
    server.send_signal(signal.SIGSTOP)
    try:
        warned = people.call("alice", "send", "bob", "who are you really?")
    finally:
        server.send_signal(signal.SIGCONT)
    verdict("queued for bob" in warned.stdout and "claudemesh verify bob" in warned.stdout + warned.stderr,
            "also while the broker says nothing") or tell(warned.stdout + warned.stderr)
    run("alice", "verify", "bob")
    done = json.loads(run("alice", "verify", "bob", "--confirm", "--yes", "--json") or "{}")
    verdict(done.get("signed") is True and "unverified" not in run("alice", "peers"),
            "she compares and confirms: from then on he is verified")


def without_a_local_bin(sink, ca):
    """A new account's shell does not look into ~/.local/bin: the installer says what to type."""
    line = invite(sink, "carol@example.org")[2]
    carol = Person("carol", ca, has_local_bin=False)
    try:
        first = carol.types(line.group(1))
        first.wait(30)
        first.watcher.join(1)
        export = re.search(r'add it to your PATH:  (export PATH=\S+)', first.out())
        verdict(bool(export), "where the shell does not find it, the installer says what to type") or tell(first.out())
        agent = carol.types("%s; claudemesh launch --join %s" % (export.group(1), line.group(3)))
        until(lambda: carol.heard('"ready": true') or agent.poll() is not None, 30)
        run("alice", "send", "carol", "hello")
        verdict(until(lambda: "echo: alice: hello" in run("alice", "inbox", "--limit", "50"), 20) and
                len(carol.typed) <= COMMANDS_MAX, "with that it is %d commands to an answered message" % len(carol.typed)) or tell(agent.out())
    finally:
        carol.leaves()


def main():
    ca, cert, key = authority()
    sink = mail_sink.Smtp()
    server = start_broker(sink, cert, key)
    verdict(server.url.startswith("https://%s:" % two_machines.HERE), "the broker announces https://, at an address that another machine reaches")
    verdict(is_plain_refused(int(server.url.split(":")[2])), "and refuses who speaks no TLS")
    os.environ["SSL_CERT_FILE"] = ca
    os.makedirs(os.path.join(work, "alice"), mode=0o700)
    run("alice", "create", "demo", "--broker", server.url, "--name", "alice", env=environment("alice", CLAUDEMESH_NO_DAEMON="1"))
    run("alice", "daemon", "up")
    verdict(people.is_open("alice"), "alice has a mesh and a daemon")
    told, mail, line = invite(sink, "bob@example.org")
    verdict("mailed to bob@example.org" in told and "unverified until you confirm: claudemesh verify" in told,
            "share tells her that who comes by the mail is unverified, and what to do") or tell(told)
    if not verdict(mail and line and line.group(2) == server.url and re.fullmatch(re.escape(server.url) + r"/i/[A-Za-z0-9]+", line.group(3)),
                   "the mail has the one line to type"):
        return tell(mail.text if mail else open(os.path.join(work, "broker.log")).read())
    secret = re.search(r"%s#(\S+)" % re.escape(line.group(3)), told)
    secrets = secrets_of("alice") | {secret.group(1)} if secret else set()
    everything = mail.raw.decode() + mail.text + mail.html
    verdict(len(secrets) >= 2 and not [s for s in secrets if s in everything] and not re.search(r"/i/\w+#", everything),
            "and no secret: none of %d that alice has" % len(secrets))
    from_the_mail_to_an_answer(server, line, ca)
    without_a_local_bin(sink, ca)


people.play(main, names=("alice",))
