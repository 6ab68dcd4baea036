#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asks a server over TLS, and once more on the same connection when its input ends: ask_twice.py ADDRESS PORT PATH."""
import http.client
import ssl
import sys

address, port, path = sys.argv[1:]
client = http.client.HTTPSConnection(address, int(port), context=ssl._create_unverified_context())
for _ in range(2):
    client.request("GET", path)
    client.getresponse().read()
    sys.stdin.read()
