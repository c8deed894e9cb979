#!/usr/bin/env -S python3 -B
"""daemon-nonsense-test.py CLAUDEMESH BROKER - a broker that answers nonsense, of many kinds: the
daemon and an agent's MCP server live on, say what is wrong, and when the broker is itself again,
what was sent meanwhile arrives once. TAP on stdout."""
import base64
import hashlib
import json
import os
import re
import struct
import sys

import people
from people import Proxy, Server, ask, call, daemon_pid, is_open, make_mesh, move_to, once, play, start_broker, until, verdict
from people import work

people.claudemesh, people.broker = (os.path.realpath(path) for path in sys.argv[1:3])
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CHALLENGE = base64.urlsafe_b64encode(bytes(32)).rstrip(b"=")
MIB = 1 << 20


def request(s):
    head = b""
    while b"\r\n\r\n" not in head:
        part = s.recv(4096)
        if not part:
            return head
        head += part
    return head


def says(data):
    """An answer to whatever is asked."""
    def behave(s):
        request(s)
        s.sendall(data)
    return behave


def upgraded(*frames, challenge=True):
    """A good WebSocket up to there; each frame is bytes as they go out, or JSON."""
    def behave(s):
        key = re.search(rb"Sec-WebSocket-Key: *(\S+)", request(s), re.I)
        if not key:
            return
        accept = base64.b64encode(hashlib.sha1(key[1] + GUID).digest())
        s.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
                  (b"Claudemesh-Challenge: " + CHALLENGE + b"\r\n" if challenge else b"") +
                  b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        s.recv(1 << 16)   # the hello
        for f in frames:
            s.sendall(f if isinstance(f, bytes) else frame(json.dumps(f).encode()))
        while s.recv(1 << 16):
            pass
    return behave


def frame(data, opcode=1):
    size = bytes([len(data)]) if len(data) < 126 else b"\x7e" + struct.pack(">H", len(data)) if len(data) < 1 << 16 \
        else b"\x7f" + struct.pack(">Q", len(data))
    return bytes([0x80 | opcode]) + size + data


ACK = dict(type="hello_ack", presenceId="p", memberDisplayName="alice", memberProfile=dict(roleTag=None, groups=[], messageMode="push"))
PUSH = dict(type="push", messageId="m", meshId="m", senderPubkey="ab" * 32, priority="next", nonce="AAAA", ciphertext="AAAA", createdAt="now")

CONNECTED = object()   # the daemon may think so
# What, how it behaves, what the daemon says of it (None: nothing before the time is over).
KINDS = (
    ("it hangs up", lambda s: None, "connection reset"),
    ("it never says a word", lambda s: s.recv(1 << 16) and s.recv(1 << 16), None),
    ("bytes that are no HTTP", says(bytes(range(256)) * 64), "control byte in the head"),
    ("a head without an end", says(b"HTTP/1.1 101 " + b"x" * MIB), "too long"),
    ("a web page", says(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 14\r\n\r\n<h1>hello</h1>"),
     "answers 200 to a WebSocket: is it a claudemesh broker?"),
    ("a redirect", says(b"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"), "answers 301"),
    ("an upgrade for another key", says(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                        b"Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n"), "answers 101"),
    ("no challenge any more", upgraded(ACK, challenge=False), "somebody may be in between"),
    ("frames that are none", upgraded(b"\xff" * 4096), "(1002)"),
    ("a frame of 2^63 bytes", upgraded(b"\x81\x7f\x7f" + b"\xff" * 7), "ended (10"),
    ("17 MB of text", upgraded(b"\x81\x7f" + struct.pack(">Q", 17 * MIB) + b"x" * (17 * MIB)), "(1009)"),
    ("text that is not UTF-8", upgraded(frame(b"\xc3\x28")), "(1007)"),
    ("no JSON", upgraded(frame(b"{\"type\":")), None),
    ("JSON that is no object", upgraded(42, [], "hello", None), None),
    ("JSON nested without end", upgraded(frame(b"[" * 100000)), None),
    ("objects without a type", upgraded({}, dict(type=7), dict(type=None)), None),
    ("an acknowledgement without its fields", upgraded(dict(type="hello_ack")), CONNECTED),
    ("an acknowledgement of other types", upgraded(dict(type="hello_ack", presenceId=[], memberProfile=7, features="all")), CONNECTED),
    ("pushes without sense", upgraded(ACK, dict(PUSH, nonce=7), dict(PUSH, senderPubkey="x"), dict(type="push"), PUSH,
                                      dict(PUSH, messageId=""), dict(PUSH, ciphertext="\u0000")), CONNECTED),
    ("answers that nobody asked for", upgraded(ACK, *[dict(type=t, _reqId="r", id="i", messageId="m", queued=True) for t in (
        "ack", "peers_list", "error", "members", "skill_list", "message_state", "push", "hello_ack")]), CONNECTED),
)


def status():
    return call("alice", "daemon", "status").stdout


def play_kind(proxy, mcp, what, behave, words):
    """The broker is replaced by that one, and is itself again."""
    proxy.behave = behave
    before = proxy.made
    proxy.cut()
    until(lambda: proxy.made > before)
    if words not in (None, CONNECTED):
        until(lambda: words in status())
    said = next((line.strip() for line in status().splitlines() if " demo " in line), "nothing")
    verdict(" open" in said or words is CONNECTED or (words or "reconnecting") in said, "%s: the daemon lives and says: %s" % (what, said))
    text = "through " + what
    sent = call("alice", "send", "bob", text)
    verdict(sent.returncode == 0 and "queued" in sent.stdout, "  what is sent is queued")
    verdict(mcp.ask(what, "ping").get("result") == {}, "  the MCP server answers")
    proxy.behave = None
    proxy.cut()
    once("bob", text, "  and with the broker it arrives once")


def test():
    server = start_broker()
    port = int(server.url.rsplit(":", 1)[1])
    proxy = Proxy(port)
    make_mesh(server.url)
    move_to("alice", port, proxy.listener.getsockname()[1])
    call("alice", "daemon", "up")
    verdict(is_open("alice"), "a daemon, while the broker is one")
    ask("alice", "peers")   # whom there is, is known from now on
    pid = daemon_pid("alice")
    mcp = Server(os.path.join(work, "alice"))
    mcp.greet()
    for kind in KINDS:
        play_kind(proxy, mcp, *kind)
    verdict("result" in mcp.ask("?", "prompts/list"), "the MCP server can list its skills")
    # One of the pushes has all that a message needs, but nobody can open it.
    verdict(all("(decrypt failed" in told for told in mcp.told) and len(mcp.told) <= 1, "no nonsense came to the agent")
    call("bob", "send", "alice", "back to sense")
    verdict(mcp.is_told("back to sense"), "the agent hears what is sent")
    verdict(daemon_pid("alice") == pid, "by the same daemon")
    verdict(mcp.end() == 0, "and the MCP server ends with its input")


play(test)
