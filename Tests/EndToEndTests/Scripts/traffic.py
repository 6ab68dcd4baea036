# SPDX-License-Identifier: Apache-2.0
"""Traffic that ordinary clients do not make. Run inside a network namespace.

  inject NAME          frames, one a line in hexadecimal on standard input, out of an interface
  tun NAME             the same as IP packets into a tun device
  tap NAME GSO         frames into a tap device with a virtio header that says how they were put together
  frags NAME           frames into a tap device in pieces, each a page fragment of the packet
  slow HOST SIZE GAP   requests from standard input, one a line, written SIZE bytes at a time, GAP ms apart
  pipeline HOST N      N requests in one write on one connection
  sink PORT            a server that reads everything and says nothing
"""
import fcntl
import os
import socket
import struct
import sys
import time

IFF_TUN, IFF_TAP, IFF_NAPI, IFF_NAPI_FRAGS, IFF_NO_PI, IFF_VNET_HDR = 1, 2, 0x10, 0x20, 0x1000, 0x4000
TUNSETIFF = 0x400454CA
ETHERNET = 14


def frames():
    for line in sys.stdin:
        if line.strip():
            yield bytes.fromhex(line.strip())


def attach(name, flags):
    device = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", name.encode(), flags | IFF_NO_PI))
    time.sleep(0.1)
    return device


def inject(name):
    out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    out.bind((name, 0))
    for frame in frames():
        out.send(frame)


def tun(name):
    device = attach(name, IFF_TUN)
    for packet in frames():
        os.write(device, packet)


def tap(name, size):
    device = attach(name, IFF_TAP | IFF_VNET_HDR)
    for frame in frames():
        is6 = frame[12:14] == b"\x86\xdd"
        network = 40 if is6 else (frame[ETHERNET] & 15) * 4
        header = ETHERNET + network + 20
        # Flags NEEDS_CSUM, GSO type TCPv4 or TCPv6, lengths, and where the checksum is to go.
        virtio = struct.pack("<BBHHHH", 1, 4 if is6 else 1, header, size, ETHERNET + network, 16)
        os.write(device, virtio + frame)


def frags(name):
    device = attach(name, IFF_TAP | IFF_VNET_HDR | IFF_NAPI | IFF_NAPI_FRAGS)
    for frame in frames():
        # The Ethernet header alone is linear; IP and TCP headers lie in several fragments.
        cuts = [0, ETHERNET, ETHERNET + 7, ETHERNET + 23, ETHERNET + 45, len(frame)]
        pieces = [frame[a:b] for a, b in zip(cuts, cuts[1:])]
        os.writev(device, [bytes(10)] + pieces)
        time.sleep(0.002)


def connect(host):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    client = socket.socket(family, socket.SOCK_STREAM)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.connect((host, 80))
    client.settimeout(10)
    return client


def slow(host, size, gap):
    for line in sys.stdin:
        text = line.strip().encode().decode("unicode_escape").encode()
        client = connect(host)
        for at in range(0, len(text), size):
            client.send(text[at : at + size])
            time.sleep(gap / 1000)
        client.recv(65536)
        client.close()


def pipeline(host, count):
    client = connect(host)
    request = "GET /echo?%d HTTP/1.1\r\nHost: pipe.example\r\n\r\n"
    client.send("".join(request % n for n in range(count)).encode())
    got = b""
    while got.count(b"HTTP/1.1 200") < count:
        got += client.recv(65536)
    client.close()


def sink(port):
    server = socket.create_server(("", port))
    while True:
        client, _ = server.accept()
        while client.recv(65536):
            pass
        client.close()


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    globals()[command](*(int(a) if a.isdigit() else a for a in arguments))
