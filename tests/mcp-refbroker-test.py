#!/usr/bin/env -S python3 -B
"""mcp-refbroker-test.py CLAUDEMESH REFBROKER - an agent session at a broker with the reference's
flaws (refbroker/fake.h): what is sent to it comes through, once, and nothing keeps its MCP server
from answering. TAP on stdout."""
import json
import os
import subprocess
import sys
import urllib.request

import people
from people import Server, ask, call, environment, once, play, run, state, texts, until, verdict, work

people.claudemesh, refbroker = (os.path.realpath(path) for path in sys.argv[1:3])
CODE = "ABCDEFGH"


def flaw(**flaws):
    """The only ones from now on."""
    urllib.request.urlopen(urllib.request.Request(url + "/fake", json.dumps(flaws).encode()), timeout=people.SECONDS).read()


def notification(s, text):
    """The one with this text, or what there is instead."""
    return s.read(lambda m: m.get("method") == "notifications/claude/channel" and text in m["params"]["content"]) or {}


def hears(s):
    run("bob", "send", "alice", "plain words")
    meta = notification(s, "plain words").get("params", {}).get("meta", {})
    # The reference's pushes do not name the sender.
    verdict(meta.get("from_id", "none").startswith(meta.get("from_name")), "the agent hears a message, and from which key")
    verdict(all(isinstance(value, str) for value in meta.values()), "  all attributes are strings")
    run("alice", "send", meta.get("from_id", ""), "an answer to from_id")
    once("bob", "an answer to from_id", "  its answer arrives once")


def hears_once(s):
    for name, flaws in (("pushed twice", dict(twice=True)), ("pushed again and again", dict(again_ms=30)),
                        ("pushed before the hello is acknowledged", dict(push_first=True, lease_ms=1)),
                        ("between answers to others", dict(stray_acks=True, stray_errors=True)),
                        ("accepted, and the connection breaks", dict(cut_on_send=True))):
        flaw(**flaws)
        call("bob", "send", "alice", name)
        if "cut_on_send" in flaws:
            flaw()
        verdict(s.is_told(name), "%s: the agent hears it" % name)
        flaw()
        until(lambda: state("alice", "team") == state("bob", "team") == "open")
        run("bob", "send", "alice", "after it was " + name)
        verdict(s.is_told("after it was " + name), "  and what comes after it")
        verdict(len([told for told in s.told if told.endswith(": " + name)]) == 1, "  each once")


def answers(s):
    for name, flaws in (("a broker that knows no skills", {}), ("answers that do not say to what", dict(no_req_id=True))):
        flaw(**flaws)
        verdict(s.ask(name, "prompts/list").get("result", {}).get("prompts") == [], "%s: no prompts" % name)
        verdict("error" in s.ask(name + "?", "prompts/get", name="none"), "  and none to get")
    flaw()


def thrown_out(s):
    flaw(close_code=4001, close_reason="kicked", close_late=True)
    call("alice", "daemon", "down")
    call("alice", "daemon", "up")   # unless the MCP server was quicker
    verdict(until(lambda: state("alice", "team") == "closed"), "thrown out: the connection is closed for good")
    verdict(s.ask("out", "ping").get("result") == {}, "  the MCP server still answers")
    verdict("Kicked from this mesh" in call("alice", "daemon", "status").stdout, "  and the status says why")
    flaw()
    new = Server(os.path.join(work, "alice"))
    verdict(new.greet() == "2025-06-18", "  a new one is ready, too")
    verdict(new.end() == 0 and s.end() == 0, "both end with their input")


def test():
    global url
    fake = subprocess.Popen([refbroker], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    people.brokers.append(fake)
    url = "http://127.0.0.1:" + fake.stdout.readline().strip()
    for who in ("alice", "bob"):
        os.makedirs(os.path.join(work, who), mode=0o700)
        run(who, "join", url + "/i/" + CODE, "--name", who, env=environment(who, CLAUDEMESH_NO_DAEMON="1"))
    s = Server(os.path.join(work, "alice"))
    verdict(s.greet() == "2025-06-18", "an MCP server, and with it a daemon")
    until(lambda: state("alice", "team") == "open")
    run("bob", "daemon", "up")
    until(lambda: state("bob", "team") == "open")
    hears(s)
    hears_once(s)
    answers(s)
    thrown_out(s)


play(test)
