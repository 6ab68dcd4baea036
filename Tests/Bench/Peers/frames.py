# SPDX-License-Identifier: Apache-2.0
"""TCP segments of one connection as Ethernet frames, every checksum valid, and the file that holds them."""

import struct

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
# MSS 1460, NOP NOP, SACK permitted.
SYNOPT = bytes.fromhex("020405b401010402")
# Prefix (Ethernet, tag, first bytes of IP), rest of IP, addresses and ports, TCP.
V4 = {n: struct.Struct("!%dsHHHBBH12sIIHHHH" % n) for n in (16, 20)}
V6 = {n: struct.Struct("!%dsHBB36sIIHHHH" % n) for n in (18, 22)}


def psum(b):
    """One's-complement sum of b: 2**16 = 1 modulo 65535, so one big remainder will do."""
    return int.from_bytes(b + b"\0" if len(b) & 1 else b, "big") % 65535


class Side:
    """One direction of a TCP connection, with everything constant precomputed."""
    __slots__ = ("pre", "ends", "ipc", "phc", "ipid", "v6", "st", "seq", "win")

    def __init__(self, rng, macs, vlan, v6, src, dst, sport, dport):
        l2 = macs + (struct.pack("!HH", 0x8100, vlan) if vlan else b"")
        ports = struct.pack("!HH", sport, dport)
        self.v6, self.ipid, self.win = v6, rng.getrandbits(16), 64240
        self.seq = rng.getrandbits(31)
        if v6:
            self.pre = l2 + b"\x86\xdd\x60\0\0\0"
            self.st = V6[len(self.pre)]
        else:
            self.pre = l2 + b"\x08\0\x45\0"
            self.st = V4[len(self.pre)]
            self.ipc = (0x4500 + 0x4000 + 0x4006 + psum(src + dst)) % 65535
        self.ends = src + dst + ports
        self.phc = (6 + psum(self.ends)) % 65535

    def seg(self, seq, ack, flags, data=b"", opt=b""):
        ol = len(opt)
        n = 20 + ol + len(data)
        of = (20 + ol) << 10 | flags
        body = opt + data if ol else data
        ck = 65535 - (self.phc + n + seq + ack + of + self.win + psum(body)) % 65535
        if self.v6:
            h = self.st.pack(self.pre, n, 6, 64, self.ends, seq, ack, of, self.win, ck, 0)
        else:
            i = self.ipid = (self.ipid + 1) & 0xffff
            h = self.st.pack(self.pre, n + 20, i, 0x4000, 64, 6,
                             65535 - (self.ipc + n + 20 + i) % 65535, self.ends,
                             seq, ack, of, self.win, ck, 0)
        return h + body


def write(path, packets):
    """Writes (microseconds, frame) pairs as a capture file."""
    header, base, out = struct.Struct("<IIII").pack, 1_790_000_000, []
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for at, frame in packets:
            out.append(header(base + at // 1000000, at % 1000000, len(frame), len(frame)))
            out.append(frame)
            if len(out) > 20000:
                file.write(b"".join(out))
                out.clear()
        file.write(b"".join(out))
