# SPDX-License-Identifier: Apache-2.0
"""The attacks: what each sends, and the counter of the limit that it meets."""

import itertools
import random
import time

from wire import (
    ACK,
    CLIENT,
    FIN,
    PARTIAL,
    PSH,
    RIGHT,
    RST,
    SERVER,
    SERVER_PORT,
    SYN,
    WRONG,
    Talker,
    address,
    frame4,
    frame6,
    stranger,
)

ATTACKS = []


class Attack:
    """One attack: its frames come from a function of the honest connections' numbers.

    counters   one of them must move
    least      frames without which the limit is not reached
    hits       honest answers of which a guess may by chance be right
    is_sample  one of those that every test run plays
    is_early   it begins before the honest load, of which nothing is known then
    is_wire    its link is as a cable: what the honest hosts send on it has whole checksums
    """

    def __init__(self, name, counters, frames, least=0, hits=0, is_sample=False, is_early=False, is_wire=False):
        self.name, self.counters, self.frames = name, counters, frames
        self.least, self.hits, self.is_sample, self.is_early, self.is_wire = least, hits, is_sample, is_early, is_wire


def attack(name, *counters, **rest):
    """Adds the function below it."""

    def add(frames):
        ATTACKS.append(Attack(name, counters, frames, **rest))
        return frames

    return add


# More connections than the program's table has.
FLOWS = 45_000


def strangers():
    """Connections of strangers, one after the other: source, ports."""
    for number in itertools.count():
        source, port = stranger(number)
        yield source, (port, SERVER_PORT)


# MARK: tables


@attack("requests that go back in the stream", "capture.evictedRequests", is_sample=True)
def late_requests(_):
    body = b"GET / HTTP/1.1\r\n\r\n" * 77
    source, port = stranger(1)
    for number in itertools.count():
        yield frame4(source, address(SERVER), (port, SERVER_PORT), 4_000_000_000 - number * len(body), 1, body)


@attack("requests that nobody answers", "capture.evictedRequests", least=2_000)
def pipelined_requests(_):
    body = b"GET / HTTP/1.1\r\n\r\n" * 77
    talkers = [Talker(number) for number in range(64)]
    while True:
        for talker in talkers:
            yield from talker.send(body)


@attack("addresses that cancel a public constant", "capture.evictedFlows", least=FLOWS, is_sample=True)
def colliding(_):
    target = address("fd00::8ebc:6af0:9c88:c6e3")
    prefix = address("2001:db8::")[:8]
    for number in itertools.count(1):
        yield frame6(prefix + number.to_bytes(8, "big"), target, (1234, SERVER_PORT), 1_000, 1, b"GET /x")


@attack("connections that ask once", "capture.evictedFlows", least=FLOWS, is_sample=True)
def new_connections(_):
    target, body = address(SERVER), b"GET / HTTP/1.1\r\n\r\n"
    for source, ports in strangers():
        yield frame4(source, target, ports, 1_000, 5_000, body)


@attack("heads that do not end, one a connection", "capture.truncated", least=10_000, is_sample=True)
def unfinished_heads(_):
    target, body = address(SERVER), b"GET /x HTTP/1.1\r\nX"
    for source, ports in strangers():
        yield frame4(source, target, ports, 1_000, 5_000, body)


@attack("heads that grow and do not end", "capture.truncated")
def long_heads(_):
    begin = b"GET /big HTTP/1.1\r\nHost: a\r\nCookie: ".ljust(1_400, b"c")
    for round_ in itertools.count():
        talkers = [Talker(round_ * 400 + number) for number in range(400)]
        for part in range(40):
            for talker in talkers:
                yield from talker.send(begin if part == 0 else b"c" * 1_400)


@attack("beginnings of heads for the filter", "capture.evictedHeads", least=20_000, is_sample=True)
def sprayed_heads(_):
    target, body = address(SERVER), b"GET /x"
    for source, ports in strangers():
        yield frame4(source, target, ports, 1_000, 5_000, body)


@attack("segments after gaps", "capture.skippedBytes", least=4_000)
def gaps(_):
    # Whole connections alone have gaps: two requests in one segment ask for that.
    first = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 2
    for round_ in itertools.count():
        for number in range(20):
            talker = Talker(round_ * 20 + number)
            yield from talker.open()
            yield from talker.send(first)
            for _ in range(50):
                talker.sequence += 2_000
                yield from talker.send(b"z" * 1_400)


# MARK: forged segments of the honest connections


def honest(numbers):
    """The honest connections again and again: the client's port, and the next number of either side."""
    while numbers.running:
        for port in list(numbers.next):
            found = numbers.next.get(port)
            if found:
                yield port, found[0], found[1]
        if not numbers.next:
            time.sleep(0.001)


def guess():
    return random.getrandbits(32)


def from_client(port, sequence, acknowledgement, payload=b"", flags=PSH | ACK, sum_=RIGHT):
    return frame4(address(CLIENT), address(SERVER), (port, SERVER_PORT), sequence, acknowledgement, payload, flags, sum_)


def from_server(port, sequence, acknowledgement, payload=b"", flags=PSH | ACK, sum_=RIGHT, wrong=0):
    return frame4(address(SERVER), address(CLIENT), (SERVER_PORT, port), sequence, acknowledgement, payload, flags, sum_, wrong)


# What has the right numbers is dropped by its receiver, for its checksum or its flags: what is not, nobody can tell from its
# peer's, the hosts neither.


@attack("forged SYN, and its answer, numbers guessed", "capture.otherSegments", hits=1)
def forged_syn(numbers):
    for port, _, _ in honest(numbers):
        yield from_client(port, guess(), 0, b"", SYN)
        yield from_server(port, guess(), guess(), b"", SYN | ACK)


@attack("forged SYN, and its answer, right numbers", "capture.doubtful", is_sample=True)
def exact_syn(numbers):
    for port, client, _ in honest(numbers):
        yield from_client(port, guess(), 0, b"", SYN, WRONG)
        yield from_client(port, client, 0, b"", SYN, WRONG)
        yield from_server(port, guess(), client, b"", SYN | ACK, WRONG)
        yield from_server(port, guess(), client + 1, b"", SYN | ACK, WRONG)


@attack("forged SYN with data at its number", "capture.otherSegments")
def forged_restart(numbers):
    for port, _, _ in honest(numbers):
        start = guess()
        yield from_client(port, start - 1, 0, b"", SYN)
        yield from_client(port, start, guess(), b"x" * 10)


@attack("forged FIN, numbers guessed", "capture.otherSegments", hits=1, is_sample=True)
def forged_fin(numbers):
    for port, _, _ in honest(numbers):
        yield from_server(port, guess(), guess(), b"", FIN | ACK)
        yield from_client(port, guess(), guess(), b"", FIN | ACK)


@attack("forged RST, numbers guessed", "capture.otherSegments", hits=1, is_sample=True)
def forged_rst(numbers):
    for port, _, _ in honest(numbers):
        yield from_server(port, guess(), 0, b"", RST)
        yield from_client(port, guess(), 0, b"", RST)


@attack("forged RST, right numbers", "capture.doubtful", is_sample=True)
def exact_rst(numbers):
    for port, client, server in honest(numbers):
        yield from_server(port, server, 0, b"", RST, WRONG)
        yield from_client(port, client, 0, b"", RST, WRONG)


@attack("forged FIN, right numbers", "capture.doubtful")
def exact_fin(numbers):
    for port, client, server in honest(numbers):
        yield from_server(port, server, client, b"", FIN | ACK, WRONG)


@attack("forged answers, numbers guessed", "unmatchedResponses", is_sample=True)
def forged_acknowledgement(numbers):
    answer = b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
    for port, _, _ in honest(numbers):
        yield from_client(port, guess(), guess(), b"", ACK)
        yield from_server(port, guess(), guess(), answer)


@attack("forged preface of HTTP/2, numbers guessed", "capture.unparseable", is_sample=True)
def forged_preface(numbers):
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    for port, client, server in honest(numbers):
        # Near enough to be taken.
        yield from_client(port, client + 1, server, preface, sum_=WRONG)
        yield from_client(port, guess(), server, preface)


@attack("forged preface, right numbers", "capture.doubtful")
def exact_preface(numbers):
    for port, client, server in honest(numbers):
        yield from_client(port, client, server, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", sum_=WRONG)


@attack("forged preface before the first requests", "capture.doubtful", is_sample=True, is_early=True)
def early_preface(numbers):
    yield from exact_preface(numbers)


@attack("forged requests, numbers guessed", "requests", is_sample=True)
def forged_requests(numbers):
    for port, _, _ in honest(numbers):
        yield from_client(port, guess(), guess(), b"GET /forged HTTP/1.1\r\nHost: forged.example\r\n\r\n")


@attack("forged request with a body of 4 GB, right numbers", "capture.doubtful", is_sample=True)
def exact_body(numbers):
    head = b"POST / HTTP/1.1\r\nContent-Length: 4000000000\r\n\r\n"
    for port, client, server in honest(numbers):
        yield from_client(port, client, server, head, sum_=WRONG)


def exact_answers(numbers, **rest):
    answer = b"HTTP/1.1 500 No\r\nContent-Length: 4000000000\r\n\r\n"
    for port, client, server in honest(numbers):
        yield from_server(port, server, client, answer, **rest)


@attack("forged answer, right numbers", "capture.doubtful")
def exact_answer(numbers):
    yield from exact_answers(numbers, sum_=WRONG)


@attack("forged answer before the first requests", "capture.doubtful", is_sample=True, is_early=True)
def early_answer(numbers):
    yield from exact_answers(numbers, sum_=WRONG)


@attack("forged FIN and RST before the first requests", "capture.doubtful", is_early=True)
def early_end(numbers):
    for port, client, server in honest(numbers):
        yield from_server(port, server, client, b"", FIN | ACK, WRONG)
        yield from_server(port, server, client, b"", RST, WRONG)
        yield from_client(port, client, server, b"", RST, WRONG)


@attack("forged answer, checksum left to a card", "capture.doubtful", is_sample=True, is_early=True, is_wire=True)
def partial_answer(numbers):
    yield from exact_answers(numbers, sum_=PARTIAL)


@attack("forged request, checksum left to a card", "capture.doubtful", is_early=True, is_wire=True)
def partial_request(numbers):
    head = b"POST / HTTP/1.1\r\nContent-Length: 4000000000\r\n\r\n"
    for port, client, server in honest(numbers):
        yield from_client(port, client, server, head, sum_=PARTIAL)


@attack("forged answer without ACK, right numbers and checksum", "capture.doubtful", is_sample=True, is_early=True)
def deaf_answer(numbers):
    yield from exact_answers(numbers, flags=PSH)


@attack("forged answer, IP's checksum wrong", "capture.doubtful", is_early=True)
def lost_answer(numbers):
    yield from exact_answers(numbers, wrong=0xBAD)


import attacks_http2  # noqa: E402, F401
import attacks_packets  # noqa: E402, F401
