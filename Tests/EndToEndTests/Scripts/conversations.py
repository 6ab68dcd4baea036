# SPDX-License-Identifier: Apache-2.0
"""Random conversations over loopback, both ends in one process, and what they were as JSON: conversations.py SEED WRITING

WRITING says how a message is written: `whole`, `lines` (each line of its head by itself) or `cut` (once, within its head).
Each side writes after the other one has read all, so what was asked and answered is certain.
"""

import collections
import json
import random
import socket
import struct
import sys
import threading
import time

METHODS = ["GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "PATCH", "NOTIFY", "M-SEARCH", "PROPFIND", "QUERY", "PURGE"]
BODIES = [0, 1, 50, 1_000, 3_000, 100_000]
INSIDE = b"GET /inside HTTP/1.1\r\nHost: inside.example\r\n\r\n", b"HTTP/1.1 200 Inside\r\nContent-Length: 0\r\n\r\n"


class Conversation:
    """One connection, and what it was."""

    def __init__(self, number, kind, seed, writing, listener):
        self.random, self.writing, self.kind = random.Random(seed), writing, kind
        self.site = f"{kind.__name__.replace('_', '-')}-{number}.example"
        self.counts, self.statuses = collections.Counter(), collections.Counter()
        self.client = socket.create_connection(listener.getsockname())
        self.server = listener.accept()[0]
        for end in (self.client, self.server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            end.settimeout(20)

    def parts(self, data):
        """A message as it is written."""
        end = data.find(b"\r\n\r\n") + 2
        if self.writing == "whole" or end < 2:
            return [data]
        if self.writing == "cut":
            # Not before an empty line: after it, bytes of the body would begin a segment like a head.
            cut = self.random.randint(1, end - 3)
            return [data[:cut], data[cut:]]
        lines = data[:end].split(b"\r\n")[:-1]
        return [line + b"\r\n" for line in lines] + [data[end:]]

    def move(self, source, target, data):
        def read():
            left = len(data)
            while left and (more := target.recv(min(left, 1 << 20))):
                left -= len(more)

        reader = threading.Thread(target=read)
        reader.start()
        for part in self.parts(data):
            source.sendall(part)
            time.sleep(0.0005)
        reader.join()

    def body(self, size, decoy):
        """Bytes of a body, some of which look like a head."""
        text = bytes(self.random.choices(b"abc /.\r\nHTGEP1", k=200)) * (size // 200 + 1)
        return (decoy + text if size > 200 and self.random.random() < 0.3 else text)[:size]

    def framed(self, size, decoy):
        """The field that says how long a body is, and the body."""
        body = self.body(size, decoy)
        if self.random.random() < 0.6:
            return b"Content-Length: %d\r\n" % size, body
        pieces = [body[at : at + 1_700] for at in range(0, size, 1_700)]
        return b"Transfer-Encoding: chunked\r\n", b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in pieces) + b"0\r\n\r\n"

    def request(self, method=None, fields=b""):
        method, field, body = method or self.random.choice(METHODS), b"", b""
        if method in ("POST", "PUT", "PATCH"):
            field, body = self.framed(self.random.choice(BODIES), b"GET /decoy HTTP/1.1\r\n\r\n")
        target = "/" + "".join(self.random.choices("abc/;?=%", k=self.random.choice([1, 30, 200])))
        if self.random.random() < 0.2:
            fields += b"Cookie: " + b"c" * self.random.choice([10, 500]) + b"\r\n"
        self.counts["requests"] += 1
        return method, f"{method} {target} HTTP/1.1\r\nHost: {self.site}\r\n".encode() + fields + field + b"\r\n" + body

    def response(self, method):
        status = self.random.choice([200, 200, 204, 301, 304, 404, 500])
        head, body = b"HTTP/1.1 %d Some words\r\n" % status, b""
        if self.random.random() < 0.2:
            head += b"Set-Cookie: " + b"s" * self.random.choice([10, 600, 1_500]) + b"\r\n"
        if method != "HEAD" and status not in (204, 304):
            field, body = self.framed(self.random.choice(BODIES), b"HTTP/1.1 500 Decoy\r\n\r\n")
            head += field
        self.note(status)
        return head + b"\r\n" + body

    def note(self, status):
        self.counts["exchanges"] += 1
        self.statuses[str(status)] += 1

    def ask(self, method=None, fields=b""):
        method, request = self.request(method, fields)
        self.move(self.client, self.server, request)
        return method

    def answer(self, method):
        self.move(self.server, self.client, self.response(method))

    def exchange(self, most=4):
        for _ in range(self.random.randint(0, most)):
            self.answer(self.ask())

    def end(self, *ends, resets=False):
        for end in ends:
            if resets:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            end.close()
            time.sleep(0.002)


def plain(talk):
    talk.exchange(6)
    talk.end(*talk.random.choice([(talk.client, talk.server), (talk.server, talk.client)]), resets=talk.random.random() < 0.2)


def aborted(talk):
    """One side closes or resets before the answer."""
    talk.exchange()
    talk.ask()
    talk.counts["aborted"] += 1
    if talk.random.random() < 0.5:
        talk.end(talk.server, talk.client, resets=talk.random.random() < 0.5)
    else:
        talk.end(talk.client, talk.server, resets=True)


def half_closed(talk):
    """The client closes its side and waits, in half of the cases for nothing."""
    talk.exchange()
    method = talk.ask()
    talk.client.shutdown(socket.SHUT_WR)
    time.sleep(talk.random.choice([0, 0.005, 0.12]))
    if talk.random.random() < 0.5:
        talk.answer(method)
    else:
        talk.counts["aborted"] += 1
    talk.end(talk.server, talk.client)


def tunnel(talk):
    """What looks like HTTP after a switch of protocols is none."""
    if talk.random.random() < 0.5:
        talk.exchange()
        talk.ask("GET", b"Connection: Upgrade\r\nUpgrade: websocket\r\n")
        talk.move(talk.server, talk.client, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n")
        talk.note(101)
    else:
        talk.counts["requests"] += 1
        talk.move(talk.client, talk.server, f"CONNECT {talk.site}:443 HTTP/1.1\r\nHost: {talk.site}:443\r\n\r\n".encode())
        talk.move(talk.server, talk.client, b"HTTP/1.1 200 Established\r\n\r\n")
        talk.note(200)
    for _ in range(3):
        talk.move(talk.client, talk.server, INSIDE[0])
        talk.move(talk.server, talk.client, INSIDE[1])
    talk.end(talk.client, talk.server)


def pipelined(talk):
    """Requests in one write, answered one by one or in one write."""
    asked = [talk.request("GET") for _ in range(talk.random.randint(2, 12))]
    talk.move(talk.client, talk.server, b"".join(request for _, request in asked))
    answers = [talk.response(method) for method, _ in asked]
    for answer in answers if talk.random.random() < 0.5 else [b"".join(answers)]:
        talk.move(talk.server, talk.client, answer)
    talk.end(talk.client, talk.server)


def main():
    seed, writing = int(sys.argv[1]), sys.argv[2]
    # Few that the filter must mark: two of these in one slot of its table are a limit of it.
    kinds = [plain] * 60 + [aborted] * 20 + [half_closed] * 20 + [tunnel] * 20 + [pipelined] * (8 if writing == "whole" else 0)
    total, statuses, sites = collections.Counter(), collections.Counter(), {}
    with socket.create_server(("127.0.0.1", 80)) as listener:
        for number, kind in enumerate(kinds):
            talk = Conversation(number, kind, seed * 1_000 + number, writing, listener)
            kind(talk)
            total.update(talk.counts)
            statuses.update(talk.statuses)
            sites[talk.site] = talk.counts["requests"]
    print(json.dumps({**total, "statuses": statuses, "sites": {site: count for site, count in sites.items() if count}}))


main()
