#!/usr/bin/env -S python3 -B
"""topic-agents-test.py CLAUDEMESH BROKER - a topic with people and an agent's session in it: the
session hears a post through its channel and answers with what it was told, and the answer is
threaded where somebody follows. Daemons, brokers and kills are real. TAP on stdout."""
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import urllib.request

import people
from people import Server, ask, call, environment, is_open, make_mesh, play, run, start_broker, until, verdict, work

people.claudemesh, people.broker = (os.path.realpath(path) for path in sys.argv[1:3])
NAMES = ("alice", "bob", "carol")


class Tail:
    """`topic tail` as somebody: its lines, as they come."""

    def __init__(self, who, *words):
        self.process = subprocess.Popen([people.claudemesh, "topic", "tail", *words], env=environment(who),
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.lines = []
        threading.Thread(target=self.collect, args=(self.process.stdout,), daemon=True).start()
        self.notes = []
        threading.Thread(target=lambda: self.notes.extend(self.process.stderr), daemon=True).start()

    def collect(self, stream):
        for line in stream:
            self.lines.append(line.rstrip("\n"))

    def has(self, text, seconds=people.SECONDS):
        return until(lambda: any(text in line for line in self.lines), seconds)

    def before(self, text):
        at = next((i for i, line in enumerate(self.lines) if text in line), 0)
        return self.lines[at - 1] if at else ""

    def end(self):
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=people.SECONDS)


def session_of(who, name):
    """A session as the launcher registers it; its token."""
    token = secrets.token_hex(32)
    status, body = people.api(who, "POST", "/v1/sessions/register",
                              dict(token=token, session_id="s-" + name, mesh="demo", display_name=name, pid=os.getpid(), cwd="/"))
    assert status == 200, body
    return token


def notification(server, text):
    """The channel's notification with that text."""
    found = server.read(lambda m: m.get("method") == "notifications/claude/channel" and text in m["params"]["content"])
    return found["params"]["meta"] if found else {}


def heard_as(server, topic):
    """What bob's next post is heard as: whose word, and whether the broker could read it."""
    text = secrets.token_hex(8)
    run("bob", "topic", "post", topic, text)
    meta = notification(server, text)
    return meta.get("provenance"), meta.get("plaintext")


def what_is_in_the_open_is_marked(server, base):
    run("bob", "topic", "create", "open", "--plaintext")
    run("alice", "topic", "join", "open")
    verdict(heard_as(server, "open") == ("mesh", "true"), "plain text is marked as what the broker can read")
    key = ask("bob", "apikey", "create", "program", "--yes")["secret"]
    urllib.request.urlopen(urllib.request.Request(base + "/api/v1/topics/open", b"by a program", {"Authorization": "Bearer " + key}))
    meta = notification(server, "by a program")
    verdict((meta.get("provenance"), meta.get("plaintext")) == ("unsigned", "true"), "  and what nobody signed as nobody's word")


def history(who):
    return {m["message"]: m for m in ask(who, "topic", "history", "ops")["messages"]}


def the_agent_answers(tail, plain, base):
    token = session_of("alice", "worker")
    server = Server(os.path.join(work, "alice"), CLAUDEMESH_IPC_TOKEN=token)
    server.greet()
    asked = ask("bob", "topic", "post", "ops", "is the build green? @alice")
    meta = notification(server, "is the build green?")
    bob = next(m for m in ask("alice", "peers")["members"] if m["displayName"] == "bob")
    verdict(meta.get("topic") == "ops", "the session hears the post, with its topic")
    verdict(meta.get("message_id") == asked["messageId"], "  the id that history and replies use")
    verdict(meta.get("from_id") == bob["pubkey"], "  whom it is from")
    verdict(meta.get("from_member_id") == bob["memberId"], "  and which member that is")
    verdict("reply_to_id" not in meta, "  and that it answers nothing")
    verdict(heard_as(server, "ops") == ("mesh", None), "  and by its signature that a member wrote it")

    # Exactly what the instructions say, in the session's own environment.
    inside = environment("alice", CLAUDEMESH_IPC_TOKEN=token)
    done = call("alice", "topic", "post", meta["topic"], "it is green", "--reply-to", meta["message_id"], "--json", env=inside)
    answer = json.loads(done.stdout or "{}")
    verdict(done.returncode == 0 and answer.get("replyToId") == asked["messageId"], "it answers with what it was told")
    verdict(tail.has('"message":"it is green"'), "who follows the topic has the answer")
    line = next(json.loads(line) for line in tail.lines if '"it is green"' in line)
    verdict(line["replyToId"] == asked["messageId"], "  under what it answers")
    verdict(plain.has("it is green") and 'in reply to bob: "is the build green?' in plain.before("it is green"),
            "  which a person sees quoted")
    verdict("#" + answer["messageId"][:8] in next(line for line in plain.lines if "it is green" in line), "  with a short id")

    back = ask("bob", "topic", "post", "ops", "thank you", "--reply-to", answer["messageId"][:8])
    meta = notification(server, "thank you")
    verdict(meta.get("reply_to_id") == answer["messageId"] and meta.get("message_id") == back["messageId"],
            "an answer to the session by its short id says so")
    what_is_in_the_open_is_marked(server, base)
    server.end()


def who_leaves_reads_no_more():
    run("bob", "topic", "post", "ops", "carol is here")
    verdict("carol is here" in history("carol"), "carol reads")
    run("carol", "topic", "leave", "ops")
    run("bob", "topic", "post", "ops", "carol is gone")
    verdict("carol is gone" in history("alice"), "who stayed reads what follows")
    verdict("carol is gone" not in history("carol"), "carol does not")
    verdict("carol is here" in history("carol"), "  but what came before")
    run("carol", "topic", "join", "ops")
    # The daemons of alice and bob know carol, so one of them seals the key at once.
    verdict(until(lambda: next(m for m in ask("bob", "topic", "members", "ops")["members"] if m["displayName"] == "carol")["keyed"]),
            "she comes back: a daemon seals the key for her, without anybody asking")
    run("alice", "topic", "post", "ops", "welcome back")
    verdict("welcome back" in history("carol"), "  and she reads again")


def several_post_on_a_stale_epoch():
    run("carol", "topic", "leave", "ops")
    posts = [subprocess.Popen([people.claudemesh, "topic", "post", "ops", "race %d" % i], env=environment(who),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
             for i, who in enumerate(("alice", "bob") * 3)]
    ended = [p.communicate() + (p.returncode,) for p in posts]
    verdict(all(e[2] == 0 for e in ended), "six posters on a stale epoch all succeed (%s)" % [e for e in ended if e[2]])
    seen = history("alice")
    verdict(all("race %d" % i in seen for i in range(6)), "  each is read")
    epochs = {seen["race %d" % i]["epoch"] for i in range(6) if "race %d" % i in seen}
    verdict(len(epochs) == 1, "  under one new key (%s)" % epochs)


def the_broker_is_killed(server, tail):
    port = int(server.url.rsplit(":", 1)[1].strip("/"))
    for i in range(5):
        run("bob", "topic", "post", "ops", "before %d" % i)
    server.kill()
    server.wait()
    start_broker(listen="127.0.0.1:%d" % port)
    is_open("alice")
    is_open("bob")
    for i in range(5):
        run("bob", "topic", "post", "ops", "after %d" % i)
    verdict(tail.has("after 4", 40), "a tail comes back when the broker does (%s)" % tail.notes[-3:])
    texts = [json.loads(line)["message"] for line in tail.lines if line.startswith("{")]
    numbered = [t for t in texts if t and (t.startswith("before") or t.startswith("after"))]
    verdict(numbered == ["before %d" % i for i in range(5)] + ["after %d" % i for i in range(5)],
            "  without a gap or a repeat (%s)" % numbered)


def test():
    server = start_broker()
    make_mesh(server.url, NAMES)
    for who in NAMES:
        run(who, "daemon", "up")
        is_open(who)
    run("bob", "topic", "create", "ops")
    run("alice", "topic", "join", "ops")
    run("carol", "topic", "join", "ops")
    tail, plain = Tail("bob", "ops", "--json"), Tail("bob", "ops")
    the_agent_answers(tail, plain, "http://" + server.url.split("//")[1].split("/")[0])
    who_leaves_reads_no_more()
    several_post_on_a_stale_epoch()
    the_broker_is_killed(server, tail)
    verdict(tail.end() == 0 and plain.end() == 0, "Ctrl-C ends a tail with 0")


play(test, NAMES)
