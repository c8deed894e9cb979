"""peer.py - members of a mesh as coroutines: a WebSocket client (RFC 6455, text frames only), hellos
signed by libsodium, and a ledger of what was acked and what arrived."""
import asyncio
import base64
import ctypes
import ctypes.util
import json
import os
import struct
import time

_sodium = ctypes.CDLL(ctypes.util.find_library("sodium"))
_sodium.sodium_init()
FRAME_MAX = 1 << 20
ANSWER_SECONDS = 20


def sign(secret_hex, text):
    signature = ctypes.create_string_buffer(64)
    data = text.encode()
    _sodium.crypto_sign_detached(signature, None, data, ctypes.c_ulonglong(len(data)), bytes.fromhex(secret_hex))
    return signature.raw.hex()


class Closed(Exception):
    def __init__(self, code, reason):
        super().__init__("%s %s" % (code, reason))
        self.code, self.reason = code, reason


class WebSocket:
    async def open(self, host, port):
        self.reader, self.writer = await asyncio.wait_for(asyncio.open_connection(host, port, limit=FRAME_MAX), ANSWER_SECONDS)
        key = base64.b64encode(os.urandom(16)).decode()
        self.writer.write(("GET /ws HTTP/1.1\r\nHost: %s:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                           "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n\r\n" % (host, port, key)).encode())
        head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), ANSWER_SECONDS)
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise Closed(0, head.split(b"\r\n")[0].decode())
        return self

    def _send(self, opcode, data):
        mask = os.urandom(4)
        n = len(data)
        head = bytes([0x80 | opcode]) + (bytes([0x80 | n]) if n < 126 else bytes([0x80 | 126]) + struct.pack(">H", n) if n < 65536
                                         else bytes([0x80 | 127]) + struct.pack(">Q", n))
        whole = (mask * (n // 4 + 1))[:n]
        masked = (int.from_bytes(data, "big") ^ int.from_bytes(whole, "big")).to_bytes(n, "big") if n else b""
        self.writer.write(head + mask + masked)

    def say(self, **message):
        self._send(1, json.dumps(message).encode())

    async def hear(self):
        """The next message; pings are answered."""
        while True:
            first, second = await self.reader.readexactly(2)
            n = second & 127
            if n > 125:
                n = struct.unpack(">H" if n == 126 else ">Q", await self.reader.readexactly(2 if n == 126 else 8))[0]
            data = await self.reader.readexactly(n)
            opcode = first & 15
            if opcode == 9:
                self._send(10, data)
            elif opcode == 8:
                raise Closed(struct.unpack(">H", data[:2])[0] if n > 1 else 1005, data[2:].decode())
            elif opcode == 1:
                return json.loads(data)

    def close(self, clean=True):
        if clean and not self.writer.is_closing():
            self._send(8, struct.pack(">H", 1000))
        self.writer.close()


class Ledger:
    """What the broker said it has, and what came."""
    def __init__(self):
        self.acked = {}          # client_message_id -> recipient
        self.due = set()         # of them, that have not come
        self.came = {}           # client_message_id -> broker's ids under which it came
        self.again = self.refused = self.never = 0
        self.ack_s = []

    def ack(self, id, to, seconds):
        self.acked[id] = to
        self.ack_s.append(seconds)
        if id not in self.came:
            self.due.add(id)

    def arrive(self, id, broker_id):
        ids = self.came.setdefault(id, set())
        self.again += broker_id in ids
        ids.add(broker_id)
        self.due.discard(id)

    def doubled(self):
        """Messages that are two for the broker."""
        return sum(len(ids) > 1 for ids in self.came.values())


class Member:
    def __init__(self, name, config, where, ledger):
        mesh = config["meshes"][0]
        self.name, self.where, self.ledger = name, where, ledger
        self.mesh_id, self.id, self.pubkey = mesh["meshId"], mesh["memberId"], mesh["pubkey"]
        self.secret = mesh["secretKey"]
        self.socket = None
        self.closed = (0, "")
        self.hellos = 0
        self.unacked = {}        # id -> (to, since)
        self.answers = {}        # _reqId -> future
        self.stay_away = False   # kicked: comes when told

    def hello(self):
        now = int(time.time() * 1000)
        self.hellos += 1
        return dict(type="hello", meshId=self.mesh_id, memberId=self.id, pubkey=self.pubkey, sessionId="soak-" + self.name, pid=1,
                    cwd="/", displayName=self.name, channel="sdk", capabilities=["client_ack"], timestamp=now,
                    signature=sign(self.secret, "%s|%s|%s|%d" % (self.mesh_id, self.id, self.pubkey, now)))

    async def connect(self):
        socket = await WebSocket().open(*self.where)
        socket.say(**self.hello())
        while True:
            m = await asyncio.wait_for(socket.hear(), ANSWER_SECONDS)
            if m["type"] == "hello_ack":
                self.socket = socket
                return
            if m["type"] == "error":
                raise Closed(0, m["code"])

    async def listen(self):
        """Until the connection ends; says why."""
        try:
            while True:
                self.take(await self.socket.hear())
        except Closed as e:
            self.closed = (e.code, e.reason)
        except (OSError, asyncio.IncompleteReadError):
            self.closed = (1006, "")
        finally:
            self.socket.close(clean=False)
            self.socket = None
            # Asked again when it is back: nobody knows what became of it.
            for future in self.answers.values():
                if not future.done():
                    future.set_result(None)
            self.answers.clear()

    def take(self, m):
        if m["type"] == "push" and m.get("client_message_id"):
            self.ledger.arrive(m["client_message_id"], m["messageId"])
            self.socket.say(type="client_ack", brokerMessageId=m["messageId"])
        elif m["type"] == "ack" and m.get("id") in self.answers:
            self.answers.pop(m["id"]).set_result(m)
        elif m["type"] == "ack" and m.get("id") in self.unacked:
            to, since, _ = self.unacked.pop(m["id"])
            if m.get("queued"):
                self.ledger.ack(m["id"], to, time.monotonic() - since)
            elif m.get("code") in ("full", "try_again", "rate_limit"):
                self.ledger.refused += 1
            else:
                self.ledger.never += 1
        elif m.get("_reqId") in self.answers:
            self.answers.pop(m["_reqId"]).set_result(m)

    def send(self, to, id, size):
        text = base64.b64encode(os.urandom(size)).decode()
        frame = dict(type="send", id=id, targetSpec=to, priority="next", nonce=base64.b64encode(os.urandom(24)).decode(),
                     ciphertext=text, client_message_id=id, request_fingerprint=os.urandom(32).hex())
        self.unacked[id] = (to, time.monotonic(), frame)
        self.socket.say(**frame)

    def send_again(self):
        """What had no answer when the connection ended: the same id, so that it is one message."""
        for _, _, frame in self.unacked.values():
            self.socket.say(**frame)

    async def ask(self, **message):
        """The answer, or None when the connection ended first."""
        if not self.socket:
            return None
        id = os.urandom(8).hex()
        self.answers[id] = asyncio.get_running_loop().create_future()
        self.socket.say(_reqId=id, **message)
        try:
            return await asyncio.wait_for(self.answers[id], ANSWER_SECONDS)
        except asyncio.TimeoutError:
            return dict(type="none")
