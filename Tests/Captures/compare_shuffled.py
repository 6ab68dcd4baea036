#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shuffles capture files, doubles a fifth of their packets, and compares what wiretally tells of both.

    compare_shuffled.py PROGRAM FILE...     exit status 1 when any file differs

Packets keep their times, sections of a pcapng file their places. Files without HTTP are left out.
"""
import json
import random
import struct
import subprocess
import sys
import tempfile

SECTION = b"\x0a\x0d\x0d\x0a"
PORTS = "80,81,3128,5000,8000,8080,8888"
SEEDS = (1, 2)


def parts(data):
    """The file as (head, packets) pairs; None when it is broken or of another kind."""
    if data[:4] == SECTION:
        return sections(data)
    if data[:4].hex() not in ("d4c3b2a1", "4d3cb2a1", "a1b2c3d4", "a1b23c4d"):
        return None
    order = "<" if data[0] in (0xD4, 0x4D) else ">"
    packets, at = [], 24
    while at + 16 <= len(data):
        length = 16 + struct.unpack_from(order + "I", data, at + 8)[0]
        if at + length > len(data):
            return None
        packets.append(data[at : at + length])
        at += length
    return [(data[:24], packets)]


def sections(data):
    found, at, order = [], 0, "<"
    while at + 12 <= len(data):
        if data[at : at + 4] == SECTION:
            order = "<" if data[at + 8] == 0x4D else ">"
            found.append((bytearray(), []))
        kind, length = struct.unpack_from(order + "II", data, at)
        # A simple or obsolete packet block has no time, or no place of its own.
        if kind in (2, 3) or length < 12 or at + length > len(data):
            return None
        if kind == 6:
            found[-1][1].append(data[at : at + length])
        else:
            found[-1][0].extend(data[at : at + length])
        at += length
    return found


def counts(program, path):
    run = subprocess.run(
        [program, "read", "--port", PORTS, "--format", "json", path], capture_output=True, text=True
    )
    if not run.stdout:
        return None
    line = json.loads(run.stdout.splitlines()[-1])
    names = "requests responses successes failures exchanges unmatchedResponses aborted timedOut unknown inFlight methods statuses".split()
    sites = {s["site"]: [s["requests"], s["successes"], s["failures"]] for s in line["sites"]}
    return {name: line[name] for name in names} | {"sites": sites}


def main(program, paths):
    read = differ = 0
    for path in paths:
        with open(path, "rb") as file:
            found = parts(file.read())
        truth = counts(program, path) if found and sum(len(p) for _, p in found) > 1 else None
        if not truth or truth["requests"] + truth["responses"] == 0:
            continue
        read += 1
        for seed in SEEDS:
            chance = random.Random(seed)
            with tempfile.NamedTemporaryFile() as shuffled:
                for head, packets in found:
                    mixed = packets + [p for p in packets if chance.random() < 0.2]
                    chance.shuffle(mixed)
                    shuffled.write(bytes(head) + b"".join(mixed))
                shuffled.flush()
                if counts(program, shuffled.name) != truth:
                    print(f"{path}: seed {seed} tells otherwise")
                    differ += 1
                    break
    print(f"{read} captures with HTTP, {differ} differ")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
