# SPDX-License-Identifier: Apache-2.0
"""A client of HTTP/2 by the h2 library, for what others rarely send: padding, trailers, resets, other table sizes."""

import socket
import time


class Peer:
    """One connection, on which requests are sent and their responses awaited."""

    def __init__(self, address, port=81, piece=0, prefix=b""):
        import h2.config
        import h2.connection

        self.authority = f"{address}:{port}"
        self.piece = piece
        self.socket = socket.create_connection((address, port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connection = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self.socket.sendall(prefix)
        self.connection.initiate_connection()
        self.open = set()
        self.flush()

    def flush(self):
        """Sends what the library has written, in pieces if they are wanted."""
        data = self.connection.data_to_send()
        if not self.piece:
            return self.socket.sendall(data)
        for start in range(0, len(data), self.piece):
            self.socket.sendall(data[start:start + self.piece])
            time.sleep(0.001)

    def ask(self, path, method="GET", headers=(), body=None, padding=None, trailers=None, **options):
        """Sends one request; returns its stream."""
        stream = self.connection.get_next_available_stream_id()
        fields = [(":method", method), (":scheme", "http"), (":authority", self.authority), (":path", path), *headers]
        self.connection.send_headers(stream, fields, end_stream=body is None and trailers is None, **options)
        if body is not None:
            self.connection.send_data(stream, body, end_stream=trailers is None, pad_length=padding)
        if trailers is not None:
            self.connection.send_headers(stream, trailers, end_stream=True)
        self.open.add(stream)
        self.flush()
        return stream

    def cancel(self, stream):
        """Gives a request up."""
        self.connection.reset_stream(stream, 8)
        self.open.discard(stream)
        self.flush()

    def settings(self, values):
        """Changes settings."""
        self.connection.update_settings(values)
        self.flush()

    def ping(self):
        """Asks for a sign of life."""
        self.connection.ping(b"12345678")
        self.flush()

    def wait(self):
        """Reads until all requests are over."""
        self.wait_for(len(self.open))

    def wait_for(self, count):
        """Reads until this many of the open requests are over."""
        import h2.events

        over = (h2.events.StreamEnded, h2.events.StreamReset)
        rest = len(self.open) - count
        while len(self.open) > rest:
            data = self.socket.recv(65536)
            if not data:
                raise RuntimeError(f"the server left, streams {sorted(self.open)} open")
            for event in self.connection.receive_data(data):
                if isinstance(event, over):
                    self.open.discard(event.stream_id)
                if isinstance(event, h2.events.DataReceived):
                    self.connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            self.flush()

    def close(self):
        """Says goodbye."""
        self.connection.close_connection()
        self.flush()
        self.socket.close()


def talk(address, script, piece=0, port=81, prefix=b""):
    """Makes a connection and lets a script use it, after a prefix."""
    peer = Peer(address, port, piece, prefix)
    script(peer)
    peer.wait()
    peer.close()
    time.sleep(0.2)
