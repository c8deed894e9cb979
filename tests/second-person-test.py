#!/usr/bin/env python3
"""second-person-test.py CLAUDEMESH BROKER - somebody on another machine, a network namespace with its own address
and home, goes from an invitation in the mail to an answered message: TLS on, one command typed. TAP on stdout;
skipped where no namespaces can be made."""
import hashlib
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import time

HERE, THERE = "10.77.61.1", "10.77.61.2"
SECONDS_MAX = 60
near, far = "cm-near-%d" % os.getpid(), "cm-far-%d" % os.getpid()


def network(*words):
    return subprocess.run(["ip", *words], capture_output=True).returncode == 0


def enter():
    """Makes both, and goes on in the near one."""
    made = shutil.which("ip") and network("netns", "add", near) and network("netns", "add", far) and \
        network("link", "add", "cm0", "netns", near, "type", "veth", "peer", "name", "cm0", "netns", far)
    for name, address in ((near, HERE), (far, THERE)):
        made = made and network("-n", name, "addr", "add", address + "/30", "dev", "cm0") and \
            network("-n", name, "link", "set", "cm0", "up") and network("-n", name, "link", "set", "lo", "up")
    status = 0
    if made:
        status = subprocess.run(["ip", "netns", "exec", near, sys.executable, __file__, *sys.argv[1:]],
                                env=dict(os.environ, SECOND_PERSON=far)).returncode
    else:
        print("1..0 # SKIP no network namespaces here")
    for name in (near, far):
        network("netns", "del", name)
    sys.exit(status)


if "SECOND_PERSON" not in os.environ:
    enter()

import mail_sink
import people
from people import run, until, verdict, work

far = os.environ["SECOND_PERSON"]
people.claudemesh, people.broker = os.path.realpath(sys.argv[1]), os.path.realpath(sys.argv[2])
root = os.path.dirname(os.path.realpath(__file__))


def certificate():
    cert, key = os.path.join(work, "tls.pem"), os.path.join(work, "tls.key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=mesh",
                    "-addext", "subjectAltName=IP:" + HERE, "-keyout", key, "-out", cert], check=True, capture_output=True)
    os.chmod(key, 0o600)
    return cert, key


def release():
    """This very program, as tools/release would lay it out."""
    place = os.path.join(work, "release")
    os.makedirs(place)
    with open(os.path.join(root, "../packaging/install.sh")) as f:
        script = f.read().replace("@KEY@", "")
    with open(os.path.join(place, "install.sh"), "w") as f:
        f.write(script)
    sums = ""
    for name in ("claudemesh-linux-x64", "claudemesh-linux-arm64"):
        shutil.copy(people.claudemesh, os.path.join(place, name))
    for name in sorted(os.listdir(place)):
        with open(os.path.join(place, name), "rb") as f:
            sums += "%s  %s\n" % (hashlib.sha256(f.read()).hexdigest(), name)
    with open(os.path.join(place, "SHA256SUMS"), "w") as f:
        f.write(sums)
    return place


def main():
    cert, key = certificate()
    sink = mail_sink.Smtp()
    server = people.start_broker(listen=HERE + ":0", env=dict(
        os.environ, EMAIL_FROM="mesh@example.org", CLAUDEMESH_BROKER_SMTP_URL="smtp://127.0.0.1:%d" % sink.port,
        CLAUDEMESH_BROKER_TLS_CERT=cert, CLAUDEMESH_BROKER_TLS_KEY=key, CLAUDEMESH_BROKER_INSTALL_DIR=release(),
        CLAUDEMESH_BROKER_CREATE="anyone"))
    verdict(server.url.startswith("https://" + HERE), "the broker speaks TLS only")
    os.environ["SSL_CERT_FILE"] = cert
    alice = dict(env=people.environment("alice", CLAUDEMESH_NO_DAEMON="1"))
    os.makedirs(os.path.join(work, "alice"), mode=0o700)
    run("alice", "create", "demo", "--broker", server.url, "--name", "alice", **alice)
    run("alice", "share", "bob@example.org", **alice)
    verdict(until(lambda: sink.mails), "the invitation is in the mail")
    line = re.search(r"curl -fsSL \S+/install \| sh && claudemesh launch --join \S+", sink.mails[0].text)
    verdict(bool(line), "with one line that does it all")

    home = os.path.join(work, "bob")
    os.makedirs(os.path.join(home, "bin"), mode=0o700)
    os.symlink(os.path.join(root, "agents/claude"), os.path.join(home, "bin/claude"))
    log = os.path.join(work, "agent.log")
    open(log, "w").close()
    bob = dict(people.environment("bob"), USER="bob", FAKE_LOG=log, CURL_CA_BUNDLE=cert,
               PATH="%s/.local/bin:%s/bin:/usr/bin:/bin" % (home, home))
    since = time.monotonic()
    agent = subprocess.Popen(["ip", "netns", "exec", far, "sh", "-c", line.group(0)], env=bob, cwd=home,
                             stdin=subprocess.DEVNULL, stdout=open(os.path.join(work, "agent.out"), "w"),
                             stderr=subprocess.STDOUT, start_new_session=True)
    ready = until(lambda: '"ready": true' in open(log).read() or agent.poll() is not None, SECONDS_MAX)
    verdict(ready and agent.poll() is None, "typed on another machine, it installs, joins, and starts the agent")
    if agent.poll() is not None:
        print("# " + open(os.path.join(work, "agent.out")).read().replace("\n", "\n# "))
    run("alice", "send", "bob", "hello", **alice)
    said = until(lambda: "echo: alice: hello" in run("alice", "inbox", **alice), 20)
    took = time.monotonic() - since
    verdict(said and took < SECONDS_MAX, "a message is answered, %.1f s after the mail was opened" % took)
    os.killpg(agent.pid, signal.SIGTERM)
    agent.wait(10)
    peers = subprocess.run(["ip", "netns", "exec", far, "claudemesh", "peers"], env=bob, capture_output=True, text=True)
    verdict(peers.returncode == 0 and "alice" in peers.stdout, "the program stays, and knows the mesh")


people.play(main)
