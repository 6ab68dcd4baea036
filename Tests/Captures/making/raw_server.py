# SPDX-License-Identifier: Apache-2.0
"""A server of our own on bare sockets: for what no other one does, like answering in odd pieces."""

import json
import re
import socket
import struct
import threading
import time


def head_end(data):
    """Where the first head ends, -1 if it continues; line ends may be bare LF."""
    found = re.search(rb"\n\r?\n", data)
    return found.end() if found else -1


class Peer:
    """One connection."""

    def __init__(self, connection, log):
        self.connection, self.log, self.data = connection, log, b""

    def more(self):
        received = self.connection.recv(65536)
        if not received:
            raise ConnectionError
        self.data += received

    def take(self, count):
        while len(self.data) < count:
            self.more()
        taken, self.data = self.data[:count], self.data[count:]
        return taken

    def line(self):
        while b"\n" not in self.data:
            self.more()
        return self.take(self.data.index(b"\n") + 1)

    def head(self):
        """The start line and the fields of the next request, names in lower case."""
        while True:
            self.data = self.data.lstrip(b"\r\n")
            end = head_end(self.data)
            if self.data and end > 0:
                break
            self.more()
        lines = re.sub(rb"\r?\n[ \t]+", b" ", self.take(end)).decode("latin-1").splitlines()
        fields = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            fields.setdefault(name.strip().lower(), value.strip())
        return lines[0].split(" "), fields

    def body(self, fields):
        """Reads a request's body by its framing."""
        if "chunked" in fields.get("transfer-encoding", ""):
            while (size := int(self.line().split(b";")[0], 16)) > 0:
                self.take(size + 2)
            while self.line().strip():
                pass
        else:
            self.take(int(fields.get("content-length", 0)))

    def note(self, request, fields, status, interim=()):
        """Writes one line of the log."""
        entry = {"method": request[0], "target": request[1], "host": fields.get("host", "")}
        entry |= {"status": status, "interim": list(interim)}
        with open(self.log, "a") as file:
            file.write(json.dumps(entry) + "\n")

    def send(self, data, piece=0, pause=0.002):
        """Sends bytes at once, or in pieces."""
        for start in range(0, len(data), piece or len(data) or 1):
            self.connection.sendall(data[start : start + (piece or len(data))])
            if piece:
                time.sleep(pause)

    def reset(self):
        """Closes by RST."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


def answer(peer, request, fields):
    """Answers one request by the first segment of its path; false when the connection is over."""
    name = request[1].split("?")[0].strip("/").split("/")[0]
    interim = []
    ok = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    if fields.get("expect") == "100-continue":
        peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        interim.append(100)
    peer.body(fields)
    status, continues = 200, True
    if name == "silent":
        time.sleep(0.3)
        peer.note(request, fields, None, interim)
        peer.reset()
        return False
    if name == "early":
        peer.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" * 2)
        interim += [103, 103]
        time.sleep(0.02)
        peer.send(ok)
    elif name == "close":
        peer.send(b"HTTP/1.0 200 OK\r\n\r\nHTTP/1.1 404 Not Found\r\n\r\n")
        time.sleep(0.05)
        peer.send(b"HTTP/1.1 500 no head\r\nContent-Length: 0\r\n\r\n")
        continues = False
    elif name == "pieces":
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789", piece=3)
    elif name == "split":
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r")
        time.sleep(0.02)
        peer.send(b"\n\r\nbodyHTT" if fields.get("x-next") else b"\n\r\nbody")
        if fields.get("x-next"):
            # The second answer begins in the segment that ends the first.
            peer.note(request, fields, 200)
            time.sleep(0.02)
            request, fields = peer.head()
            peer.send(b"P/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            status = 404
    elif name == "chunked":
        peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for chunk in (b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 300):
            peer.send(b"%x;e=1\r\n%s\r\n" % (len(chunk), chunk), piece=40)
        peer.send(b"0\r\nX-Trailer: HTTP/1.1 200 OK\r\n\r\n")
    elif name == "head":
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + (b"" if request[0] == "HEAD" else b"x" * 5000))
    elif name == "status":
        status = int(request[1].split("/")[2])
        empty = status in (204, 304)
        peer.send(b"HTTP/1.1 %d X\r\n%s\r\n" % (status, b"" if empty else b"Content-Length: 0\r\n"))
    elif name == "slow":
        time.sleep(1.0)
        peer.send(ok)
    elif name == "lf":
        peer.send(b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok")
    elif name == "large":
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n" + b"GET / HTTP/1.1\r\n\r\n\r\n" * 1000)
    else:
        peer.send(ok)
    peer.note(request, fields, status, interim)
    return continues and fields.get("connection", "").lower() != "close"


def talk(connection, log):
    """Serves one connection to its end."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    peer = Peer(connection, log)
    try:
        while True:
            request, fields = peer.head()
            if not answer(peer, request, fields):
                break
        connection.close()
    except (OSError, ValueError, IndexError):
        connection.close()


def serve(address, log):
    """Accepts connections until the process ends."""
    listener = socket.create_server((address, 80), backlog=64)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=talk, args=(connection, log), daemon=True).start()
