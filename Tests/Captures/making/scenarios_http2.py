# SPDX-License-Identifier: Apache-2.0
"""Scenarios of HTTP/2: nginx, Apache, HAProxy, Hypercorn and Node, and upgrades."""

from . import h2_client
from .lab import address
from .scenario import scenario

A, H, N, Y, D = (f"http://{address(name)}:81" for name in ("apache", "haproxy", "nginx", "hypercorn", "node"))


def by(server, client, prefaces=1):
    """The options of a scenario of HTTP/2 on port 81 whose ground truth is the server's log."""
    end = "preface" if prefaces == 1 else "prefaces"
    return {"ports": (81,), "prefaces": prefaces, "truth_from": f"the log of {server}; the {end} by what {client} did"}


@scenario("apache-upgrade", "apache", "curl", "Upgrade: h2c: the request is answered on stream 1", ports=(81,), prefaces=1, interim=(101,),
          truth_from="the log of Apache; the upgrade by what curl did")
def curl_upgrade(lab):
    lab.run("curl", "-s", "--http2", f"{A}/many/1.txt")


@scenario("apache-http2", "apache", "nghttp", "HTTP/2 of mod_http2, several paths on one connection", ports=(81,),
          prefaces=1, truth_from="the log of Apache; the preface by what nghttp did")
def apache(lab):
    lab.run("nghttp", "-n", f"{A}/many/1.txt", f"{A}/missing", f"{A}/drive/a.txt", f"{A}/many/2.txt")


@scenario("apache-h2load", "apache", "h2load", "HTTP/2 of mod_http2: 2 connections of 10 streams each", ports=(81,),
          prefaces=2, truth_from="the log of Apache; the prefaces by what h2load did")
def apache_h2load(lab):
    lab.run("h2load", "-n", "60", "-c", "2", "-m", "10", f"{A}/many/1.txt", f"{A}/missing")


@scenario("haproxy-http2", "haproxy", "h2load", "HTTP/2 to HAProxy, which asks nginx by HTTP/1: the client's leg",
          ports=(81,), prefaces=1, truth_from="the log of HAProxy; the preface by what h2load did")
def haproxy(lab):
    lab.run("h2load", "-n", "30", "-c", "1", "-m", "5", f"{H}/api", f"{H}/forbidden/x", f"{H}/missing")


@scenario("haproxy-http2-legs", "haproxy", "h2load", "HTTP/2 to HAProxy and HTTP/1 from it to nginx: both legs",
          ports=(80, 81), interface="any", servers=("haproxy", "nginx"), prefaces=1,
          truth_from="the logs of HAProxy and nginx; the preface by what h2load did")
def legs(lab):
    lab.run("h2load", "-n", "20", "-c", "1", "-m", "5", f"{H}/api", f"{H}/missing")


@scenario("nginx-h2load-100", "nginx", "h2load", "HTTP/2: 4 connections of 100 streams each", **by("nginx", "h2load", 4))
def h2load_hundred(lab):
    lab.run("h2load", "-n", "400", "-c", "4", "-m", "100", f"{N}/nothing")


@scenario("nginx-http2-post", "nginx", "curl", "HTTP/2: uploads, whose bodies nginx does not read, and DELETE", **by("nginx", "curl", 3))
def nginx_post(lab):
    for rest in (("-d", "a" * 5000, f"{N}/api"), ("-d", "b", f"{N}/missing"), ("-X", "DELETE", f"{N}/many/1.txt")):
        lab.run("curl", "-s", "--http2-prior-knowledge", *rest, may_fail="nginx resets a stream whose body it does not read")


@scenario("nginx-http2-indexed", "nginx", "h2", "HTTP/2: every field is inserted into the table and referred to", **by("nginx", "h2"))
def nginx_indexed(lab):
    def script(peer):
        for number in range(30):
            peer.ask(("/api", "/missing", "/many/1.txt")[number % 3], headers=[("user-agent", "h2"), ("accept", "*/*")])

    lab.talk(h2_client.talk, address("nginx"), script)


@scenario("nginx-http2-pieces", "nginx", "h2", "HTTP/2: sent in pieces of 7 bytes", **by("nginx", "h2"))
def nginx_pieces(lab):
    def script(peer):
        for path in ("/api", "/missing", "/many/2.txt"):
            peer.ask(path, headers=[("user-agent", "h2")])

    lab.talk(h2_client.talk, address("nginx"), script, 7)


@scenario("nginx-proxy-header", "nginx", "h2", "HTTP/2 after a PROXY header", **by("nginx", "h2") | {"ports": (83,)})
def proxy_header(lab):
    def script(peer):
        for path in ("/api", "/missing", "/many/1.txt"):
            peer.ask(path)

    lab.talk(h2_client.talk, address("nginx"), script, 0, 83, b"PROXY TCP4 192.0.2.7 192.0.2.8 40000 83\r\n")


@scenario("apache-push", "apache", "nghttp", "HTTP/2: a push that nobody asked for beside the answer", **by("apache", "nghttp"))
def apache_push(lab):
    lab.run("nghttp", "-n", f"{A}/many/3.txt", f"{A}/many/1.txt")


@scenario("apache-http2-methods", "apache", "curl", "HTTP/2: WebDAV, HEAD and OPTIONS", **by("apache", "curl", 4))
def apache_methods(lab):
    for rest in (("-X", "PROPFIND", f"{A}/drive/"), ("-I", f"{A}/many/1.txt"), ("-X", "OPTIONS", f"{A}/drive/"),
                 ("-T", "/etc/hostname", f"{A}/drive/h2.txt")):
        lab.run("curl", "-s", "--http2-prior-knowledge", *rest)


@scenario("apache-upgrade-many", "apache", "nghttp", "Upgrade: h2c, and more requests on the connection", ports=(81,),
          prefaces=1, interim=(101,), truth_from="the log of Apache; the upgrade by what nghttp did")
def nghttp_upgrade(lab):
    lab.run("nghttp", "-n", "-u", f"{A}/many/1.txt", f"{A}/many/2.txt", f"{A}/missing")


@scenario("apache-h2load-100", "apache", "h2load", "HTTP/2: 4 connections of 50 streams each", **by("apache", "h2load", 4))
def apache_hundred(lab):
    lab.run("h2load", "-n", "200", "-c", "4", "-m", "50", "-H", ":method: HEAD", f"{A}/many/1.txt")


@scenario("haproxy-http2-post", "haproxy", "curl", "HTTP/2 to HAProxy: uploads and a refusal", **by("HAProxy", "curl", 2))
def haproxy_post(lab):
    for rest in (("-d", "a" * 3000, f"{H}/api"), ("-d", "b", f"{H}/forbidden/x")):
        lab.run("curl", "-s", "--http2-prior-knowledge", *rest, may_fail="HAProxy resets a stream that it refuses")


@scenario("hypercorn-nghttp", "hypercorn", "nghttp", "HTTP/2 of Hypercorn: several statuses", **by("Hypercorn", "nghttp"))
def hypercorn(lab):
    lab.run("nghttp", "-n", *(f"{Y}{path}" for path in ("/a", "/status/404", "/status/503", "/status/204", "/parts?n=3")))


@scenario("hypercorn-h2load", "hypercorn", "h2load", "HTTP/2 of Hypercorn: 2 connections of 10 streams", **by("Hypercorn", "h2load", 2))
def hypercorn_load(lab):
    lab.run("h2load", "-n", "60", "-c", "2", "-m", "10", f"{Y}/a", f"{Y}/status/404")


@scenario("hypercorn-continued", "hypercorn", "h2", "HTTP/2: 20 kB of fields, continued in a second frame", **by("Hypercorn", "h2"))
def hypercorn_continued(lab):
    def script(peer):
        peer.ask("/a", headers=[("x-long", "z" * 20_000)])
        peer.wait()
        peer.ask("/status/404", "POST", headers=[("x-long", "y" * 20_000)], body=b"x")

    lab.talk(h2_client.talk, address("hypercorn"), script)


@scenario("hypercorn-upgrade", "hypercorn", "curl", "Upgrade: h2c to Hypercorn", ports=(81,), prefaces=1, interim=(101,),
          truth_from="the log of Hypercorn; the upgrade by what curl did")
def hypercorn_upgrade(lab):
    lab.run("curl", "-s", "--http2", f"{Y}/a", f"{Y}/status/404")


@scenario("hypercorn-http1", "hypercorn", "curl", "HTTP/1 and HTTP/2 on one port", **by("Hypercorn", "curl"))
def hypercorn_both(lab):
    lab.run("curl", "-s", f"{Y}/one", f"{Y}/status/500")
    lab.run("curl", "-s", "--http2-prior-knowledge", "-d", "x" * 4000, f"{Y}/two")


@scenario("node-http2-interim", "node", "nghttp", "HTTP/2 of Node: 103 before the answer, trailers, no body", **by("Node", "nghttp"))
def node_interim(lab):
    lab.run("nghttp", "-n", *(f"{D}{path}" for path in ("/early/1", "/trailers", "/status/204", "/status/500")))


@scenario("node-push", "node", "nghttp", "HTTP/2 of Node: pushes", **by("Node", "nghttp"))
def node_push(lab):
    lab.run("nghttp", "-n", f"{D}/push/1", f"{D}/a", f"{D}/push/2")


@scenario("node-reset", "node", "nghttp", "HTTP/2 of Node: streams that the server resets, before and after its answer's head",
          **by("Node", "nghttp"))
def node_reset(lab):
    lab.run("nghttp", "-n", *(f"{D}{path}" for path in ("/reset", "/broken", "/a", "/refuse")),
            may_fail="streams are reset")


@scenario("node-goaway", "node", "nghttp", "HTTP/2 of Node: the server says that it leaves, and answers before", **by("Node", "nghttp"))
def node_goaway(lab):
    lab.run("nghttp", "-n", f"{D}/slow/1", f"{D}/leave")


@scenario("node-cancel", "node", "h2", "HTTP/2: requests that the client cancels before an answer", **by("Node", "h2"))
def node_cancel(lab):
    def script(peer):
        first = peer.ask("/slow/1")
        peer.ask("/a")
        second = peer.ask("/slow/2")
        peer.wait_for(1)
        peer.cancel(first)
        peer.cancel(second)

    lab.talk(h2_client.talk, address("node"), script)


@scenario("node-padded", "node", "h2", "HTTP/2: padded uploads, trailers of requests, priorities, a PING", **by("Node", "h2"))
def node_padded(lab):
    def script(peer):
        peer.ask("/a", "POST", body=b"x" * 100, padding=50)
        peer.ping()
        peer.ask("/b", "PUT", body=b"y", padding=0, trailers=[("x-sum", "1")])
        peer.ask("/c", priority_weight=7, priority_depends_on=0, priority_exclusive=False)
        peer.ask("/status/404", "POST", trailers=[("x-end", "1")])

    lab.talk(h2_client.talk, address("node"), script)


@scenario("node-table-sizes", "node", "h2", "HTTP/2: the client's table shrinks, goes and grows again", **by("Node", "h2"))
def node_tables(lab):
    def script(peer):
        for number, size in enumerate((4096, 64, 0, 200, 8192, 4096)):
            peer.settings({1: size})
            peer.ask(f"/a/{number}", headers=[("user-agent", "h2")])
            peer.ask("/status/404")
            peer.wait()

    lab.talk(h2_client.talk, address("node"), script)


@scenario("node-websocket", "node", "h2", "HTTP/2: extended CONNECT for WebSocket (RFC 8441)", **by("Node", "h2"))
def node_websocket(lab):
    def script(peer):
        peer.ask("/a")
        peer.wait()
        peer.ask("/chat/1", "CONNECT", headers=[(":protocol", "websocket")], body=b"frames")

    lab.talk(h2_client.talk, address("node"), script)
