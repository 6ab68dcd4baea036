# SPDX-License-Identifier: Apache-2.0
"""Scenarios of a client on bare sockets: pipelining, odd pieces, odd heads."""

import base64
import os
import time

from .client import cut, get, post, steps
from .lab import address, address6
from .scenario import scenario

FRAME = b"GET / HTTP/1.1\r\nHost: inner\r\n\r\n"


def pipeline(count, host="nginx.test"):
    """This many requests of different length in a row."""
    return b"".join(get(f"/api/{n % 7}", host, "X: " + "y" * (n * 13 % 200) + "\r\n") for n in range(count))


@scenario("pipelining-2", "nginx", "raw sockets", "two requests in one segment")
def pipelining_2(lab):
    lab.talk(steps, "nginx", [get("/api", "n.test") + get("/missing", "n.test")])


@scenario("pipelining-50", "nginx", "raw sockets", "50 requests in a row that cross segments", options=("-s", "0"))
def pipelining_50(lab):
    lab.talk(steps, "nginx", [pipeline(50)])


@scenario("pipelining-heads", "raw", "raw sockets", "HEAD, GET and others pipelined in pieces of 100 bytes")
def pipelining_heads(lab):
    one = get("/head/x").replace(b"GET", b"HEAD") + get("/api") + get("/status/304") + get("/head").replace(b"GET", b"HEAD")
    lab.talk(steps, "raw", cut((one + get("/status/404") + get("/chunked") + get("/lf")) * 2, [100]), 80, 0.002, 0.5)


@scenario("pipelining-posts", "nginx", "raw sockets", "pipelined POSTs whose bodies hold requests", end="client")
def pipelining_posts(lab):
    data = b"".join(post(f"/api/{n}", FRAME * n, "n.test") for n in range(20))
    lab.talk(steps, "nginx", cut(data, [700, 31, 1300]), 80, 0.002)


@scenario("byte-by-byte", "raw", "raw sockets", "each byte of two requests in a segment of its own")
def byte_by_byte(lab):
    data = get("/pieces") + post("/api", b"GET / HTTP/1.1")
    lab.talk(steps, "raw", cut(data, [1]), 80, 0.002)


@scenario("cut-at-every-place", "raw", "raw sockets", "a head cut in two at every place, answers cut as well")
def cut_everywhere(lab):
    head = get("/split/x", "r.test")
    data = [part for place in range(1, len(head), 2) for part in (head[:place], head[place:])]
    lab.talk(steps, "raw", data, 80, 0.004)


@scenario("answers-in-one-segment", "raw", "raw sockets", "an answer begins in the segment that ends the one before")
def answers(lab):
    lab.talk(steps, "raw", [get("/split", more="X-Next: 1\r\n") + get("/api")] * 3)


@scenario("chunked-requests", "raw", "raw sockets", "chunked uploads with extensions and trailers that hold heads")
def chunked(lab):
    body = b"%x;a=b\r\n%s\r\n5\r\nHTTP/\r\n0\r\nX: GET / HTTP/1.1\r\n\r\n" % (len(FRAME), FRAME)
    one = b"POST /up HTTP/1.1\r\nHost: r.test\r\nTransfer-Encoding: chunked\r\n\r\n" + body
    lab.talk(steps, "raw", [one, one + get("/api"), one + one])
    lab.talk(steps, "raw", cut(one + get("/api"), [17, 40, 3]), 80, 0.003)


@scenario("expect-continue", "raw", "raw sockets", "100 Continue before each of three uploads", interface="any")
def expect(lab):
    pieces = []
    for _ in range(3):
        head, body = post("/up", FRAME, "r.test", "Expect: 100-continue\r\n").split(b"\r\n\r\n", 1)
        pieces += [head + b"\r\n\r\n", body]
    lab.talk(steps, "raw", pieces)


@scenario("early-hints", "raw", "raw sockets", "two 103 before each final response, pipelined requests")
def early(lab):
    lab.talk(steps, "raw", [get("/early/1"), get("/early/2") + get("/early/3") + get("/api")])


@scenario("until-close", "raw", "raw sockets", "a body until the end of the connection that looks like responses")
def until_close(lab):
    for _ in range(3):
        lab.talk(steps, "raw", [get("/close/x")])


@scenario("websocket", "node", "raw sockets", "an upgrade to websocket: frames that look like HTTP are not counted")
def websocket(lab):
    key = base64.b64encode(os.urandom(16)).decode()
    more = f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
    frame = bytes([0x81, 0x80 | len(FRAME), 0, 0, 0, 0]) + FRAME
    lab.talk(steps, "node", [get("/api", "ws.test"), get("/chat/1", "ws.test", more), frame, FRAME, frame + FRAME])
    lab.talk(steps, "node", [get("/chat/2", "ws.test", more), FRAME * 5])


@scenario("connect-node", "node", "raw sockets", "CONNECT granted and refused; HTTP in the tunnel is not counted",
          end="client")
def connect(lab):
    to = f"{address('nginx')}:80"
    grant = f"CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n".encode()
    lab.talk(steps, "node", [grant, get("/api/inner", "inner.test"), get("/api/inner", "inner.test")])
    lab.talk(steps, "node", [b"CONNECT other.test:443 HTTP/1.1\r\nHost: other.test\r\n\r\n"])


@scenario("absolute-form", "nginx", "raw sockets", "absolute-form targets with another Host")
def absolute(lab):
    lab.talk(steps, "nginx", [get("http://a.test/api/1", "b.test"), get("http://A.test:80/missing", "b.test")
                              + get("http://c.test", "b.test")])


@scenario("ipv6-literal-host", "raw", "raw sockets", "IPv6 literals as Host; an empty Host; none in HTTP/1.0")
def literal(lab):
    hosts = ["[fd78::6]", "[FD78::6]:80", "[::1]:8080", ""]
    lab.talk(steps, "raw", [get("/api", host) for host in hosts] + [b"GET /old HTTP/1.0\r\n\r\n"])


@scenario("odd-heads", "raw", "raw sockets", "leading empty lines, bare LF, folded fields, blanks around Host")
def odd(lab):
    lab.talk(steps, "raw", [
        b"\r\n\r\n" + get("/api/crlf", "r.test"),
        b"GET /api/lf HTTP/1.1\nHost: r.test\n\n",
        b"GET /api/fold HTTP/1.1\r\nHost: r.test\r\nX-Long: a\r\n  GET / HTTP/1.1\r\n\tHost: no\r\n\r\n",
        b"GET /api/blank HTTP/1.1\r\nhOsT:\t r.test \t\r\n\r\n",
        b"\n" + get("/lf", "r.test") + b"\r\n" + get("/api/again", "r.test"),
        b"GET /?a=http://x/y HTTP/1.1\r\nHost: r.test\r\n\r\n" + b"GET * HTTP/1.1\r\nHost: r.test\r\n\r\n",
    ])


@scenario("duplicate-host", "nginx", "raw sockets", "two Host fields: nginx refuses by 400 and logs the first")
def duplicate(lab):
    for _ in range(2):
        lab.talk(steps, "nginx", [get("/api", "first.test", "Host: second.test\r\n")])
    lab.talk(steps, "nginx", [get("/api", "only.test")])


@scenario("unanswered", "raw", "raw sockets", "a server that resets the connection instead of answering")
def unanswered(lab):
    lab.talk(steps, "raw", [get("/api"), get("/silent/1")], 80, 0.0, 0.6)
    lab.talk(steps, "raw", [post("/silent/2", FRAME)], 80, 0.0, 0.6)


@scenario("port-reuse", "nginx", "raw sockets", "six connections in a row from one source port", end="client")
def port_reuse(lab):
    for n in range(6):
        lab.talk(steps, "nginx", [get(f"/api/{n}", "n.test")], 80, 0.0, 0.1, 45678, True)


@scenario("begun-in-the-middle", "nginx", "raw sockets", "the capture begins between two requests of a connection",
          late=0.9)
def middle(lab):
    steps("nginx", [get("/api/before", "n.test"), 1.5, get("/api/1", "n.test"), get("/missing", "n.test"),
                    pipeline(5)])


@scenario("begun-before-an-answer", "raw", "raw sockets", "the capture begins between a request and its answer",
          late=0.7, unmatched=(200,),
          truth_from="raw's log; that the answer to its first line has no request here follows from the clock")
def before_answer(lab):
    steps("raw", [get("/slow"), get("/api/1"), get("/status/404")], 80, 0.0, 1.3)


@scenario("requests-only", "nginx", "raw sockets", "only the client's direction was captured",
          matching="tcp dst port 80", direction="requests",
          truth_from="nginx's log for the requests; that no responses are there follows from tcpdump's filter")
def requests_only(lab):
    lab.talk(steps, "nginx", [get("/api", "n.test"), pipeline(6), post("/api", FRAME, "n.test"), get("/missing")])


@scenario("responses-only", "nginx", "raw sockets", "only the server's direction was captured",
          matching="tcp src port 80", direction="responses",
          truth_from="nginx's log for the statuses; that no requests are there follows from tcpdump's filter")
def responses_only(lab):
    lab.talk(steps, "nginx", [get("/api", "n.test"), pipeline(6), post("/api", FRAME, "n.test"), get("/missing")])


@scenario("snapped", "raw", "raw sockets", "bodies cut by a snap length of 400 bytes", options=("-s", "400"))
def snapped(lab):
    lab.talk(steps, "raw", [get("/large"), get("/api"), get("/large"), get("/head")])


@scenario("large-bodies", "raw", "raw sockets", "bodies of 20 kB made of request lines", options=("-s", "0"))
def large(lab):
    lab.talk(steps, "raw", [get("/large"), get("/api"), get("/large")])


@scenario("ipv6-mixed", "nginx", "raw sockets", "IPv4 and IPv6 connections side by side", interface="any")
def mixed(lab):
    lab.talk(steps, address6("nginx"), [get("/api/6", "six.test"), pipeline(4, "six.test")])
    lab.talk(steps, "nginx", [get("/api/4", "four.test"), pipeline(4, "four.test")])


@scenario("tls-on-80", "nginx", "raw sockets", "a TLS greeting on port 80; nginx answers by a bare 400",
          unmatched=(400,),
          truth_from="nginx's log has one line that is no request: its 400 is a response without a request")
def tls(lab):
    hello = bytes.fromhex("16030100c8010000c40303") + bytes(range(189))
    lab.talk(steps, "nginx", [hello])


@scenario("broken-requests", "nginx", "raw sockets", "no requests by the grammar: 400 without a request",
          unmatched=(400, 400), truth_from="nginx's log has lines that are no requests: their 400 are responses alone")
def broken(lab):
    for line in (b"GET /api HTTP/1.x\r\n\r\n", b"hello there\r\n\r\n"):
        lab.talk(steps, "nginx", [line])
    lab.talk(steps, "nginx", [get("/api", "n.test")])


@scenario("half-open", "nginx", "raw sockets", "a head that never ends is not a request until it does")
def half_open(lab):
    lab.talk(steps, "nginx", [get("/api", "n.test"), get("/api/2", "n.test")[:-2], b"\r\n"])


@scenario("long-urls", "nginx", "raw sockets", "targets of 7 kB, in several segments", options=("-s", "0"))
def long_urls(lab):
    lab.talk(steps, "nginx", [get("/api/" + "p" * 7000, "n.test"), get("/api?" + "q" * 7000, "n.test")])


@scenario("interleaved", "raw", "raw sockets", "five connections at once, their pieces interleaved")
def interleaved(lab):
    for n in range(5):
        data = get(f"/api/{n}", f"host{n}.test") + get("/pieces", f"host{n}.test") + get("/chunked", f"host{n}.test")
        lab.inside(lab.client, steps, "raw", cut(data, [11 + n]), 80, 0.004, 0.4, 0, False, wait=False)
    time.sleep(2.0)
