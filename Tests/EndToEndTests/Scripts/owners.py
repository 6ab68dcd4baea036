#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Servers and clients of one connection or few, by the ways in which processes come by connections.

owners.py serve HOW PORT    how: plain, activated, passed, uring, async, mptcp, renamed, sockmap; says "ready" once it listens
owners.py ask HOW HOST PORT PATH...    how: plain, mptcp, renamed, executed; each path on the same connection
"""
import array
import ctypes
import mmap
import os
import platform
import socket
import struct
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
MPTCP = 262


def name(text):
    """The process's name, which the kernel has of its main thread."""
    if LIBC.prctl(15, text.encode() + b"\0", 0, 0, 0) != 0:
        sys.exit("prctl")


def ready():
    print("ready", flush=True)


def listen(port, protocol=0):
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("0.0.0.0", port))
    listener.listen(64)
    return listener


def serve(listener, between=lambda: None):
    while True:
        connection, _ = listener.accept()
        while connection.recv(4096):
            connection.sendall(ANSWER)
            between()
        connection.close()


def activated(port):
    """The listener is another process's, which executes the server with it, as systemd does."""
    name("listening")
    listener = listen(port)
    ready()
    if os.fork() == 0:
        os.set_inheritable(listener.fileno(), True)
        os.execv(sys.executable, [sys.executable, __file__, "inherit", str(listener.fileno())])
    os.wait()


def passed(port):
    """The listener is handed over to a process that had no part in it."""
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    if os.fork() == 0:
        name("taking")
        _, data, _, _ = there.recvmsg(1, socket.CMSG_SPACE(4))
        number = array.array("i", data[0][2])[0]
        serve(socket.socket(fileno=number))
    name("handing")
    listener = listen(port)
    here.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [listener.fileno()]))])
    listener.close()
    ready()
    os.wait()


class Ring:
    """io_uring with one entry at a time, by its system calls: include/uapi/linux/io_uring.h."""

    def __init__(self, flags):
        parameters = ctypes.create_string_buffer(120)
        self.flags = flags
        self.number = LIBC.syscall(425, 4, parameters)
        if self.number < 0:
            sys.exit(f"io_uring_setup: {os.strerror(ctypes.get_errno())}")
        fields = struct.unpack_from("30I", parameters)
        (self.head, self.tail, self.mask, _, _, _, self.array), (self.done, self.last, self.done_mask, _, _, self.results) = fields[10:17], fields[20:26]
        self.submission = mmap.mmap(self.number, self.array + fields[0] * 4, offset=0)
        self.completion = mmap.mmap(self.number, self.results + fields[1] * 16, offset=0x8000000)
        self.entries = mmap.mmap(self.number, fields[0] * 64, offset=0x10000000)

    @staticmethod
    def word(memory, offset, value=None):
        if value is not None:
            struct.pack_into("I", memory, offset, value & 0xFFFFFFFF)
        return struct.unpack_from("I", memory, offset)[0]

    def call(self, operation, file, address=0, length=0):
        """Has the kernel do one operation, and returns its result."""
        tail = self.word(self.submission, self.tail)
        slot = tail & self.word(self.submission, self.mask)
        struct.pack_into("<BBHiQQII32x", self.entries, slot * 64, operation, self.flags, 0, file, 0, address, length, 0)
        self.word(self.submission, self.array + slot * 4, slot)
        self.word(self.submission, self.tail, tail + 1)
        if LIBC.syscall(426, self.number, 1, 1, 1, None, 0) < 0:
            sys.exit("io_uring_enter")
        done = self.word(self.completion, self.done)
        place = self.results + (done & self.word(self.completion, self.done_mask)) * 16
        result = struct.unpack_from("<i", self.completion, place + 8)[0]
        self.word(self.completion, self.done, done + 1)
        return result


def uring(port, flags=0):
    """Accepts, receives and sends by io_uring; with IOSQE_ASYNC in the kernel's workers."""
    accept, send, receive = 13, 26, 27
    ring, listener = Ring(flags), listen(port)
    memory, answer = ctypes.create_string_buffer(4096), ctypes.create_string_buffer(ANSWER)
    ready()
    while True:
        connection = ring.call(accept, listener.fileno())
        if connection < 0:
            sys.exit(f"accept: {os.strerror(-connection)}")
        while ring.call(receive, connection, ctypes.addressof(memory), 4096) > 0:
            ring.call(send, connection, ctypes.addressof(answer), len(ANSWER))
        os.close(connection)


def bpf(command, attributes):
    """The system call bpf: include/uapi/linux/bpf.h."""
    number = {"x86_64": 321, "aarch64": 280}[platform.machine()]
    memory = ctypes.create_string_buffer(attributes, 128)
    result = LIBC.syscall(number, command, memory, 128)
    if result < 0:
        sys.exit(f"bpf {command}: {os.strerror(ctypes.get_errno())}")
    return result


class SocketMap:
    """Two sockets, each of which sends what the other one receives, without a process: a map and a program of the kernel's."""

    def __init__(self, port):
        self.map = bpf(0, struct.pack("<4I", 15, 4, 4, 2))
        code = [
            (0x61, 0x12, 136, 0),  # r2 = skb->local_port
            (0xB7, 0x03, 0, 0),  # r3 = 0: the client's
            (0x55, 0x02, 1, port),  # unless it came from there
            (0xB7, 0x03, 0, 1),
            (0x18, 0x12, 0, self.map), (0, 0, 0, 0),  # r2 = the map
            (0xB7, 0x04, 0, 0), (0x85, 0, 0, 52),  # bpf_sk_redirect_map(skb, map, r3, 0)
            (0x95, 0, 0, 0),
        ]
        self.code = ctypes.create_string_buffer(b"".join(struct.pack("<BBhi", *step) for step in code))
        self.license = ctypes.create_string_buffer(b"GPL")
        program = bpf(5, struct.pack("<IIQQ", 14, len(code), ctypes.addressof(self.code), ctypes.addressof(self.license)))
        bpf(8, struct.pack("<3I", self.map, program, 5))

    def join(self, client, server):
        # The client's last: what comes from it has somewhere to go.
        for place, connection in ((1, server), (0, client)):
            key, value = struct.pack("<I", place), struct.pack("<I", connection.fileno())
            self.key, self.value = ctypes.create_string_buffer(key), ctypes.create_string_buffer(value)
            bpf(2, struct.pack("<IIQQQ", self.map, 0, ctypes.addressof(self.key), ctypes.addressof(self.value), 0))


def sockmap(port):
    """A proxy to port 80 whose data the kernel moves: it receives only what came before that."""
    listener, joined = listen(port), SocketMap(port)
    ready()
    while True:
        client, _ = listener.accept()
        server = socket.create_connection((client.getsockname()[0], 80))
        joined.join(client, server)
        client.setblocking(False)
        try:
            server.sendall(client.recv(4096))
        except BlockingIOError:
            pass
        client.setblocking(True)
        wait_for_end(client)
        client.close()
        server.close()


def wait_for_end(client):
    while True:
        try:
            if client.recv(4096):
                sys.exit("the kernel has left data to the process")
            return
        except BlockingIOError:
            # It was woken for data that the kernel has passed on: tcp_bpf_recvmsg.
            pass


def main_serve(how, port):
    name(how)
    if how == "sockmap":
        return sockmap(port)
    if how in ("activated", "passed"):
        return activated(port) if how == "activated" else passed(port)
    if how in ("uring", "async"):
        return uring(port, 16 if how == "async" else 0)
    listener = listen(port, MPTCP if how == "mptcp" else 0)
    ready()
    return serve(listener, (lambda: name("second")) if how == "renamed" else (lambda: None))


def exchange(connection, path):
    connection.sendall(b"GET /%s HTTP/1.1\r\nHost: owners.example\r\n\r\n" % path.encode())
    if not connection.recv(4096).startswith(b"HTTP/1.1 200"):
        sys.exit("no answer")


def main_ask(how, host, port, *paths):
    name(f"ask-{how}")
    connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM, MPTCP if how == "mptcp" else 0)
    connection.connect((host, int(port)))
    for place, path in enumerate(paths):
        if place == 1 and how == "renamed":
            name("ask-second")
        if place == 1 and how == "executed":
            os.set_inheritable(connection.fileno(), True)
            os.execv(sys.executable, [sys.executable, __file__, "continue", str(connection.fileno()), *paths[1:]])
        exchange(connection, path)


def main():
    how, *rest = sys.argv[1:]
    if how == "serve":
        main_serve(rest[0], int(rest[1]))
    elif how == "ask":
        main_ask(*rest)
    elif how == "inherit":
        name("executed")
        serve(socket.socket(fileno=int(rest[0])))
    elif how == "continue":
        # As the kernel named it: by the program that was executed.
        connection = socket.socket(fileno=int(rest[0]))
        for path in rest[1:]:
            exchange(connection, path)
    else:
        sys.exit(__doc__)


main()
