# SPDX-License-Identifier: Apache-2.0
"""The part `filter`: what the eBPF programs of contestants take for a packet, by the kernel's own statistics.

The same replay as `live`, at top speed. What the kernel measures has its own cost, two reads at the clock for each run,
in all figures alike; so they are to be read beside one another. The kernel keeps them for eBPF alone.
"""

import os
import re

import contestants
import preparing
import report
from counts import read
from network import Network

DEFAULT = "gateway,small,miss"
SWITCH = "/proc/sys/kernel/bpf_stats_enabled"


class Statistics:
    """Has the kernel measure meanwhile."""

    def __enter__(self):
        self.before = read(SWITCH)
        if not self.before:
            raise SystemExit("this kernel keeps no statistics of BPF programs (before 5.1)")
        self.set(b"1")

    def __exit__(self, *_):
        self.set(self.before)

    @staticmethod
    def set(value):
        with open(SWITCH, "wb") as file:
            file.write(value)


def spent(process):
    """Nanoseconds and runs of the process's busiest BPF program so far; kernel/bpf/syscall.c, bpf_prog_show_fdinfo."""
    folder, found = f"/proc/{process.child.pid}/fdinfo/", [(0, 0)]
    for name in os.listdir(folder):
        values = dict(re.findall(rb"(?m)^(run_time_ns|run_cnt):\s+(\d+)$", read(folder + name) or b""))
        if len(values) == 2:
            found.append((int(values[b"run_time_ns"]), int(values[b"run_cnt"])))
    return max(found, key=lambda pair: pair[1])


def once(one, settings, network, path):
    """Nanoseconds a packet in one replay, or None where there is no such program."""
    process = network.monitor(one, settings.places(one), cpu=1)
    time, runs = spent(process)
    network.replay(path + ".pcap", "topspeed")
    more, now = spent(process)
    process.stop()
    return (more - time) / (now - runs) if now > runs else None


def measure(settings):
    """Contestants take turns, round by round."""
    present = [one for one in contestants.chosen("live", settings.fixed)[0] if not one.slow]
    rows = []
    with Network() as network, Statistics():
        for name in settings.corpora(DEFAULT):
            path, _ = preparing.corpus(settings.folder, name)
            network.replay(path + ".pcap", "topspeed")  # Into the page cache.
            report.table(f"Filter: {name}, top speed", "contestant", "ns/packet")
            data = {one: [] for one in present}
            for number in range(settings.runs):
                # Who has shown no program in the first round has none.
                for one in present if number == 0 else [one for one in present if data[one]]:
                    settings.progress(f"filter {name}: round {number + 1} of {settings.runs}, {one.name}")
                    value = once(one, settings, network, path)
                    if value is not None:
                        data[one].append(value)
            for one, values in data.items():
                if values:
                    report.row(one.name, report.spread(values, "{:.0f}"))
                    rows.append(dict(corpus=name, name=one.name, single=values))
    return rows
