#!/usr/bin/env -S python3 -B
"""soak.py CLAUDEMESH BROKER [--minutes N] [--members N] [--seed N] [--out FILE]

Members talk, leave and come back for so long, while the owner kicks, disconnects, bans and unbans and the
broker is stopped and killed. In the last two fifths it runs undisturbed: then its memory and descriptors are
to stay where they are. At the end no message that was acked is missing or doubled and the audit log's chain
holds, also against a checkpoint kept from the start. TAP on stdout; figures as JSON in FILE."""
import argparse
import asyncio
import itertools
import json
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
from free_port import free_port  # noqa: E402
from peer import Closed, Ledger, Member  # noqa: E402

SEND_SECONDS = 2.0           # of one member, between two messages
DROP_SECONDS = 0.3           # between two connections that are lost
MODERATE_SECONDS = 2.0
BANNED_SECONDS = 5.0
RESTART_SHARE = 0.6          # of the time; then it is left alone
SETTLE_SECONDS = 90
SAMPLE_SECONDS = 5
GROWTH_BYTES = 8 << 20       # of a broker at rest: caches that fill
RECEIPT_BYTES = 128          # of each id that it remembers for a day


class Broker:
    def __init__(self, program, work, port):
        self.program, self.work, self.port = program, work, port
        self.starts = 0
        self.process = None

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.port

    def start(self):
        log = open(os.path.join(self.work, "broker.log"), "a")
        self.process = subprocess.Popen([self.program, "--listen", "127.0.0.1:%d" % self.port, "--data",
                                         os.path.join(self.work, "broker"), "--rate-limit", "0"], stdout=subprocess.DEVNULL, stderr=log)
        self.starts += 1

    def figures(self):
        try:
            with urllib.request.urlopen(self.url + "/metrics", timeout=5) as answer:
                return {m[1]: float(m[2]) for m in re.finditer(r"(?m)^([a-z_]+) ([0-9.e+]+)$", answer.read().decode())}
        except OSError:
            return {}


class Soak:
    def __init__(self, options):
        self.options = options
        self.random = random.Random(options.seed)
        self.work = tempfile.mkdtemp(prefix="soak-")
        self.ledger = Ledger()
        self.banned, self.ever_banned = set(), set()
        self.counts = dict(sent=0, kicked=0, disconnected=0, banned=0, unbanned=0, dropped=0, stopped=0, killed=0, told_4001=0,
                           told_4002=0, refused_hellos=0)
        self.samples = []
        self.over = False
        self.quiet = False       # nobody sends any more
        self.faults = []

    # ---- people ----

    def home(self, name):
        return os.path.join(self.work, name)

    def cli(self, name, *words):
        env = dict(os.environ, HOME=self.home(name), CLAUDEMESH_NO_DAEMON="1", NO_COLOR="1")
        for variable in [v for v in env if v.startswith("CLAUDEMESH_") and v != "CLAUDEMESH_NO_DAEMON"]:
            del env[variable]
        return subprocess.run([self.options.claudemesh, *words], env=env, capture_output=True, text=True, timeout=120)

    def make_people(self):
        names = ["m%03d" % i for i in range(self.options.members)]
        for name in ["owner", *names]:
            os.mkdir(self.home(name), 0o700)
        done = self.cli("owner", "create", "soak", "--broker", self.broker.url, "--name", "owner", "--json")
        if done.returncode:
            sys.exit("Bail out! " + done.stdout + done.stderr)
        link = json.loads(self.cli("owner", "share", "--uses", "1000", "--json").stdout)["url"]

        def join(name):
            return self.cli(name, "join", link, "--name", name)
        with ThreadPoolExecutor(4) as several:
            for done in several.map(join, names):
                if done.returncode:
                    sys.exit("Bail out! " + done.stdout + done.stderr)

        def member(name):
            with open(os.path.join(self.home(name), ".claudemesh/config.json")) as f:
                return Member(name, json.load(f), ("127.0.0.1", self.broker.port), self.ledger)
        self.owner = member("owner")
        self.members = [member(name) for name in names]

    async def live(self, m):
        """Connects whenever it is not; a kicked one comes back when its user wants, a banned one when it may."""
        while not self.over:
            try:
                await m.connect()
                m.send_again()
                await m.listen()
            except (Closed, OSError, asyncio.TimeoutError, asyncio.IncompleteReadError) as e:
                self.counts["refused_hellos"] += isinstance(e, Closed)
                m.closed = (getattr(e, "code", 1006), str(e))
            self.counts["told_4001"] += m.closed[0] == 4001
            self.counts["told_4002"] += m.closed[0] == 4002
            while m.name in self.banned and not self.over:
                await asyncio.sleep(0.2)
            await asyncio.sleep(self.random.uniform(0.1, 1.0))

    async def talk(self, m):
        await asyncio.sleep(self.random.uniform(0, SEND_SECONDS))
        while not self.quiet:
            to = self.random.choice(self.members)
            if m.socket and to is not m and to.name not in self.banned:
                self.counts["sent"] += 1
                m.send(to.pubkey, "%s-%d-%d" % (m.name, self.options.seed, self.counts["sent"]), self.random.choice((64, 512, 2048)))
            await asyncio.sleep(SEND_SECONDS * self.random.uniform(0.5, 1.5))

    # ---- trouble ----

    async def drop(self):
        while not self.quiet:
            m = self.random.choice(self.members)
            if m.socket:
                self.counts["dropped"] += 1
                m.socket.close(clean=self.random.random() < 0.5)
            await asyncio.sleep(DROP_SECONDS)

    async def unban_later(self, m):
        await asyncio.sleep(BANNED_SECONDS)
        while m.name in self.banned:
            answer = await self.owner.ask(type="unban", target=m.pubkey)
            if answer and (answer["type"] == "unban_ack" or answer.get("code") == "not_found"):
                self.counts["unbanned"] += answer["type"] == "unban_ack"
                self.banned.discard(m.name)
            await asyncio.sleep(0.5)

    async def moderate(self):
        pause = min(MODERATE_SECONDS, self.options.minutes * 60 / 24)
        turns = itertools.cycle(("kick", "disconnect", "ban", "disconnect"))
        while not self.quiet:
            here = [m for m in self.members if m.socket and m.name not in self.banned]
            if here and self.owner.socket:
                m, what = self.random.choice(here), next(turns)
                if what == "ban":
                    self.banned.add(m.name)
                    self.ever_banned.add(m.name)
                answer = await self.owner.ask(type=what, target=m.pubkey)
                if what == "ban":
                    asyncio.create_task(self.unban_later(m))
                if answer and answer["type"] == what + "_ack":
                    self.counts[dict(kick="kicked", disconnect="disconnected", ban="banned")[what]] += 1
                elif answer and answer.get("code") not in ("not_found", "try_again"):
                    self.faults.append((what, answer))
            await asyncio.sleep(pause)

    async def restart(self, until):
        pause = max(min(120, self.options.minutes * 60 / 10), 4)
        while time.monotonic() + pause < until:
            await asyncio.sleep(pause)
            kill = self.random.random() < 0.5
            self.broker.process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
            status = await asyncio.to_thread(self.broker.process.wait, 30)
            if not kill and status:
                self.faults.append(("SIGTERM", status))
            self.counts["killed" if kill else "stopped"] += 1
            self.broker.start()

    async def sample(self):
        while not self.over:
            figures = await asyncio.to_thread(self.broker.figures)
            if figures:
                self.samples.append(dict(at_s=round(time.monotonic() - self.began, 1), start=self.broker.starts,
                                         resident=figures["process_resident_memory_bytes"], files=figures["process_open_fds"],
                                         sockets=figures["claudemesh_connections"], receipts=figures["claudemesh_receipts_in_memory"]))
            if self.broker.process.poll() not in (None, 0, -signal.SIGKILL):
                self.faults.append(("broker ended", self.broker.process.returncode))
                self.over = self.quiet = True
            await asyncio.sleep(SAMPLE_SECONDS)

    # ---- the run ----

    def lost(self):
        """Acked, not come, and of somebody whose mail no ban could end."""
        away = {m.pubkey for m in self.members if m.name in self.ever_banned}
        return [id for id in self.ledger.due if self.ledger.acked[id] not in away]

    async def settle(self):
        """Everybody is there and has what is theirs."""
        self.quiet = True
        end = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < end and (self.banned or self.lost() or any(m.unacked or not m.socket for m in self.members)):
            await asyncio.sleep(0.5)

    async def run(self):
        self.began = time.monotonic()
        seconds = self.options.minutes * 60
        tasks = [asyncio.create_task(self.live(m)) for m in [self.owner, *self.members]]
        tasks += [asyncio.create_task(self.talk(m)) for m in self.members]
        tasks += [asyncio.create_task(t) for t in (self.drop(), self.moderate(), self.restart(self.began + RESTART_SHARE * seconds), self.sample())]
        end = self.began + seconds
        while time.monotonic() < end and not self.over:
            await asyncio.sleep(1)
            for t in tasks:
                if t.done() and t.exception():
                    raise t.exception()
        await self.settle()
        self.over = True
        for m in [self.owner, *self.members]:
            if m.socket:
                m.socket.close()
        await asyncio.wait(tasks, timeout=30)

    def rest(self):
        """Samples of the undisturbed part, without its first fifth, when caches fill."""
        last = [s for s in self.samples if s["start"] == self.broker.starts]
        return last[len(last) // 5:]

    def verdicts(self):
        rest = self.rest()
        half = len(rest) // 2
        memory = [statistics.median(s["resident"] for s in part) for part in (rest[:half], rest[half:])]
        files = [statistics.median(s["files"] - s["sockets"] for s in part) for part in (rest[:half], rest[half:])]
        receipts = rest[-1]["receipts"] - rest[0]["receipts"]
        allowed = GROWTH_BYTES + RECEIPT_BYTES * receipts
        checked = self.cli("owner", "audit", "verify", "--checkpoint", os.path.join(self.work, "checkpoint"))
        c = self.counts
        yield "%d messages acked, none lost %s" % (len(self.ledger.acked), self.lost()[:5] or ""), not self.lost() and len(self.ledger.acked) > 0
        yield "none doubled", self.ledger.doubled() == 0
        yield "all had an answer", not any(m.unacked for m in self.members)
        yield "%d kicked, %d disconnected, %d banned, %d unbanned" % (c["kicked"], c["disconnected"], c["banned"], c["unbanned"]), \
            c["kicked"] and c["disconnected"] and c["banned"] and c["unbanned"] >= c["banned"] and c["told_4001"] and c["told_4002"]
        yield "stopped %d times, killed %d times" % (c["stopped"], c["killed"]), c["stopped"] + c["killed"] > 0
        yield "no fault %s" % (self.faults[:5] or ""), not self.faults
        yield "memory at rest %.1f, then %.1f MB" % tuple(m / 1e6 for m in memory), memory[1] - memory[0] < allowed
        yield "descriptors but sockets %d, then %d" % tuple(files), files[1] - files[0] <= 2
        yield "the audit log's chain holds%s" % ("" if checked.returncode == 0 else ": " + checked.stdout + checked.stderr), checked.returncode == 0

    def figures(self):
        acks = sorted(self.ledger.ack_s)
        rest = self.rest()
        return dict(minutes=self.options.minutes, members=self.options.members, seed=self.options.seed, counts=self.counts,
                    acked=len(self.ledger.acked), pushed_again=self.ledger.again, refused=self.ledger.refused,
                    ack_ms=dict(p50=acks[len(acks) // 2] * 1e3, p99=acks[len(acks) * 99 // 100] * 1e3),
                    resident_mb=dict(first=rest[0]["resident"] / 1e6, last=rest[-1]["resident"] / 1e6), files=[rest[0]["files"], rest[-1]["files"]],
                    starts=self.broker.starts, samples=self.samples)

    def play(self):
        self.broker = Broker(self.options.broker, self.work, free_port())
        self.broker.start()
        end = time.monotonic() + 20
        while not self.broker.figures() and time.monotonic() < end:
            time.sleep(0.05)
        count = bad = 0
        try:
            self.make_people()
            saved = self.cli("owner", "audit", "verify", "--save", os.path.join(self.work, "checkpoint"))
            if saved.returncode:
                sys.exit("Bail out! " + saved.stdout + saved.stderr)
            asyncio.run(self.run())
            for count, (text, good) in enumerate(self.verdicts(), 1):
                bad += not good
                print("%s %d - %s" % ("ok" if good else "not ok", count, text))
            if self.options.out:
                with open(self.options.out, "w") as f:
                    json.dump(self.figures(), f)
        finally:
            self.broker.process.kill()
            if bad or os.environ.get("KEEP"):
                print("# kept: " + self.work)
            else:
                shutil.rmtree(self.work, ignore_errors=True)
        print("1..%d" % count)
        return 1 if bad else 0


parser = argparse.ArgumentParser()
parser.add_argument("claudemesh", type=os.path.realpath)
parser.add_argument("broker", type=os.path.realpath)
parser.add_argument("--minutes", type=float, default=30)
parser.add_argument("--members", type=int, default=200)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--out")
sys.exit(Soak(parser.parse_args()).play())
