#!/usr/bin/env python3
"""tap.py BROKER-URL FILE: stands between clients and the broker, prints its own address, and
appends to FILE all that clients send, the frames of WebSockets unmasked."""
import socket, sys, threading

HOST, PORT = sys.argv[1].split("//")[1].rstrip("/").split(":")
LOG = open(sys.argv[2], "ab", buffering=0)


class Client:
    """What one client sends: HTTP, and frames from the moment on that a request asks for them."""

    def __init__(self):
        self.is_ws, self.rest = False, b""

    def take(self, data):
        self.rest += data
        if not self.is_ws:
            LOG.write(data)
            head, end, tail = self.rest.partition(b"\r\n\r\n")
            if end and b"upgrade: websocket" in head.lower():
                self.is_ws, self.rest = True, tail
        while self.is_ws and self.frame():
            pass

    def frame(self):
        b = self.rest
        if len(b) < 2:
            return False
        size, at = b[1] & 127, 2
        if size > 125:
            at = 4 if size == 126 else 10
            size = int.from_bytes(b[2:at], "big")
        if len(b) < at + 4 + size:
            return False
        mask, text = b[at:at + 4], b[at + 4:at + 4 + size]
        LOG.write(bytes(c ^ mask[i % 4] for i, c in enumerate(text)) + b"\n")
        self.rest = b[at + 4 + size:]
        return True


def pump(source, sink, take):
    try:
        while data := source.recv(65536):
            take(data)
            sink.sendall(data)
    except OSError:
        pass
    for s in (source, sink):
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


listener = socket.create_server(("127.0.0.1", 0))
print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
while True:
    client, _ = listener.accept()
    try:
        broker = socket.create_connection((HOST, int(PORT)))
    except OSError:        # it is not there yet
        client.close()
        continue
    threading.Thread(target=pump, args=(client, broker, Client().take), daemon=True).start()
    threading.Thread(target=pump, args=(broker, client, lambda data: None), daemon=True).start()
