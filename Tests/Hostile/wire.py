# SPDX-License-Identifier: Apache-2.0
"""Frames as an attacker makes them: any addresses, ports and numbers."""

import ipaddress
import struct

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
# What tells a forged packet from one that a real program sent, whose time to live is 64.
FORGED_TTL = 63
CLIENT, SERVER = "10.79.0.1", "10.79.0.2"
SERVER_PORT = 80
TLS_PORT = 443
TCP, UDP = 6, 17
# What a TCP header has for its checksum: the right one; another, with which no host takes or answers the segment; that of the
# pseudo-header alone, which a sender leaves to its card to complete.
RIGHT, WRONG, PARTIAL = range(3)


def checksum(data):
    """The Internet checksum of an even number of bytes."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def address(text):
    return ipaddress.ip_address(text).packed


def tcp(addresses, ports, sequence, acknowledgement, flags, payload, sum_):
    """A TCP segment."""
    header = struct.pack("!HHIIBBHHH", *ports, sequence & 0xFFFFFFFF, acknowledgement & 0xFFFFFFFF, 0x50, flags, 8192, 0, 0)
    pseudo = addresses + struct.pack("!II", 6, 20 + len(payload))
    covered = pseudo + header + payload
    # A number's remainder is the sum of its words; no segment's is 0.
    right = 0xFFFF - int.from_bytes(covered + b"\0" * (len(covered) & 1), "big") % 0xFFFF
    found = {RIGHT: right, WRONG: right ^ 0xBAD, PARTIAL: ~checksum(pseudo) & 0xFFFF}[sum_]
    return header[:16] + struct.pack("!H", found) + header[18:] + payload


def frame4(source, target, ports, sequence, acknowledgement, payload=b"", flags=PSH | ACK, sum_=RIGHT, wrong=0):
    """An Ethernet frame with a TCP segment over IPv4; the addresses are packed, `wrong` is as for `packet4`."""
    segment = tcp(source + target, ports, sequence, acknowledgement, flags, payload, sum_)
    return packet4(source, target, TCP, segment, wrong=wrong)


def packet4(source, target, protocol, payload, identification=1, offset=0, has_more=False, wrong=0):
    """An Ethernet frame with an IPv4 packet, or with a fragment of one: `offset` is in bytes; `wrong` is what is wrong of its
    checksum."""
    place = offset >> 3 | has_more << 13
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), identification, place, FORGED_TTL, protocol, 0,
                         source, target)
    header = header[:10] + struct.pack("!H", checksum(header) ^ wrong) + header[12:]
    return b"\xff" * 6 + b"\x02" * 6 + b"\x08\x00" + header + payload


def datagram4(source, target, ports, payload):
    """An Ethernet frame with a UDP datagram over IPv4, without a checksum."""
    return packet4(source, target, UDP, struct.pack("!HHHH", *ports, 8 + len(payload), 0) + payload)


def frame6(source, target, ports, sequence, acknowledgement, payload=b"", flags=PSH | ACK):
    """The same over IPv6."""
    segment = tcp(source + target, ports, sequence, acknowledgement, flags, payload, RIGHT)
    header = struct.pack("!IHBB16s16s", 6 << 28, len(segment), 6, FORGED_TTL, source, target)
    return b"\xff" * 6 + b"\x02" * 6 + b"\x86\xdd" + header + segment


def stranger(number):
    """An address and a port that nobody else has, one for each number."""
    return struct.pack("!BBH", 20, number >> 24 & 0xFF, number >> 8 & 0xFFFF)[:2] + struct.pack(
        "!H", number >> 8 & 0xFFFF), 1024 + (number & 0xFF)


class Talker:
    """One side of a connection that an attacker begins: its segments follow one another."""

    def __init__(self, number, sequence=1_000):
        self.source, self.port = stranger(number)
        self.target, self.sequence = address(SERVER), sequence

    def open(self):
        first = frame4(self.source, self.target, (self.port, SERVER_PORT), self.sequence - 1, 0, b"", SYN)
        answer = frame4(self.target, self.source, (SERVER_PORT, self.port), 4_999, self.sequence, b"", SYN | ACK)
        return [first, answer]

    def send(self, payload, size=1_400):
        """The payload in segments of at most `size` bytes."""
        frames = []
        for at in range(0, len(payload), size):
            part = payload[at : at + size]
            frames.append(
                frame4(self.source, self.target, (self.port, SERVER_PORT), self.sequence, 5_000, part))
            self.sequence += len(part)
        return frames
