# SPDX-License-Identifier: Apache-2.0
"""The part `live`: a corpus is replayed over a cable, at top speed or at RATE, while a contestant watches its end.

tcpreplay has processor 0, the contestant processor 1. Directly before each, the corpus is replayed with nobody
watching: what tcpreplay's packets then take longer is what the tap, the filter and the copy cost in the kernel, on the
sender's side. What a contestant has not read a minute after the replay counts as not seen.
"""

import os
import statistics

import contestants
import preparing
import report
from network import Network

DEFAULT = "gateway,small,miss"


def once(one, settings, network, path, rate):
    """One replay without and one with the contestant."""
    base = network.replay(path + ".pcap", rate)[1] if rate == "topspeed" else None
    places = settings.places(one)
    process = network.monitor(one, places, cpu=1)
    before = process.cpu_so_far()
    sent, speed = network.replay(path + ".pcap", rate)
    process.drain()
    process.stop()
    asked, answered, lost = one.says(places["run"])
    return dict(sent=sent, packets_per_second=speed, alone=base, cpu=process.cpu - before, requests=asked,
                responses=answered, lost=lost, peak_kib=process.peak, status=process.child.returncode,
                kernel_ns=None if base is None else 1e9 / speed - 1e9 / base)


def show(one, values, truth):
    """The contestant's row."""
    share = [None if value["requests"] is None else
             100 * (value["requests"] + (value["responses"] or 0)) / truth[one.unit] for value in values]
    lost = [value["lost"] for value in values]
    kernel = [value["kernel_ns"] for value in values]
    report.row(one.name, report.spread([value["packets_per_second"] / 1e3 for value in values], "{:.0f}"),
               "-" if None in kernel else report.spread(kernel, "{:+.0f}"),
               "-" if None in share else report.spread(share, "{:.1f}"),
               "-" if None in lost else report.spread(lost, "{:.0f}"),
               report.spread([1e6 * value["cpu"] / value["sent"] for value in values], "{:.3f}"),
               f"{statistics.median(value['peak_kib'] for value in values) / 1024:.0f}")


def measure(settings):
    """Contestants take turns, round by round."""
    rate, rows = os.environ.get("RATE") or "topspeed", []
    if rate != "topspeed" and not rate.isdecimal():
        raise SystemExit(f"RATE is packets a second or topspeed, not {rate}")
    present, _ = contestants.chosen("live", settings.fixed)
    with Network() as network:
        for name in settings.corpora(DEFAULT):
            path, truth = preparing.corpus(settings.folder, name)
            network.replay(path + ".pcap", "topspeed")  # Into the page cache.
            report.table(f"Live: {name}, {'top speed' if rate == 'topspeed' else rate + ' packets/s'}", "contestant",
                         "sent, 1,000 packets/s", "kernel ns a packet", "seen, %", "lost by its own word",
                         "CPU s per M packets", "peak MB")
            data = {one: [] for one in present}
            for number in range(settings.runs):
                for one in settings.turns(present, number):
                    settings.progress(f"live {name}: round {number + 1} of {settings.runs}, {one.name}")
                    data[one].append(once(one, settings, network, path, rate))
            alone = [value["alone"] / 1e3 for values in data.values() for value in values if value["alone"]]
            if alone:
                report.row("(nobody watches)", report.spread(alone, "{:.0f}"), "0", "-", "-", "-", "-")
            for one, values in data.items():
                show(one, values, truth)
                rows.append(dict(corpus=name, rate=rate, name=one.name, truth={key: truth[key] for key in (
                    "packets", "requests", "responses")}, single=values))
    return rows
