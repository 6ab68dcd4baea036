#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the capture files that the contestants read, and their ground truth: the same bytes from the same seed, anywhere.

Usage: corpora.py [--out FOLDER] [--seed 7] [NAME...]; all names without one. NAME_s is a tenth of NAME.

gateway  1,000,000 packets: keep-alive connections of some 8 pairs, 200 hosts (Zipf), 30 sections a host, heads of
         400-900 bytes (0.5 % longer than a segment), bodies over several segments, 25 % chunked, 10 % IPv6, 10 % with a
         VLAN tag; 70 % of the packets are HTTP (ports 80 and 8080), 30 % noise (TLS, SSH, DNS, QUIC, ARP)
short    1,000,000 packets: connections as gateway's, but of one request each, and nothing else
small    1,000,000 packets: smallest requests and responses back to back
miss     500,000 packets: bulk bodies on port 80 and other ports, almost no heads
tricky   some thousand packets: heads split inside the method, pipelining, bodies that look like heads,
         retransmission, reordering; its ground truth is that of a reader who puts streams together

FOLDER/NAME.json holds packets, requests and responses, by method, status, host, section and link. No packet is longer
than an MTU of 1500 (and a tag) allows, so the files can be replayed.
"""

import argparse
import json
import os
import time
from collections import Counter

import frames
from traffic import Traffic

PACKETS = {"gateway": 1_000_000, "short": 1_000_000, "small": 1_000_000, "miss": 500_000, "tricky": 0}
NAMES = ["gateway", "short", "small", "miss", "tricky", "gateway_s", "short_s", "small_s", "miss_s"]


def fill(traffic, kind, packets):
    """Adds the conversations of a kind, in the order of their times."""
    rng, span = traffic.rng, packets * 20  # 50,000 packets a second of the file's time
    if kind == "gateway":
        while len(traffic.pk) < packets * 7 // 10:
            traffic.http_conn(rng.randrange(span), max(1, int(rng.gauss(8, 3))))
    elif kind == "short":
        while len(traffic.pk) < packets:
            traffic.http_conn(rng.randrange(span), 1)
    elif kind == "small":
        while len(traffic.pk) + 1006 <= packets:
            traffic.small_conn(rng.randrange(span), 500)
    elif kind == "miss":
        while len(traffic.pk) < packets * 3 // 4:
            traffic.bulk_conn(rng.randrange(span), packets // 200)
    else:
        tricks = ("split", "pipeline", "decoy", "retransmit", "reorder")
        for number in range(40):
            traffic.tricky_conn(number * 50000, tricks[number % 5])
    traffic.truth["http_port_packets"] = len(traffic.pk)
    if kind in ("gateway", "miss"):
        while len(traffic.pk) < packets:
            traffic.noise(rng.randrange(span), packets - len(traffic.pk))
        del traffic.pk[packets:]
    traffic.truth["packets"] = len(traffic.pk)
    # Stable: a connection keeps its own order.
    traffic.pk.sort(key=lambda packet: packet[0])


def make(folder, name, seed=7):
    """Makes one file and its ground truth, which is written last: where it is, the file is whole. Returns the ground truth."""
    kind = name.removesuffix("_s")
    traffic = Traffic(seed)
    fill(traffic, kind, PACKETS[kind] // (10 if name.endswith("_s") else 1))
    path = os.path.join(folder, name)
    frames.write(path + ".pcap", traffic.pk)
    truth = {key: dict(sorted(value.items())) if isinstance(value, Counter) else value
             for key, value in traffic.truth.items()}
    truth["bytes"] = os.path.getsize(path + ".pcap")
    truth["messages"] = truth["requests"] + truth["responses"]
    with open(path + ".json.new", "w") as file:
        json.dump(truth, file, indent=1)
    os.rename(path + ".json.new", path + ".json")
    return truth


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", default=os.environ.get("BENCH_DIR") or "/tmp/wiretally-bench")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("name", nargs="*")
    wanted = parser.parse_args()
    os.makedirs(wanted.out, exist_ok=True)
    for name in wanted.name or NAMES:
        if name not in NAMES:
            parser.error(f"there is no corpus {name}: choose from {', '.join(NAMES)}")
        start = time.monotonic()
        truth = make(wanted.out, name, wanted.seed)
        print(f"{name:10} {truth['packets']:8} packets {truth['bytes'] >> 20:5} MB {truth['requests']:7} requests "
              f"{truth['responses']:7} responses  {time.monotonic() - start:.1f} s", flush=True)


if __name__ == "__main__":
    main()
