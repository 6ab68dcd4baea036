#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two minutes of visits to a few sites, in waves: quiet, busy, quiet, busy. visits.py ADDRESS SECONDS"""
import http.client
import random
import sys
import time

address, seconds = sys.argv[1], float(sys.argv[2])
random.seed(7)
sites = [("shop.example", 50), ("api.shop.example", 25), ("cdn.shop.example", 12), ("blog.example", 8),
         ("status.example", 3), ("\x1b[2Jevil.example", 1)]
paths = {
    "shop.example": [("/", 4), ("/cart/add", 4), ("/search?q=lamp", 6), ("/item/4711", 9), ("/login", 1), ("/old/page", 1)],
    "api.shop.example": [("/v1/items", 9), ("/v1/stock", 5), ("/upload/photo", 1)],
    "cdn.shop.example": [("/img/logo.png", 5), ("/css/main.css", 3)],
    "blog.example": [("/2026/11/ebpf", 3), ("/feed", 2), ("/old/post", 1)],
    "status.example": [("/health", 1)],
    "\x1b[2Jevil.example": [("/old/\x1b]0;x", 1)],
}


def choose(items):
    return random.choices([item for item, _ in items], [weight for _, weight in items])[0]


def visit(connection):
    site = choose(sites)
    path = choose(paths[site])
    method = "POST" if "cart" in path or "login" in path or "upload" in path else "HEAD" if "health" in path else "GET"
    # putrequest refuses what is hostile; this sends it as it is.
    body = b"a=b" if method == "POST" else b""
    head = f"{method} {path} HTTP/1.1\r\nHost: {site}\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sock.sendall(head.encode("latin-1") + body)
    response = http.client.HTTPResponse(connection.sock, method=method)
    response.begin()
    response.read()
    if response.will_close:
        connection.close()
        connection.connect()


connection = http.client.HTTPConnection(address, 80)
connection.connect()
start = time.monotonic()
while (elapsed := time.monotonic() - start) < seconds:
    wave = elapsed % 40
    rate = 25 + 12 * random.random() if wave < 18 else 90 + 30 * random.random() if wave < 30 else 40 + 10 * random.random()
    visit(connection)
    time.sleep(random.expovariate(rate))
