# SPDX-License-Identifier: Apache-2.0
"""Rewrites captures: other formats, tags, tunnels, another order."""

import random
import struct


def load(path):
    """The link type and the packets, as (seconds, fraction, length, bytes), of a little-endian pcap."""
    with open(path, "rb") as file:
        data = file.read()
    assert data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1"), path
    packets, offset = [], 24
    while offset < len(data):
        seconds, fraction, captured, length = struct.unpack_from("<IIII", data, offset)
        packets.append((seconds, fraction, length, data[offset + 16 : offset + 16 + captured]))
        offset += 16 + captured
    return struct.unpack_from("<I", data, 20)[0], packets


def save(path, packets, link=1, order="<"):
    """Writes a pcap of microseconds."""
    with open(path, "wb") as file:
        file.write(struct.pack(order + "IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, link))
        for seconds, fraction, length, data in packets:
            file.write(struct.pack(order + "IIII", seconds, fraction, len(data), max(length, len(data))) + data)


def wrapped(packets, wrap, *, is_ip=True):
    """Every IP packet through `wrap`, which gets the frame and gives another one."""
    result = []
    for seconds, fraction, _, frame in packets:
        if not is_ip or frame[12:14] in (b"\x08\x00", b"\x86\xdd"):
            frame = wrap(frame)
        result.append((seconds, fraction, len(frame), frame))
    return result


def checksum(data):
    """The Internet checksum."""
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def outer4(protocol, payload):
    """An IPv4 packet between two tunnel ends, without an Ethernet header."""
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 7, 0, 64, protocol, 0, b"\xc0\0\2\1", b"\xc0\0\2\2")
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def outer6(protocol, payload):
    """An IPv6 packet between two tunnel ends."""
    ends = bytes.fromhex("20010db8" + "00" * 11 + "01") + bytes.fromhex("20010db8" + "00" * 11 + "02")
    return struct.pack(">IHBB", 0x60000000, len(payload), protocol, 64) + ends + payload


def framed(ether_type, payload):
    """An Ethernet frame."""
    return bytes.fromhex("020000000001020000000002") + struct.pack(">H", ether_type) + payload


def udp(port, payload):
    """A UDP datagram in IPv4 in Ethernet."""
    return framed(0x0800, outer4(17, struct.pack(">HHHH", 49152, port, 8 + len(payload), 0) + payload))


def kind(frame):
    """The EtherType of a frame, as a number."""
    return struct.unpack(">H", frame[12:14])[0]


def ppp_kind(frame):
    """The PPP protocol for a frame's IP version."""
    return b"\x00\x57" if kind(frame) == 0x86DD else b"\x00\x21"


def vlan(frame):
    return frame[:12] + b"\x81\x00\x00\x07" + frame[12:]


def qinq(frame):
    return frame[:12] + b"\x88\xa8\x00\x09\x81\x00\x00\x07" + frame[12:]


def gre(frame):
    return framed(0x0800, outer4(47, b"\x20\x00" + frame[12:14] + b"\0\0\0\x2a" + frame[14:]))


def gre_ethernet(frame):
    return framed(0x86DD, outer6(47, b"\0\0\x65\x58" + frame))


def vxlan(frame):
    return udp(4789, b"\x08\0\0\0\0\0\x2a\0" + frame)


def geneve(frame):
    return udp(6081, b"\x01\0\x65\x58\0\0\x2a\0" + b"\x01\x02\x80\0" + frame)


def gtp(frame):
    return udp(2152, struct.pack(">BBHI", 0x34, 0xFF, len(frame) - 14 + 8, 0x1234) + b"\0\1\0\x85\1\0\0\0" + frame[14:])


def pppoe(frame):
    return framed(0x8864, struct.pack(">BBHH", 0x11, 0, 5, len(frame) - 14 + 2) + ppp_kind(frame) + frame[14:])


def mpls(frame):
    return framed(0x8847, b"\x00\x01\x00\x40\x00\x02\x01\x40" + frame[14:])


def pseudowire(frame):
    return framed(0x8847, b"\x00\x01\x01\x40" + b"\0\0\0\0" + frame)


def six_in_four(frame):
    return framed(0x0800, outer4(41, frame[14:]))


def ip_in_ip(frame):
    return framed(0x0800, outer4(4, frame[14:]))


def four_in_six(frame):
    return framed(0x86DD, outer6(4, frame[14:]))


def erspan(frame):
    return framed(0x0800, outer4(47, b"\x10\x00\x88\xbe\0\0\0\1" + b"\x10\x07\x08\x05\0\0\0\x01" + frame))


def pptp(frame):
    payload = b"\xff\x03" + ppp_kind(frame) + frame[14:]
    return framed(0x0800, outer4(47, struct.pack(">HHHHII", 0x3081, 0x880B, len(payload), 5, 1, 1) + payload))


def gre_udp(frame):
    return udp(4754, b"\0\0" + frame[12:14] + frame[14:])


def ayiya(frame):
    return udp(5072, b"\x42\x52\x21\x29\0\0\0\0" + bytes(16) + bytes(20) + frame[14:])


def l2tp(frame):
    payload = b"\xff\x03" + ppp_kind(frame) + frame[14:]
    return udp(1701, struct.pack(">HHHH", 0x4002, len(payload) + 8, 7, 9) + payload)


def nested(frame):
    """VLAN in VXLAN in GRE."""
    return gre(vxlan(vlan(frame)))


def fragmented(packets, size=480):
    """IPv4 packets cut into fragments of `size` bytes; the last one comes first."""
    result = []
    for number, (seconds, fraction, length, frame) in enumerate(packets):
        header = 14 + (frame[14] & 15) * 4
        if frame[12:14] != b"\x08\x00" or len(frame) - header <= size:
            result.append((seconds, fraction, length, frame))
            continue
        payload = frame[header : 14 + struct.unpack(">H", frame[16:18])[0]]
        pieces = []
        for start in range(0, len(payload), size):
            piece = payload[start : start + size]
            field = start // 8 | (0x2000 if start + size < len(payload) else 0)
            words = struct.pack(">HHH", header - 14 + len(piece), number & 0xFFFF, field)
            head = frame[14:16] + words + frame[22:24] + b"\0\0" + frame[26:header]
            head = head[:10] + struct.pack(">H", checksum(head)) + head[12:]
            pieces.append((seconds, fraction, header + len(piece), frame[:14] + head + piece))
        result += pieces[::-1]
    return result


def fragmented6(packets, size=480):
    """IPv6 packets cut into fragments by the fragment header of RFC 8200."""
    result = []
    for number, (seconds, fraction, length, frame) in enumerate(packets):
        payload = frame[54:]
        if frame[12:14] != b"\x86\xdd" or len(payload) <= size:
            result.append((seconds, fraction, length, frame))
            continue
        for start in range(0, len(payload), size):
            piece = payload[start : start + size]
            field = start | (1 if start + size < len(payload) else 0)
            inner = struct.pack(">BBHI", frame[20], 0, field, number) + piece
            whole = frame[:18] + struct.pack(">HB", len(inner), 44) + frame[21:54] + inner
            result.append((seconds, fraction, len(whole), whole))
    return result


def time_jump(packets):
    """Two captures in one file, the later one first: from the middle on, times are a year earlier."""
    middle = len(packets) // 2
    return packets[:middle] + [(s - 31_536_000, f, n, d) for s, f, n, d in packets[middle:]]


def raw(packets):
    """IP packets without a link layer."""
    return [(s, f, n - 14, d[14:]) for s, f, n, d in packets if d[12:14] in (b"\x08\x00", b"\x86\xdd")]


def sorted_times(packets, order):
    """Packets in another order at the times of the original one."""
    return [packets[t][:2] + order[t][2:] for t in range(len(packets))]


def reordered(packets, seed=1, reach=4):
    """Neighbours change places; the handshake stays where it is."""
    chance = random.Random(seed)
    keys = [(place + (chance.uniform(0, reach) if place > 3 else 0), place) for place in range(len(packets))]
    order = [packets[place] for _, place in sorted(keys)]
    return sorted_times(packets, order)


def doubled(packets, seed=1, chance=0.5):
    """Many packets come once more, a little later."""
    chances = random.Random(seed)
    result = []
    for place, packet in enumerate(packets):
        result.append(packet)
        if chances.random() < chance:
            result.append(packet)
        if place >= 5 and chances.random() < chance / 4:
            result.append(packet[:2] + packets[place - 2][2:])
    return result


def shuffled(packets, seed=1):
    """All packets in any order at all, at the times of the original one."""
    order = list(packets)
    random.Random(seed).shuffle(order)
    return sorted_times(packets, order)


def without_bodies(packets, longer_than=1000):
    """The capture lost large segments that hold no head and end no message."""
    lost = [p for p in packets if len(p[3]) > longer_than and b"HTTP/1.1 200 OK\r\nContent" not in p[3]]
    gone = {id(p) for p in lost[1::3]}
    return [p for p in packets if id(p) not in gone]
