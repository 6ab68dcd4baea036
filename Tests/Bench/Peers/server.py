# SPDX-License-Identifier: Apache-2.0
"""The part `server`: how many of its requests a second a busy nginx keeps while a contestant watches: A B A B.

nginx (one worker) has processor 0, wrk (one thread, 32 connections) processor 1, and both are saturated; the contestant
runs where the scheduler puts it, or on MONITOR_CPU. Each ratio is of a run with it and the run directly before.
"""

import os
import re
import statistics
import subprocess
import time

import contestants
import report
from counts import read
from network import CLIENTS, SERVERS, Network, inside
from processes import Process

CONFIGURATION = """worker_processes 1; daemon off; pid {run}/pid; error_log {run}/error.log; user root;
events {{ worker_connections 512; }}
http {{ access_log off; client_body_temp_path {run}/b; proxy_temp_path {run}/p; fastcgi_temp_path {run}/f;
 uwsgi_temp_path {run}/u; scgi_temp_path {run}/s; keepalive_requests 100000000; sendfile on;
 server {{ listen 80; root {run}/www; }} }}
"""
# Where the clients are, whom they ask, and the device that is watched.
PIPELINES = {"veth": (CLIENTS, "192.0.2.2", "vb"), "loopback": (SERVERS, "127.0.0.1", "lo")}


class WebServer:
    """nginx in the servers' namespace while it is needed."""

    def __init__(self, settings):
        self.run = settings.fresh("nginx")
        os.makedirs(self.run + "/www")
        with open(self.run + "/www/x", "wb") as file:
            file.write(b"x" * int(os.environ.get("SIZE") or 1024))
        with open(self.run + "/nginx.conf", "w") as file:
            file.write(CONFIGURATION.format(run=self.run))

    def __enter__(self):
        command = ["nginx", "-c", self.run + "/nginx.conf", "-e", self.run + "/error.log"]
        self.process = Process(inside(SERVERS, command), self.run, 0)
        end = time.monotonic() + 20
        # It writes its number when it listens.
        while not read(self.run + "/pid"):
            if self.process.ended or time.monotonic() > end:
                self.process.stop()
                raise SystemExit(f"nginx does not start: {self.process.complaint()}")
            time.sleep(0.1)
        return self

    def __exit__(self, *_):
        self.process.stop()


def load(pipeline, seconds):
    """Requests in one run of wrk, and requests a second."""
    namespace, address, _ = PIPELINES[pipeline]
    done = subprocess.run(["taskset", "-c", "1"] + inside(namespace, [
        "wrk", "-t1", "-c32", f"-d{seconds}s", f"http://{address}/x"]), capture_output=True, text=True)
    found = re.search(r"(\d+) requests in .*Requests/sec:\s+([\d.]+)", done.stdout, re.S)
    if not found or "Non-2xx" in done.stdout:
        raise SystemExit(f"wrk failed: {(done.stdout + done.stderr).strip()[-300:]}")
    return int(found[1]), float(found[2])


def pair(one, settings, network, pipeline, seconds):
    """A run without the contestant, then one with it."""
    _, alone = load(pipeline, seconds)
    places = settings.places(one)
    process = network.monitor(one, places, PIPELINES[pipeline][2], os.environ.get("MONITOR_CPU") or None)
    before = process.cpu_so_far()
    requests, watched = load(pipeline, seconds)
    process.drain(20)
    process.stop()
    asked, answered, lost = one.says(places["run"])
    return dict(alone=alone, watched=watched, ratio=watched / alone, requests=requests,
                cpu_per_million=1e6 * (process.cpu - before) / requests,
                seen=None if asked is None or one.unit == "packets" else (asked + (answered or 0)) / (2 * requests),
                lost=lost, peak_kib=process.peak)


def collect(settings, turns):
    """All pairs by pipeline and contestant, which take turns, round by round; and the cable's offloads."""
    seconds = settings.seconds
    data = {turn: [] for turn in turns}
    with Network() as network, WebServer(settings):
        for pipeline in {pipeline for pipeline, _ in turns}:
            load(pipeline, 1)
        for number in range(settings.runs):
            for pipeline, one in data:
                settings.progress(f"server {pipeline}: round {number + 1} of {settings.runs}, {one.name}")
                data[pipeline, one].append(pair(one, settings, network, pipeline, seconds))
        offloads = re.findall(r"(?:tcp-segmentation|generic-segmentation|generic-receive)-offload: \w+", subprocess.run(
            inside(SERVERS, ["ethtool", "-k", "vb"]), capture_output=True, text=True, check=True).stdout)
    return data, offloads


def watched(one, settings, network, server, pipeline):
    """A run with the contestant: requests a second, and microseconds of nginx's processor time a request."""
    process = network.monitor(one, settings.places(one), PIPELINES[pipeline][2], os.environ.get("MONITOR_CPU") or None)
    before = server.process.cpu_so_far()
    requests, rate = load(pipeline, settings.seconds)
    spent = server.process.cpu_so_far() - before
    process.stop()
    return rate, 1e6 * spent / requests


def collect_adjacent(settings, two, pipelines):
    """By pipeline, at least ten pairs of runs with one of two contestants and directly after it with the other; who comes
    first changes from pair to pair."""
    data = {pipeline: [] for pipeline in pipelines}
    with Network() as network, WebServer(settings) as server:
        for pipeline in pipelines:
            load(pipeline, 1)
            for number in range(max(10, settings.runs)):
                settings.progress(f"server {pipeline}: pair {number + 1}, {' and '.join(one.name for one in two)}")
                turn = 1 if number % 2 == 0 else -1
                data[pipeline].append(tuple(watched(one, settings, network, server, pipeline) for one in two[::turn])[::turn])
    return data


def measure(settings):
    """The table of the part."""
    pipelines = (os.environ.get("PIPELINES") or "veth").split(",")
    if set(pipelines) - set(PIPELINES):
        raise SystemExit(f"PIPELINES is a list of {', '.join(PIPELINES)}")
    present, _ = contestants.chosen("server", settings.fixed)
    data, offloads = collect(settings, [(pipeline, one) for pipeline in pipelines for one in present])
    rows = []
    for pipeline in pipelines:
        report.table(f"Server: nginx and wrk saturated, {pipeline}, pairs of {settings.seconds} s: {settings.runs}",
                     "contestant", "requests/s without", "with", "ratio kept", "CPU s per M requests",
                     "messages seen, %", "lost by its own word")
        for (where, one), pairs in data.items():
            if where != pipeline:
                continue
            seen, lost = ([value[key] for value in pairs] for key in ("seen", "lost"))
            report.row(one.name, report.spread([value["alone"] for value in pairs], "{:.0f}"),
                       report.spread([value["watched"] for value in pairs], "{:.0f}"),
                       report.spread([value["ratio"] for value in pairs]),
                       report.spread([value["cpu_per_million"] for value in pairs]),
                       "-" if None in seen else report.spread([100 * share for share in seen], "{:.1f}"),
                       "-" if None in lost else report.spread(lost, "{:.0f}"))
            rows.append(dict(pipeline=pipeline, name=one.name, offloads=offloads, single=pairs))
    print(f"\nOffloads of the cable: {', '.join(offloads)}.")
    return rows


def rows_for_bench(settings):
    """wiretally alone, as rows of the benchmark's table: stage, fastest, median, unit."""
    ebpf, libpcap = (one for one in contestants.ALL if one.name in ("wiretally", "wiretally-pcap"))
    unowned = ebpf._replace(name="wiretally-no-owners", live=ebpf.live + " --no-owners")
    names = {ebpf: "eBPF", libpcap: "libpcap", unowned: "eBPF, --no-owners"}
    words = {"veth": "a veth pair", "loopback": "loopback"}
    data, _ = collect(settings, [("veth", ebpf), ("veth", libpcap), ("loopback", ebpf)])
    for pipeline in words:
        pairs = [(one, values) for (where, one), values in data.items() if where == pipeline]
        alone = [value["alone"] for _, values in pairs for value in values]
        report.row(f"nginx over {words[pipeline]}, alone", f"{max(alone):.0f}", f"{statistics.median(alone):.0f}",
                   "requests a second")
        for one, values in pairs:
            watched = [value["watched"] for value in values]
            kept = report.spread([100 * value["ratio"] for value in values], "{:.0f}")
            report.row(f"nginx over {words[pipeline]}, wiretally watching by {names[one]}",
                       f"{max(watched):.0f}", f"{statistics.median(watched):.0f}", f"requests a second; {kept} % kept")
    for pipeline, pairs in collect_adjacent(settings, (unowned, ebpf), words).items():
        kept, more = zip(*((100 * owned[0] / other[0], owned[1] - other[1]) for other, owned in pairs), strict=True)
        report.row(f"nginx over {words[pipeline]}, with processes beside without, {len(pairs)} pairs", "",
                   report.spread(kept, "{:.0f}"), "% of the requests kept")
        report.row(f"nginx over {words[pipeline]}, the same, its worker's processor time", "", report.spread(more),
                   f"µs a request more; {report.spread([other[1] for other, _ in pairs])} without")
