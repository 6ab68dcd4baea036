# SPDX-License-Identifier: Apache-2.0
"""A client on bare sockets: it sends what it is asked to, in the pieces it is asked to."""

import socket
import struct
import time

from .lab import HOSTS, address


def get(target, host="raw.test", more=""):
    """The head of a GET."""
    return f"GET {target} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n".encode("latin-1")


def post(target, body, host="raw.test", more="", method="POST"):
    """A request with a body of known length."""
    head = f"{method} {target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode("latin-1") + body


def dial(server, port=80, source_port=0):
    """A connection to a server, by its name or its address."""
    where = address(server) if server in HOSTS else server
    family = socket.AF_INET6 if ":" in where else socket.AF_INET
    connection = socket.socket(family, socket.SOCK_STREAM)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if source_port:
        connection.bind(("", source_port))
    connection.connect((where, port))
    return connection


def read(connection, quiet=0.15):
    """Reads until nothing comes for a while, or the end."""
    connection.settimeout(quiet)
    received = b""
    try:
        while data := connection.recv(65536):
            received += data
    except OSError:
        pass
    connection.settimeout(None)
    return received


def steps(server, pieces, port=80, pause=0.0, quiet=0.15, source_port=0, by_reset=False):
    """Sends each piece, waits `pause`, and reads after each when there is none; then closes.

    A number among the pieces is a time to sleep.
    """
    connection = dial(server, port, source_port)
    for piece in pieces:
        if isinstance(piece, float):
            time.sleep(piece)
            continue
        connection.sendall(piece)
        if pause:
            time.sleep(pause)
        else:
            read(connection, quiet)
    read(connection, quiet)
    if by_reset:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def cut(data, sizes):
    """Cuts bytes into pieces of these sizes, over and over."""
    pieces, start, turn = [], 0, 0
    while start < len(data):
        pieces.append(data[start : start + sizes[turn % len(sizes)]])
        start += sizes[turn % len(sizes)]
        turn += 1
    return pieces
