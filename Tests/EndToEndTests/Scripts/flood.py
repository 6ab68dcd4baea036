# SPDX-License-Identifier: Apache-2.0
"""Hostile traffic that fills every table at once: flood.py PROGRAM prints the requests sent, those counted by
`PROGRAM read -`, and the most memory that it had resident, in KiB."""
import json
import resource
import struct
import subprocess
import sys

clock = 1_700_000_000_000_000


def packet(source, port, sequence, payload):
    global clock
    clock += 10
    ip = struct.pack(">BBHHHBBHII", 0x45, 0, 40 + len(payload), 0, 0, 64, 6, 0, source, 0x0A000001)
    tcp = struct.pack(">HHIIBBHHH", port, 80, sequence, 1, 0x50, 0x18, 65535, 0, 0)
    length = 40 + len(payload)
    return struct.pack("<IIII", clock // 1_000_000, clock % 1_000_000, length, length) + ip + tcp + payload


def packets():
    # Hosts, sections, clients and ports that come once, each a request that nobody answers.
    for number in range(400_000):
        text = f"GET /s{number}/x HTTP/1.1\r\nHost: h{number}.example{'x' * (number % 200)}.com\r\n\r\n"
        yield packet(0x14000000 + number, 1024 + number % 60_000, 1, text.encode())
    # Heads of 57 KiB that do not end, side by side, and more that need a small place only.
    begin = b"GET /big HTTP/1.1\r\nHost: a\r\nCookie: ".ljust(1450, b"c")
    for part in range(40):
        for flow in range(300):
            yield packet(0x20000000 + flow, 2000, 1 + part * 1450, begin if part == 0 else b"c" * 1450)
    for flow in range(4_000):
        yield packet(0x21000000 + flow, 2000, 1, b"GET /small HTTP/1.1\r\nHost: a\r\nCookie: " + b"c" * 1000)
    # Segments after gaps that nobody fills.
    for flow in range(400):
        yield packet(0x30000000 + flow, 2000, 1, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        for part in range(50):
            yield packet(0x30000000 + flow, 2000, 100_000 + part * 1400, b"z" * 1400)


def main(program):
    command = [program, "read", "--format", "json", "--top", "5", "-"]
    monitor = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    monitor.stdin.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 101))
    for bytes in packets():
        monitor.stdin.write(bytes)
    monitor.stdin.close()
    lines = monitor.stdout.read().splitlines()
    if monitor.wait() != 0:
        raise SystemExit(f"{' '.join(command)} ended with {monitor.returncode}")
    resident = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(400_000 + 300 + 4_000 + 400, json.loads(lines[-1])["requests"], resident)


if __name__ == "__main__":
    main(sys.argv[1])
