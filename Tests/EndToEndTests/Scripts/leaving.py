# SPDX-License-Identifier: Apache-2.0
"""Clients that close before the answer, and the server that gives none.

leaving.py silent          a server on port 8009 of this host that takes connections and answers nothing
leaving.py fin ADDRESS     three clients that close their side and wait for what the server does
leaving.py rst ADDRESS     three that reset the connection
"""

import socket
import struct
import sys
import time


def leave(kind, address, number):
    client = socket.create_connection((address, 80))
    client.sendall(b"GET /hang/%d HTTP/1.1\r\nHost: leaving.example\r\n\r\n" % number)
    # The server has read that request once it has answered the next one.
    with socket.create_connection((address, 80)) as other:
        other.sendall(b"GET /echo HTTP/1.0\r\n\r\n")
        while other.recv(4096):
            pass
    if kind == "fin":
        client.shutdown(socket.SHUT_WR)
        client.recv(1)
    else:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


if sys.argv[1] == "silent":
    with socket.create_server(("127.0.0.1", 8009), backlog=128):
        time.sleep(600)
for index in range(3):
    leave(sys.argv[1], sys.argv[2], index)
