# SPDX-License-Identifier: Apache-2.0
"""Sends batches of requests, each in one write, and waits for the answers: batches.py ADDRESS"""

import socket
import sys


def request(size):
    """A request of `size` bytes."""
    start = b"GET /echo HTTP/1.1\r\nHost: batch.example\r\nX: "
    return start + b"x" * (size - len(start) - 4) + b"\r\n\r\n"


def ask(connection, batch, count):
    """Sends a batch and waits for the answers to its requests."""
    connection.sendall(batch)
    answers = b""
    while answers.count(b"HTTP/1.1 200") < count or not answers.endswith(b"ok"):
        more = connection.recv(65536)
        if not more:
            raise SystemExit("the server ends the connection")
        answers += more


def main():
    with socket.create_connection((sys.argv[1], 80), 20) as connection:
        ask(connection, 100 * request(64), 100)
    with socket.create_connection((sys.argv[1], 80), 20) as connection:
        for size in (90, 120, 100):
            ask(connection, request(size), 1)
        ask(connection, request(90) + request(100), 2)


main()
