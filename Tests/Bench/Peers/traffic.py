# SPDX-License-Identifier: Apache-2.0
"""Conversations of every kind as packets in time: keep-alive connections, bulk, tricks, and what is not HTTP."""

import random
import struct

from frames import ACK, FIN, PSH, SYN, SYNOPT, Side, psum
from messages import AGENTS, WORDS, Messages


class Traffic(Messages):
    """Packets, and the ground truth about their messages, from one seed."""

    def __init__(self, seed):
        super().__init__(random.Random(seed))
        self.pk = []  # (microseconds, frame)
        self.port = 0

    def ends(self, server, sport, v6=False, vlan=0):
        r = self.rng
        c = r.randrange(4000)
        self.port = self.port + 1
        cport = 10000 + self.port % 55000
        net = self.port // 55000
        if v6:
            a = bytes.fromhex("20010db8000100000000000000") + bytes((net, c >> 8, c & 255))
            b = bytes.fromhex("20010db8000200000000000000") + bytes((0, server >> 8, server & 255))
        else:
            a = bytes((10, 1 + net, c >> 8, c & 255))
            b = bytes((198, 18, server >> 8, server & 255))
        m1, m2 = b"\x02\0\0\0\0\x01", b"\x02\0\0\0\0\x02"
        return (Side(r, m2 + m1, vlan, v6, a, b, cport, sport),
                Side(r, m1 + m2, vlan, v6, b, a, sport, cport),
                ("vlan" if vlan else "plain") + ("6" if v6 else "4"))

    def open(self, t, rtt, c, s):
        add = self.pk.append
        add((t, c.seg(c.seq, 0, SYN, b"", SYNOPT)))
        c.seq += 1
        add((t + rtt // 2, s.seg(s.seq, c.seq, SYN | ACK, b"", SYNOPT)))
        s.seq += 1
        add((t + rtt, c.seg(c.seq, s.seq, ACK)))
        return t + rtt + 50

    def close(self, t, rtt, c, s):
        add = self.pk.append
        add((t, c.seg(c.seq, s.seq, FIN | ACK)))
        add((t + rtt // 2, s.seg(s.seq, c.seq + 1, FIN | ACK)))
        add((t + rtt, c.seg(c.seq + 1, s.seq + 1, ACK)))

    def send(self, t, a, b, parts, tsopt, acks=True):
        """Send byte strings from a to b; each starts a new segment. Returns the time after."""
        add, n = self.pk.append, 0
        mss = 1500 - (60 if a.v6 else 40) - (12 if tsopt else 0)
        for p in parts:
            for o in range(0, len(p), mss):
                d = p[o:o + mss]
                opt = b"" if not tsopt else b"\1\1\x08\x0a" + struct.pack("!II", t // 1000, tsopt)
                add((t, a.seg(a.seq, b.seq, ACK | (PSH if o + mss >= len(p) else 0), d, opt)))
                a.seq = (a.seq + len(d)) & 0xffffffff
                n += 1
                t += 15
                if acks and n % 2 == 0:
                    add((t, b.seg(b.seq, a.seq, ACK)))
                    t += 5
        if acks and n % 2:
            add((t + 40, b.seg(b.seq, a.seq, ACK)))
            t += 45
        return t

    def http_conn(self, t, pairs):
        r = self.rng
        h = r.choices(range(200), self.hostw)[0]
        v6, vlan = r.random() < 0.1, 100 + r.randrange(4) if r.random() < 0.1 else 0
        c, s, link = self.ends(h, 80 if r.random() < 0.85 else 8080, v6, vlan)
        ts = r.getrandbits(30) if r.random() < 0.8 else 0
        rtt, agent = r.randrange(300, 30000), r.choice(AGENTS)
        t = self.open(t, rtt, c, s)
        for _ in range(pairs):
            m = r.choices(*self.m)[0]
            t = self.send(t, c, s, self.request(m, self.hosts[h], agent, link,
                                                r.random() < 0.005), ts, r.random() < 0.3)
            t = self.send(t + rtt // 2 + r.randrange(300, 40000), s, c, self.response(m, link), ts)
            t += r.randrange(2000, 300000)
        self.close(t, rtt, c, s)

    def small_conn(self, t, pairs):
        r = self.rng
        h = r.choices(range(200), self.hostw)[0]
        c, s, link = self.ends(h, 80)
        t = self.open(t, 200, c, s)
        rsp = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        for _ in range(pairs):
            host, sec = "h%d" % h, "/" + r.choices(WORDS, self.secw)[0]
            self.count_request("GET", host, sec, link)
            self.count_response(200, link)
            t = self.send(t, c, s, [b"GET %s HTTP/1.1\r\nHost: %s\r\n\r\n"
                                    % (sec.encode(), host.encode())], 0, False) + 20
            t = self.send(t, s, c, [rsp], 0, False) + 20
        self.close(t, 200, c, s)

    def bulk_conn(self, t, segs):
        """One request, one very long response: almost every segment misses the filter."""
        c, s, link = self.ends(self.rng.randrange(200), 80)
        t = self.open(t, 2000, c, s)
        host = self.hosts[0]
        t = self.send(t, c, s, self.request("GET", host, AGENTS[0], link), 1)
        self.count_response(200, link)
        n = segs * 1448
        t = self.send(t, s, c, [b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % n
                                + self.body(n)], 1)
        self.close(t, 2000, c, s)

    def tricky_conn(self, t, trick):
        r, host = self.rng, self.hosts[1]
        c, s, link = self.ends(1, 80)
        t = self.open(t, 500, c, s)
        for _ in range(8):
            req = b"".join(self.request("GET", host, AGENTS[0], link))
            if trick == "decoy":                   # body segments that look like heads
                self.count_response(200, link)
                t = self.send(t, c, s, [req], 0)
                t = self.send(t, s, c, [b"HTTP/1.1 200 OK\r\nContent-Length: 1500\r\n\r\n",
                                        b"HTTP/1.1 500 No\r\n\r\n".ljust(700, b"x"),
                                        b"GET /decoy HTTP/1.1\r\nHost: decoy.example\r\n\r\n"
                                        .ljust(800, b"x")], 0)
                continue
            rsp = b"".join(self.response("GET", link))
            if trick == "split":                   # the first segment ends inside the method
                t = self.send(t, c, s, [req[:2], req[2:]], 0)
                t = self.send(t, s, c, [rsp[:7], rsp[7:]], 0)
            elif trick == "pipeline":              # three requests in one segment
                for _ in range(2):
                    self.count_request("GET", host, "/stats", link)
                    self.count_response(404, link)
                one = b"GET /stats HTTP/1.1\r\nHost: %s\r\n\r\n" % host.encode()
                t = self.send(t, c, s, [req + one + one], 0)
                t = self.send(t, s, c, [rsp + 2 * (b"HTTP/1.1 404 Not Found\r\n"
                                                   b"Content-Length: 0\r\n\r\n")], 0)
            elif trick == "retransmit":            # the request arrives twice
                n = len(self.pk)
                t = self.send(t, c, s, [req], 0)
                self.pk.append((t + 300, self.pk[n][1]))
                t = self.send(t + 500, s, c, [rsp], 0)
            else:                                  # the response's first two segments swapped
                t = self.send(t, c, s, [req], 0)
                n = len(self.pk)
                t = self.send(t, s, c, [rsp[:200], rsp[200:]], 0, False)
                (t1, f1), (t2, f2) = self.pk[n:n + 2]
                self.pk[n:n + 2] = [(t1, f2), (t2, f1)]
            t += r.randrange(500, 4000)
        self.close(t, 500, c, s)

    def noise(self, t, left):
        """A burst of other traffic of at most `left` packets starting at t."""
        r, add, n0 = self.rng, self.pk.append, len(self.pk)
        k = r.random()
        if k < 0.75 and left > 12:                 # TLS (or SSH) connection
            c, s, _ = self.ends(r.randrange(200, 4000), 443 if k < 0.65 else 22, r.random() < 0.1)
            t = self.open(t, 4000, c, s)
            n = min(left - 6, r.randrange(6, 60))
            while n > 1:
                a, b = (s, c) if r.random() < 0.7 else (c, s)
                size = r.choice((90, 300, 1428, 1428, 1428))
                d = b"\x17\x03\x03" + struct.pack("!H", size - 5) + self.blob[n * 1500:n * 1500 + size - 5]
                t = self.send(t + r.randrange(100, 9000), a, b, [d], 1) + 10
                n -= 2
            self.close(t, 4000, c, s)
        elif k < 0.97:                             # DNS or QUIC datagrams
            for i in range(min(left, r.randrange(2, 12))):
                size, port = (r.randrange(30, 120), 53) if k < 0.85 else (r.randrange(60, 1200), 443)
                src, dst = bytes((10, 9, 0, r.randrange(1, 255))), bytes((198, 18, 200, 1))
                d = self.blob[i * 700:i * 700 + size]
                u = struct.pack("!HHH", 20000 + r.randrange(9999), port, 8 + size)
                ck = 65535 - (psum(src + dst + u + d) + 17 + 8 + size) % 65535
                ip = struct.pack("!BBHHHBB", 0x45, 0, 28 + size, i, 0, 64, 17)
                ic = 65535 - (psum(ip) + psum(src + dst)) % 65535
                add((t + i * 900, b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\0" + ip
                     + struct.pack("!H", ic) + src + dst + u + struct.pack("!H", ck) + d))
        else:                                      # ARP
            add((t, b"\xff\xff\xff\xff\xff\xff\x02\0\0\0\0\x02\x08\x06\0\1\x08\0\6\4\0\1"
                 + self.blob[:20]))
        return len(self.pk) - n0

