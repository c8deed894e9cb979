#!/usr/bin/env -S python3 -B
"""backup-test.py CLAUDEMESH BROKER - admin backup while messages come, restore, vacuum; check-config and
--print-settings of what runs. TAP on stdout."""
import os
import resource
import signal
import subprocess
import sys
import threading

import people
from people import call, environment, make_mesh, play, run, start_broker, texts, until, verdict, work

people.claudemesh, people.broker = (os.path.realpath(path) for path in sys.argv[1:3])
NOBODY = 65534
ALONE = dict(CLAUDEMESH_NO_DAEMON="1")


def admin(*words):
    return subprocess.run([people.broker, "admin", *words], capture_output=True, text=True, timeout=60)


def admin_without_room(*words):
    """No file grows over 64 kB."""
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))
    return subprocess.run([people.broker, "admin", *words], capture_output=True, text=True, timeout=60, preexec_fn=limit, restore_signals=False)


def tells(done, status_is_good, part, name):
    said = done.stdout + done.stderr
    return verdict((done.returncode == 0) == status_is_good and part in said, name if part in said else "%s: %s" % (name, said))


def modes(directory):
    return {oct(os.stat(os.path.join(directory, name)).st_mode & 0o777) for name in os.listdir(directory)}


class Writer(threading.Thread):
    """Messages to bob, who is away; `acked` are those that the broker has."""

    def __init__(self):
        super().__init__(daemon=True)
        self.acked = []
        self.over = False

    def run(self):
        while not self.over:
            text = "message %d" % len(self.acked)
            if call("alice", "send", "bob", text, env=environment("alice", **ALONE)).returncode == 0:
                self.acked.append(text)


def test():
    data, copy, place = (os.path.join(work, name) for name in ("broker", "copy", "place"))
    broker = start_broker()
    port = int(broker.url.rsplit(":", 1)[1])
    make_mesh(broker.url)
    # The operator's own: a certificate's key with its chain.
    tls_key = os.urandom(3000).hex()
    with open(os.path.join(data, "tls.key"), "w") as f:
        f.write(tls_key)
    writer = Writer()
    writer.start()
    until(lambda: len(writer.acked) > 3)
    before = list(writer.acked)
    tells(admin("backup", copy, "--data", data), True, "key files", "a backup is made while messages come")
    until(lambda: len(writer.acked) > len(before) + 3)
    writer.over = True
    writer.join()
    verdict(len(writer.acked) > len(before), "they went on coming")
    verdict(oct(os.stat(copy).st_mode & 0o777) == "0o700" and modes(copy) == {"0o600"}, "it is closed to others")
    tells(admin("backup", copy, "--data", data), False, "exists", "another one is not made over it")
    tells(admin("backup", os.path.join(work, "x"), "--data", os.path.join(work, "nowhere")), False, "is --data right?", "nothing to back up")
    tells(admin("restore", copy, "--data", data), False, "in use by another broker", "what a broker uses is not replaced")
    tells(admin("vacuum", "--data", data), False, "in use by another broker", "nor vacuumed")

    damaged = os.path.join(work, "damaged")
    os.mkdir(damaged)
    with open(os.path.join(copy, "broker.db"), "rb") as f:
        whole = bytearray(f.read())
    whole[len(whole) // 2:len(whole) // 2 + 8192] = os.urandom(8192)
    with open(os.path.join(damaged, "broker.db"), "wb") as f:
        f.write(whole)
    tells(admin("restore", damaged, "--data", place), False, "damaged", "a damaged one is refused")
    with open(os.path.join(damaged, "broker.db"), "wb") as f:
        f.write(b"something else" * 1000)
    tells(admin("restore", damaged, "--data", place), False, "no database", "what is no database, too")
    tells(admin("restore", work, "--data", place), False, "is no backup", "and what is no backup")

    broker.send_signal(signal.SIGKILL)
    broker.wait()
    if os.geteuid() == 0:
        # As with a service: root restores what its user will open.
        for name in (".", *os.listdir(data)):
            os.chown(os.path.join(data, name), NOBODY, NOBODY)
    tells(admin_without_room("restore", copy, "--data", data), False, "cannot copy", "without room for it nothing is restored")
    verdict(os.path.exists(os.path.join(data, "broker.db")) and not os.path.exists(os.path.join(data, "restored.db")), "and what was there stays")
    tells(admin("restore", copy, "--data", data), True, "before-restore-", "it is restored, and what was there kept aside")
    with open(os.path.join(data, "tls.key")) as f:
        verdict(f.read() == tls_key, "a key of any kind is whole after it")
    aside = [name for name in os.listdir(data) if name.startswith("before-restore-")]
    verdict(len(aside) == 1 and os.path.exists(os.path.join(data, aside[0], "broker.db")), "under its own name")
    tells(admin("vacuum", "--data", data), True, "kB now", "vacuumed")
    owners = {os.stat(os.path.join(data, name)).st_uid for name in (".", *os.listdir(data))}
    verdict(owners == {NOBODY if os.geteuid() == 0 else os.geteuid()}, "all of it belongs to whom the directory belongs to")
    if os.geteuid() == 0:
        for name in (".", *os.listdir(data)):
            os.chown(os.path.join(data, name), 0, 0)
    again = start_broker(listen="127.0.0.1:%d" % port)
    run("alice", "send", "bob", "after the restore", env=environment("alice", **ALONE))
    people.has("bob", "after the restore")
    got = texts("bob")
    verdict(all(text in got for text in [*before, "after the restore"]), "all that was acked before the backup is there")
    verdict(len(got) == len(set(got)), "once")

    done = subprocess.run([people.broker, "check-config", "--data", data], capture_output=True, text=True, timeout=60)
    tells(done, True, "where a broker is running", "check-config beside a broker")
    done = subprocess.run([people.broker, "check-config", "--data", data, "--tls-cert", "/nowhere", "--tls-key", "/nowhere"],
                          capture_output=True, text=True, timeout=60)
    tells(done, False, "/nowhere", "and of a certificate that is not there")
    again.terminate()
    verdict(again.wait(timeout=20) == 0, "the broker ends in good order")


play(test)
