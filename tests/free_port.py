#!/usr/bin/env -S python3 -B
"""free_port.py - prints a port on which nobody listens, of those that the kernel gives to no connection: one of
its own choice could be somebody else's connection by the time it is used."""
import random
import socket

FIRST, LAST = 12000, 32000      # below net.ipv4.ip_local_port_range


def free_port():
    while True:
        port = random.randint(FIRST, LAST)
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue


if __name__ == "__main__":
    print(free_port())
