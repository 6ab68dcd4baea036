#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the captures in `made/` again, with real servers and clients in network namespaces of its own.

Usage: make_captures.py [FOLDER [NAME...]], as root; needs the packages of the group `captures` in Tests/packages:
packaging/install-packages @captures.
"""

import collections
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

from making import (  # noqa: F401
    derived,
    grpc_peers,
    lab,
    scenarios_clients,
    scenarios_grpc,
    scenarios_http2,
    scenarios_raw,
    servers,
    truth,
)
from making.scenario import ALL

LARGEST = 100_000


def packets_in(path):
    """Packets of a capture, by capinfos."""
    words = subprocess.run(["capinfos", "-M", "-T", "-r", "-c", path], check=True, capture_output=True, text=True)
    return int(words.stdout.split("\t")[1])


def write_truth(path, body):
    """Writes the ground truth beside a capture."""
    with open(path + ".truth.json", "w") as file:
        json.dump(body, file, indent=1)
        file.write("\n")


def traffic(laboratory, one, recording):
    """Records a scenario; one that is recorded late runs by itself meanwhile."""
    if not one.late:
        recording.start()
        mark(laboratory, one)
        one.run(laboratory)
    else:
        laboratory.inside(laboratory.client, one.run, laboratory, wait=False)
        time.sleep(one.late)
        mark(laboratory, one)
        recording.start()
        time.sleep(3.0)
    recording.stop()


def mark(laboratory, one):
    """Remembers where the servers' logs end."""
    open(grpc_peers.seen(laboratory), "w").close()
    laboratory.marks = {}
    for server in one.servers:
        path = servers.log(laboratory, server)
        laboratory.marks[server] = os.path.getsize(path) if os.path.exists(path) else 0


def entries(laboratory, one):
    """What the servers wrote since the mark."""
    found = []
    for server in one.servers:
        with open(servers.log(laboratory, server), errors="replace") as file:
            file.seek(laboratory.marks[server])
            lines = [line for line in file.read().splitlines() if line.startswith("{")]
        found += [truth.entry_of(line, lab.address(server)) for line in lines]
    return [entry for entry in found if entry]


def agree(laboratory, one, found):
    """Checks that the clients of gRPC saw each call end as the server ended it, but those that they gave up."""
    with open(grpc_peers.seen(laboratory)) as file:
        seen = collections.Counter(file.read().split())
    if not seen:
        return
    # Through a proxy with both legs recorded, the server's log stands for each of them.
    legs = len(one.servers)
    ended = {name: count // legs for name, count in truth.calls(found)["statuses"].items()}
    if seen != collections.Counter(ended) + collections.Counter(one.given_up):
        raise SystemExit(f"{one.name}: the clients saw {dict(seen)}, the server ended {ended}")


def make(laboratory, one, folder):
    """Makes one capture, and what must be read of it."""
    path = f"{folder}/{one.name}.pcap"
    recording = lab.Recording(laboratory, path, one.end, one.interface, one.options, one.matching)
    traffic(laboratory, one, recording)
    found = entries(laboratory, one)
    if one.late and one.unmatched:
        found = found[len(one.unmatched):]
    if one.interim:
        # Apache logs an upgrade's request twice: with 101, and as what it answers on stream 1.
        found = [entry for entry in found if entry["status"] not in one.interim]
        found[0]["interim"] = one.interim
    agree(laboratory, one, found)
    body = {
        "name": one.name, "server": one.server, "client": one.client, "shows": one.shows, "ports": list(one.ports),
        "truth_from": one.truth_from or f"the log of {' and '.join(one.servers)}",
        "packets": packets_in(path), "truth": truth.of(found, one.direction, one.unmatched, one.prefaces),
    }
    counts = body["truth"]
    if not counts["requests"] + counts["responses"] + counts["http2_prefaces"]:
        raise SystemExit(f"{one.name}: nothing was asked: the capture would show nothing")
    write_truth(path, body)


def derive(folder, name, source, maker, shows):
    """Makes a capture out of another one."""
    kind = "pcapng" if "pcapng" in name or maker is None else "pcap"
    path, base = f"{folder}/{name}.{kind}", f"{folder}/{source}.pcap"
    if not os.path.exists(base):
        return print(f"{name}: skipped, there is no {source}")
    with open(base + ".truth.json") as file:
        body = json.load(file)
    if maker:
        maker(base, path)
    else:
        derived.two_sections(base, f"{folder}/raw-ip.pcap", path)
    body |= {"name": name, "shows": f"{shows}; else as {source}", "packets": packets_in(path)}
    body["truth_from"] += f"; rewritten from {source}"
    if maker is None:
        body["shows"] += "; the second section repeats the first, so nothing counts twice"
    write_truth(path, body)


def check_sizes(folder):
    """Says which captures are too large to be kept."""
    for name in sorted(os.listdir(folder)):
        if os.path.getsize(f"{folder}/{name}") > LARGEST:
            print(f"{name} has more than {LARGEST} bytes")


def main():
    """Makes all captures, or those named."""
    here = os.path.dirname(os.path.abspath(__file__))
    folder = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else f"{here}/made"
    names = sys.argv[2:]
    os.makedirs(folder, exist_ok=True)
    work = tempfile.mkdtemp(prefix="wtcap")
    os.chmod(work, 0o777)
    laboratory = lab.Lab(work)
    try:
        laboratory.open()
        running = servers.start_all(laboratory)
        for one in ALL:
            if names and one.name not in names:
                continue
            if one.server not in running:
                raise SystemExit(f"{one.name}: there is no server {one.server}")
            print(one.name, flush=True)
            make(laboratory, one, folder)
    finally:
        laboratory.close()
        shutil.rmtree(work, ignore_errors=True)
    for name, source, maker, shows in derived.MAKERS:
        if not names or name in names:
            derive(folder, name, source, maker, shows)
    check_sizes(folder)


if __name__ == "__main__":
    main()
