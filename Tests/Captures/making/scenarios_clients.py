# SPDX-License-Identifier: Apache-2.0
"""Scenarios of clients that anybody has: curl, wget, ab, wrk."""

from .lab import address, address6
from .scenario import scenario

N, A, H, J, P = (f"http://{address(name)}" for name in ("nginx", "apache", "haproxy", "node", "stdlib"))
# curl asks a proxy on port 1080 by default.
PROXY = f"{A}:80"


@scenario("nginx-keep-alive", "nginx", "curl", "12 requests on one connection, several statuses and sections")
def keep_alive(lab):
    paths = ["/", "/api/v1?x=/y", "/missing", "/broken", "/moved", "/nothing", "/busy", "/drive/a.txt", "/many/1.txt"]
    lab.run("curl", "-s", *[N + path for path in paths + ["/api", "/api/", "/?q=/no"]])


@scenario("nginx-http10", "nginx", "curl", "HTTP/1.0: a connection each", interface="any")
def http10(lab):
    lab.run("curl", "-s", "-0", *[f"{N}/many/{n}.txt" for n in range(5)])


@scenario("nginx-head", "nginx", "curl", "HEAD with Content-Length, then GET, on one connection")
def head(lab):
    first = ["-I", f"{N}/drive/a.txt", f"{N}/many/1.txt", "--next", "-s", f"{N}/drive/a.txt"]
    lab.run("curl", "-s", *first, "--next", "-s", "-I", f"{N}/missing", "--next", "-s", f"{N}/api")


@scenario("nginx-options", "nginx", "curl", "any method is counted under its own name", end="client")
def methods(lab):
    for method in ("OPTIONS", "DELETE", "PATCH", "PURGE", "PROPFIND", "BREW"):
        lab.run("curl", "-s", "-X", method, f"{N}/api/{method}", f"{N}/api/2")


@scenario("nginx-sites", "nginx", "curl", "several sites on one connection, ports, dots and capitals in Host")
def sites(lab):
    hosts = ["a.example", "A.Example", "b.example:80", "b.example.", "c.example:8080", "[fd78::2]:80", "[FD78::2]"]
    command = []
    for place, host in enumerate(hosts):
        command += (["--next"] if place else []) + ["-s", "-H", f"Host: {host}", f"{N}/api"]
    lab.run("curl", *command)


@scenario("nginx-cookie-off", "nginx", "curl", "a cookie of 9 kB in segments of the wire", options=("-s", "0"))
def cookie_off(lab):
    lab.run("curl", "-s", "-H", "Cookie: a=" + "x" * 9000, f"{N}/api", f"{N}/missing", f"{N}/api/2")


@scenario("nginx-cookie-on", "nginx", "curl", "a cookie of 9 kB in one super-segment (TSO, GSO, GRO on)")
def cookie_on(lab):
    lab.offloads("on")
    lab.run("curl", "-s", "-H", "Cookie: a=" + "x" * 9000, f"{N}/api", f"{N}/missing", f"{N}/api/2")
    lab.offloads("off")


@scenario("nginx-ipv6", "nginx", "curl", "IPv6, the address as Host", end="client")
def ipv6(lab):
    lab.run("curl", "-s", "-g", f"http://[{address6('nginx')}]/", f"http://[{address6('nginx')}]/api/x")


@scenario("nginx-ipv6-cookie", "nginx", "curl", "IPv6 with a cookie of 5 kB in segments of the wire")
def ipv6_cookie(lab):
    base = f"http://[{address6('nginx')}]"
    lab.run("curl", "-s", "-g", "-H", "Cookie: a=" + "x" * 5000, f"{base}/api", f"{base}/missing")


@scenario("nginx-8080", "nginx", "curl", "port 8080 in Host and on the wire", ports=(8080,))
def port_8080(lab):
    lab.run("curl", "-s", f"{N}:8080/api", f"{N}:8080/missing")


@scenario("nginx-conditional", "nginx", "curl", "304 without a body, on one connection with 200 and 206")
def conditional(lab):
    since = ["-s", "-H", "If-Modified-Since: Fri, 01 Jan 2038 00:00:00 GMT", f"{N}/drive/a.txt", f"{N}/many/2.txt"]
    lab.run("curl", *since, "--next", "-s", "-r", "0-9", f"{N}/drive/a.txt", "--next", *since)


@scenario("nginx-http2", "nginx", "curl", "HTTP/2 with prior knowledge", ports=(81,), prefaces=1,
          truth_from="the log of nginx; the preface by what curl did")
def http2(lab):
    lab.run("curl", "-s", "--http2-prior-knowledge", f"{N}:81/api", f"{N}:81/missing",
            may_fail="curl 7.88 asks no second time on a connection of prior knowledge: error 16")
    return []


@scenario("nginx-h2load", "nginx", "h2load", "HTTP/2: 4 connections of 20 streams each", ports=(81,), prefaces=4,
          truth_from="the log of nginx; the prefaces by what h2load did")
def h2load(lab):
    lab.run("h2load", "-n", "240", "-c", "4", "-m", "20", f"{N}:81/api", f"{N}:81/missing",
            f"{N}:81/many/7.txt")


@scenario("nginx-h2load-head", "nginx", "h2load", "HTTP/2: HEAD on one connection", ports=(81,), prefaces=1,
          truth_from="the log of nginx; the preface by what h2load did")
def h2load_bodies(lab):
    lab.run("h2load", "-n", "60", "-c", "1", "-m", "10", "-H", ":method: HEAD", f"{N}:81/drive/a.txt",
            f"{N}:81/many/2.txt")


@scenario("nginx-nghttp", "nginx", "nghttp", "HTTP/2: several paths on one connection, with continued header blocks",
          ports=(81,), prefaces=1, truth_from="the log of nginx; the preface by what nghttp did")
def nghttp(lab):
    lab.run("nghttp", "-n", "--continuation", "-H", "cookie: a=" + "x" * 3000, f"{N}:81/api",
            f"{N}:81/missing", f"{N}:81/drive/a.txt", f"{N}:81/many/7.txt")


@scenario("nginx-h2c-refused", "nginx", "curl", "an upgrade to h2c that the server ignores")
def h2c_refused(lab):
    lab.run("curl", "-s", "--http2", f"{N}/api", f"{N}/missing", f"{N}/api")


@scenario("nginx-ab-keep-alive", "nginx", "ab", "ab -k: HTTP/1.0 with keep-alive, 4 connections", interface="any",
          options=("-y", "LINUX_SLL"))
def ab(lab):
    lab.run("ab", "-q", "-k", "-c", "4", "-n", "100", f"{N}/many/7.txt")


@scenario("apache-ab", "apache", "ab", "ab without keep-alive: 40 connections")
def ab_close(lab):
    lab.run("ab", "-q", "-c", "3", "-n", "40", f"{A}/many/7.txt")


@scenario("nginx-wget-many", "nginx", "wget", "wget of a page and its 100 files on one connection",
          options=("--time-stamp-precision=nano",))
def wget(lab):
    lab.run("wget", "-q", "-r", "-l", "1", "-np", "-P", f"{lab.folder}/got", f"{N}/many/")


@scenario("nginx-post", "nginx", "curl", "uploads whose bodies hold request lines and status lines")
def post(lab):
    path = f"{lab.folder}/body"
    with open(path, "w") as file:
        file.write("GET /inner HTTP/1.1\r\nHost: no\r\n\r\nHTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n" * 150)
    lab.run("curl", "-s", "-H", "Expect:", "--data-binary", f"@{path}", f"{N}/api/up", f"{N}/api/up2")
    lab.run("curl", "-s", "-H", "Expect:", "-H", "Transfer-Encoding: chunked", "--data-binary", f"@{path}", f"{N}/api/c")


@scenario("apache-dav", "apache", "curl", "WebDAV: PROPFIND, MKCOL, PUT, COPY, MOVE, LOCK, DELETE; 207 and 201")
def dav(lab):
    base = f"{A}/drive"
    for method, path, more in (
        ("MKCOL", "/new", []), ("PUT", "/new/f", ["-d", "GET / HTTP/1.1"]), ("PROPFIND", "/", ["-H", "Depth: 1"]),
        ("COPY", "/new/f", ["-H", f"Destination: {base}/g"]), ("MOVE", "/g", ["-H", f"Destination: {base}/h"]),
        ("PROPPATCH", "/h", []), ("OPTIONS", "/", []), ("DELETE", "/h", []), ("DELETE", "/new/", []),
    ):
        lab.run("curl", "-s", "-X", method, *more, base + path)


@scenario("apache-http10", "apache", "curl", "HTTP/1.0 and errors of Apache")
def apache_http10(lab):
    lab.run("curl", "-s", "-0", f"{A}/", f"{A}/missing", f"{A}/many/3.txt")
    lab.run("curl", "-s", f"{A}/many", f"{A}/drive/a.txt", f"{A}/no/such")


@scenario("apache-forward-proxy", "apache", "curl", "a forward proxy: absolute-form on the client's leg", end="client")
def proxy(lab):
    lab.run("curl", "-s", "-x", PROXY, f"{N}/api/1", f"{N}/missing", "http://nowhere.invalid/x")


@scenario("apache-forward-proxy-both", "apache", "curl", "both legs of a forward proxy in one capture",
          servers=("apache", "nginx"), interface="any")
def proxy_both(lab):
    lab.run("curl", "-s", "-x", PROXY, f"{N}/api/1", f"{N}/missing", f"{N}/api/2")


@scenario("apache-connect", "apache", "curl", "CONNECT granted, with HTTP inside that is not counted, and refused",
          end="client")
def connect(lab):
    lab.run("curl", "-s", "-p", "-x", PROXY, f"{N}/api/inner", f"{N}/api/inner2")
    lab.run("curl", "-s", "-p", "-x", PROXY, f"{N}:8080/api/inner", may_fail="it is refused")


@scenario("haproxy-front", "haproxy", "curl", "HAProxy's client side: 200, 403 of its own, 404, chunked through it",
          end="client")
def haproxy(lab):
    lab.run("curl", "-s", f"{H}/api", f"{H}/forbidden/x", f"{H}/missing", f"{H}/chunked", f"{H}/api/2")


@scenario("haproxy-both-legs", "haproxy", "curl", "both sides of HAProxy, with reused backend connections",
          servers=("haproxy", "nginx", "raw"), interface="any")
def haproxy_both(lab):
    for _ in range(4):
        lab.run("curl", "-s", f"{H}/api", f"{H}/chunked/x", f"{H}/missing")


@scenario("node-chunked", "node", "curl", "chunked responses that hold heads, trailers, statuses")
def node_chunked(lab):
    lab.run("curl", "-s", f"{J}/chunked/a", f"{J}/trailers/b", f"{J}/status/404", f"{J}/trailers", f"{J}/status/204",
            f"{J}/status/304", f"{J}/chunked")


@scenario("node-interim", "node", "curl", "103 Early Hints, 102 Processing and 100 Continue before the answer")
def node_interim(lab):
    lab.run("curl", "-s", f"{J}/early/1", f"{J}/processing", f"{J}/early/2")
    lab.run("curl", "-s", "-H", "Expect: 100-continue", "-d", "x" * 2000, f"{J}/up", f"{J}/early/up")
    lab.run("curl", "-s", "-H", "Expect: 100-continue", "-d", "x" * 2000, f"{J}/refuse")


@scenario("node-uploads", "node", "curl", "PUT and chunked POST with requests in the body", options=("-s", "0"))
def node_uploads(lab):
    body = "POST /x HTTP/1.1\r\nContent-Length: 5\r\n\r\n" * 20
    lab.run("curl", "-s", "-X", "PUT", "-d", body, f"{J}/put/1", f"{J}/put/2")
    lab.run("curl", "-s", "-H", "Transfer-Encoding: chunked", "-d", body, f"{J}/post/1", f"{J}/post/2")


@scenario("stdlib-until-close", "stdlib", "curl", "HTTP/1.0 responses without a length, heads in their bodies",
          interface="any")
def stdlib(lab):
    lab.run("curl", "-s", f"{P}/a", f"{P}/missing", f"{P}/c")
    lab.run("curl", "-s", "-I", f"{P}/head")
    lab.run("curl", "-s", "-X", "PURGE", f"{P}/cache/x")
    lab.run("curl", "-s", "-T", "/etc/hostname", f"{P}/put/hostname")


@scenario("nginx-wrk", "nginx", "wrk", "a load by wrk, ended by its script after 120 responses")
def wrk(lab):
    path = f"{lab.folder}/wrk.lua"
    with open(path, "w") as file:
        file.write("local n = 0\nfunction response() n = n + 1; if n == 120 then wrk.thread:stop() end end\n")
    lab.run("wrk", "-t", "1", "-c", "1", "-d", "2", "-s", path, f"{N}/many/5.txt")


@scenario("nginx-loss", "nginx", "curl", "a fifth of the client's packets lost behind the capture: retransmissions")
def loss(lab):
    lab.drop(20)
    lab.run("curl", "-s", "-H", "Cookie: " + "y" * 4000, *[f"{N}/api/{n}" for n in range(12)])
    lab.drop(0)


@scenario("node-loss", "node", "curl", "loss of 30 per cent, seen from the client", end="client")
def node_loss(lab):
    lab.drop(30)
    lab.run("curl", "-s", "-d", "GET / HTTP/1.1\r\n\r\n" * 200, *[f"{J}/chunked/{n}" for n in range(6)])
    lab.drop(0)
