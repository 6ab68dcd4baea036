# SPDX-License-Identifier: Apache-2.0
"""Requests and responses as byte strings, and the ground truth about them: what was asked of whom, and how it was answered."""

from collections import Counter

METHODS = [("GET", 800), ("POST", 120), ("PUT", 30), ("HEAD", 20), ("DELETE", 18),
           ("OPTIONS", 8), ("PATCH", 4)]
STATUS = [(200, 860), (201, 20), (204, 20), (301, 15), (304, 25), (404, 35), (403, 10),
          (400, 5), (500, 6), (503, 4)]          # 2xx 90, 3xx 4, 4xx 5, 5xx 1
REASON = {200: "OK", 201: "Created", 204: "No Content", 301: "Moved Permanently",
          304: "Not Modified", 400: "Bad Request", 403: "Forbidden", 404: "Not Found",
          500: "Internal Server Error", 503: "Service Unavailable"}
WORDS = ("api static img css js products cart search user login assets news blog video "
         "media docs help admin orders account feed tags events map store files reports "
         "stats health live").split()
TOP = "www api cdn app shop img".split()
AGENTS = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, "
    "like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
    "okhttp/4.12.0"]


class Messages:
    """Makes messages from one stream of random numbers and counts each."""

    def __init__(self, rng):
        self.rng = r = rng
        self.truth = dict(packets=0, http_port_packets=0, requests=0, responses=0,
                          methods=Counter(), status_class=Counter(), status=Counter(),
                          hosts=Counter(), sections=Counter(), requests_by_link=Counter(),
                          responses_by_link=Counter())
        self.hosts = ["%s.%s%03d.example" % (TOP[i % 6], WORDS[i % 30], i) for i in range(200)]
        self.hostw = [1 / (i + 1) ** 1.05 for i in range(200)]
        self.secw = [1 / (i + 1) ** 0.9 for i in range(30)]
        self.blob = r.randbytes(1 << 20)           # binary bodies
        text = " ".join(r.choice(WORDS) for _ in range(200000)).encode()
        self.text = text[:1 << 20]                 # lower-case text bodies
        self.m = ([m for m, _ in METHODS], [w for _, w in METHODS])
        self.s = ([s for s, _ in STATUS], [w for _, w in STATUS])

    def count_request(self, method, host, section, link):
        tr = self.truth
        tr["requests"] += 1
        tr["methods"][method] += 1
        tr["hosts"][host] += 1
        tr["sections"][host + section] += 1
        tr["requests_by_link"][link] += 1

    def count_response(self, status, link):
        tr = self.truth
        tr["responses"] += 1
        tr["status"][str(status)] += 1
        tr["status_class"]["%dxx" % (status // 100)] += 1
        tr["responses_by_link"][link] += 1

    def body(self, n):
        src = self.text if self.rng.random() < 0.6 else self.blob
        if n > 1 << 19:
            return (src * (n // len(src) + 1))[:n]
        o = self.rng.randrange(len(src) - n)
        return src[o:o + n]

    def request(self, method, host, agent, link, big=False):
        r = self.rng
        sec = "/" + r.choices(WORDS, self.secw)[0]
        self.count_request(method, host, sec, link)
        path = "%s/%s/%x" % (sec, r.choice(WORDS), r.getrandbits(24))
        if r.random() < 0.4:
            path += "?id=%d&q=%s" % (r.getrandbits(20), r.choice(WORDS))
        head = ("%s %s HTTP/1.1\r\nHost: %s\r\nConnection: keep-alive\r\nUser-Agent: %s\r\n"
                "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
                "Accept-Language: en-US,en;q=0.5\r\nReferer: http://%s/%s\r\n"
                % (method, path, host, agent, host, r.choice(WORDS)))
        data = b""
        if method in ("POST", "PUT", "PATCH"):
            data = self.body(int(r.lognormvariate(6, 1)) % 4000 + 20)
            head += "Content-Type: application/octet-stream\r\nContent-Length: %d\r\n" % len(data)
        want = r.randrange(2000, 4000) if big else r.randrange(400, 900)
        pad = want - len(head) - 17
        if pad > 0:
            head += "Cookie: sid=%s\r\n" % ("%0*x" % (pad, r.getrandbits(4 * pad)))[:pad]
        head = (head + "\r\n").encode()
        if not data:
            return [head]
        return [head, data] if r.random() < 0.5 else [head + data]

    def response(self, method, link):
        r = self.rng
        st = r.choices(*self.s)[0]
        self.count_response(st, link)
        n = min(int(r.lognormvariate(8.1, 1.1)), 60000) + 1
        head = ("HTTP/1.1 %d %s\r\nDate: Sun, 22 Nov 2026 08:00:00 GMT\r\nServer: nginx/1.22.1\r\n"
                "Content-Type: application/octet-stream\r\nLast-Modified: Sat, 21 Nov 2026 08:00:00 "
                "GMT\r\nETag: \"%x\"\r\nCache-Control: max-age=%d\r\nX-Request-Id: %032x\r\n"
                "Connection: keep-alive\r\n"
                % (st, REASON[st], r.getrandbits(40), r.getrandbits(16), r.getrandbits(128)))
        if st in (204, 304):
            return [(head + "\r\n").encode()]
        if method == "HEAD":
            return [(head + "Content-Length: %d\r\n\r\n" % n).encode()]
        if r.random() < 0.25:
            out, left = (head + "Transfer-Encoding: chunked\r\n\r\n").encode(), self.body(n)
            for o in range(0, n, 8192):
                c = left[o:o + 8192]
                out += b"%x\r\n%s\r\n" % (len(c), c)
            return [out + b"0\r\n\r\n"]
        return [(head + "Content-Length: %d\r\n\r\n" % n).encode() + self.body(n)]
