#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The honest load: a server that logs each request that it answers, and clients that ask a fixed number of times.

  honest.py serve LOG                answers on port 80 until it is ended
  honest.py ask SECONDS [INTERVAL]   asks on kept and on short connections, and prints how many were answered, by site

Kinds of clients, each a site of its own: `keep` asks on kept connections, `slow` waits a while for each answer,
`split` sends heads in two segments with a pause between them, `short` has a connection for each request.
"""

import collections
import socket
import sys
import threading
import time

SERVER = ("10.79.0.2", 80)
# Clients of a kind, and seconds between two requests of one.
KINDS = {"keep": (6, 0.04), "slow": (3, 0.3), "split": (3, 0.2), "short": (2, 0.1)}
# Seconds that the server waits with an answer to `slow`, and a client between the pieces of a head.
WAIT, PAUSE = 0.2, 0.08
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n"
# Both pieces of a head are longer than what a filter would take for somebody who types.
COOKIE = b"Cookie: a=" + b"c" * 1_000


def converse(connection, log, lock):
    """Answers all requests of a connection."""
    data = b""
    with connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            while b"\r\n\r\n" not in data:
                received = connection.recv(65_536)
                if not received:
                    return
                data += received
            head, _, data = data.partition(b"\r\n\r\n")
            site = head.split(b"Host: ")[1].split(b"\r\n")[0].decode()
            if site.startswith("slow"):
                time.sleep(WAIT)
            with lock:
                log.write(site + "\n")
                log.flush()
            try:
                connection.sendall(ANSWER)
            except OSError:
                return


def serve(path):
    lock = threading.Lock()
    with open(path, "w") as log, socket.create_server(SERVER, backlog=128) as listener:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=converse, args=(connection, log, lock), daemon=True).start()


def request(kind, number):
    """The pieces of a request."""
    line = f"GET /{kind}/{number} HTTP/1.1\r\nHost: {kind}.example\r\n".encode()
    if kind == "split":
        return [line + COOKIE, b"c" * 600 + b"\r\n\r\n"]
    return [line + b"\r\n"]


def connect():
    connection = socket.create_connection(SERVER, timeout=20)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def ask(connection, kind, number):
    """Asks and waits for the answer; whether it came."""
    for index, piece in enumerate(request(kind, number)):
        if index:
            time.sleep(PAUSE)
        connection.sendall(piece)
    received = b""
    while len(received) < len(ANSWER):
        part = connection.recv(4_096)
        if not part:
            return False
        received += part
    return received == ANSWER


def client(kind, seconds, answered):
    """One client: as many requests as fit in the time."""
    pause = KINDS[kind][1]
    connection = None
    for number in range(max(1, round(seconds / pause))):
        began = time.monotonic()
        if connection is None:
            connection = connect()
        answered[kind] += ask(connection, kind, number)
        if kind == "short":
            connection.close()
            connection = None
        time.sleep(max(0.0, began + pause - time.monotonic()))
    if connection:
        connection.close()


def load(seconds):
    """All clients, from one thread each."""
    counts = [collections.Counter() for _ in range(sum(number for number, _ in KINDS.values()))]
    kinds = [kind for kind, (number, _) in KINDS.items() for _ in range(number)]
    threads = [threading.Thread(target=client, args=(kind, seconds, count)) for kind, count in zip(kinds, counts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for kind, answered in sorted(sum(counts, collections.Counter()).items()):
        print(f"{kind}.example {answered}")


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2])
    else:
        load(float(sys.argv[2]))
