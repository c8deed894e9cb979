"""crowd.py PORT KIND COUNT ADDRESS... - many sockets to a broker that never say who they are.

COUNT from each address. KIND silent: they send nothing; half: the beginning of a request; ws:
a WebSocket without a hello. Prints "HELD ENDED" when the broker has ended REFUSED of them and
whenever that changes, until standard input ends. For tests/bad-sockets-test.sh.
"""
import os
import select
import socket
import sys

SENDS = {
    "silent": b"",
    "half": b"GET /health HTTP/1.1\r\nHost: 127.",
    "ws": b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
}


def connect(port, address, kind):
    s = socket.socket()
    s.bind((address, 0))
    s.connect(("127.0.0.1", port))
    s.setblocking(False)
    text = SENDS[kind]
    try:
        s.send(text % port if b"%d" in text else text)
    except OSError:
        pass  # refused meanwhile; recv() tells
    return s


def has_ended(s):
    try:
        data = s.recv(65536)
    except BlockingIOError:
        return False
    except OSError:
        return True
    # A close frame of the broker's is an end, too: it says so and waits for the answer.
    return not data or b"\x88" in data


def main():
    port, kind, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    held, ended = {}, 0
    poll = select.poll()
    poll.register(0, select.POLLIN | select.POLLHUP)
    for address in sys.argv[4:]:
        for _ in range(count):
            s = connect(port, address, kind)
            held[s.fileno()] = s
            poll.register(s, select.POLLIN)
    while True:
        print(len(held), ended, flush=True)
        for fd, _ in poll.poll():
            if fd == 0:
                if not os.read(0, 1):
                    return
            elif has_ended(held[fd]):
                poll.unregister(fd)
                held.pop(fd).close()
                ended += 1


main()
