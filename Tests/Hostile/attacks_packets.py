# SPDX-License-Identifier: Apache-2.0
"""Attacks by what is put together or looked into before HTTP: IP fragments, hellos of TLS, first datagrams of QUIC."""

import itertools
import random
import struct

import quic
from attacks import attack
from wire import ACK, PSH, SERVER, SERVER_PORT, TCP, TLS_PORT, address, datagram4, frame4, packet4, stranger, tcp

# Where the last fragment of the longest datagram begins.
FAR = 65_504
# More connections of TLS than wait for their text at a time.
WAITING = 9_000


def datagrams():
    """Strangers' datagrams, each with an identification of its own."""
    for number in itertools.count():
        source, port = stranger(number)
        yield number & 0xFFFF, source, port


# MARK: IP fragments


@attack("IP fragments: first ones alone", "capture.fragmentsRefused")
def first_fragments(_):
    target = address(SERVER)
    for identification, source, port in datagrams():
        segment = tcp(source + target, (port, SERVER_PORT), 1_000, 5_000, PSH | ACK, b"GET ", True)
        yield packet4(source, target, TCP, segment, identification, 0, True)


@attack("IP fragments: last ones alone", "capture.fragmentsRefused")
def last_fragments(_):
    for identification, source, _ in datagrams():
        yield packet4(source, address(SERVER), TCP, b"z" * 8, identification, FAR, False)


@attack("IP fragments: holes between all", "capture.fragmentsRefused", is_sample=True)
def scattered_fragments(_):
    for identification, source, _ in datagrams():
        for offset in range(FAR, 0, -16):
            yield packet4(source, address(SERVER), TCP, b"z" * 8, identification, offset, True)


@attack("IP fragments: overlapping", "capture.fragmentsRefused")
def overlapping_fragments(_):
    for identification, source, _ in datagrams():
        for _ in range(4_000):
            offset = random.randrange(8, FAR, 8)
            yield packet4(source, address(SERVER), TCP, b"z" * random.choice((8, 16, 24)), identification, offset, True)


# MARK: what is looked into on ports of TLS


def hello(name):
    """A ClientHello for a server of this name."""
    names = struct.pack("!BH", 0, len(name)) + name
    extension = struct.pack("!HHH", 0, len(names) + 2, len(names)) + names
    body = b"\x03\x03" + random.randbytes(32) + b"\0" + b"\0\x02\x13\x01" + b"\x01\0"
    body += struct.pack("!H", len(extension)) + extension
    return b"\x01" + len(body).to_bytes(3, "big") + body


def record(message, length=None):
    """The record of the handshake that a message is sent in; `length` is what it claims to be."""
    return b"\x16\x03\x01" + struct.pack("!H", length or len(message)) + message


def hellos(payload):
    """A payload in a connection of its own each, to the port of TLS."""
    for number in itertools.count():
        source, port = stranger(number)
        yield frame4(source, address(SERVER), (port, TLS_PORT), 1_000, 5_000, payload(number))


@attack("TLS: hellos, each of another name", "tls.connections", least=WAITING, is_sample=True)
def whole_hellos(_):
    return hellos(lambda number: record(hello(b"%d.example" % number)))


@attack("TLS: first bytes of hellos", "capture.skippedHellos")
def begun_hellos(_):
    begin = record(hello(b"a.example"), 2_000)[:8]
    return hellos(lambda _: begin)


@attack("QUIC: first datagrams, each of another name", "capture.skippedInitials", "tls.h3.skipped")
def initials(_):
    keys = quic.Keys(b"attacker")
    for number in itertools.count():
        source, port = stranger(number)
        packets = b"".join(keys.initial(hello(b"%d.example" % (3 * number + part)), part) for part in range(3))
        yield datagram4(source, address(SERVER), (port, TLS_PORT), packets)
