# SPDX-License-Identifier: Apache-2.0
"""The part `files`: what reading a capture file costs each contestant, and what it counts there."""

import statistics

import contestants
import corpora
import preparing
import report
from counts import read
from processes import Process

DEFAULT = "gateway,small,miss,tricky"


def verdict(asked, answered, truth, unit):
    """How counts compare with the ground truth, in words."""
    if asked is None:
        return "-"
    if answered is None:
        share = asked / truth[unit]
        return f"all {unit}" if asked == truth[unit] else f"{100 * share:.1f} % of {unit}"
    if (asked, answered) == (truth["requests"], truth["responses"]):
        return "exact"
    return f"requests {asked - truth['requests']:+d}, responses {answered - truth['responses']:+d}"


def tenth(name):
    """The same corpus at a tenth, where there is one."""
    return name + "_s" if name + "_s" in corpora.NAMES else name


def once(one, settings, path):
    """Reads the file once."""
    places = settings.places(one)
    # A child's own peak would start at this interpreter's; GNU time, which adds some 1 ms, is small.
    process = Process(["/usr/bin/time", "-q", "-o", places["run"] + "/peak", "-f", "%M"]
                      + contestants.fill(one.file, dict(places, file=path + ".pcap")), places["run"])
    process.finish(900)
    status = process.child.returncode
    asked, answered, _ = one.says(places["run"])
    return dict(wall=process.wall, user=process.usage.ru_utime, system=process.usage.ru_stime, cpu=process.cpu,
                peak_kib=int((read(places["run"] + "/peak").split() or [0])[-1]), requests=asked, responses=answered,
                status=status, complaint=process.complaint() if status else None)


def measure(settings):
    """Contestants take turns, round by round, so that a slow minute hits all alike."""
    rows = []
    for name in settings.corpora(DEFAULT):
        present, _ = contestants.chosen("files", settings.fixed)
        report.table(f"Files: {name}", "contestant", "CPU µs a packet", "messages/s a core", "wall s", "peak MB",
                     "counts")
        data = {one: [] for one in present}
        source = {one: preparing.corpus(settings.folder, tenth(name) if one.slow else name) for one in present}
        for path, _ in source.values():
            read(path + ".pcap")  # Into the page cache.
        for number in range(settings.runs):
            for one in settings.turns(present, number):
                settings.progress(f"files {name}: round {number + 1} of {settings.runs}, {one.name}")
                data[one].append(once(one, settings, source[one][0]))
        for one, values in data.items():
            path, truth = source[one]
            cost = [1e6 * value["cpu"] / truth["packets"] for value in values]
            speed = truth["messages"] / max(1e-4, statistics.median(value["cpu"] for value in values))
            counts = sorted({verdict(value["requests"], value["responses"], truth, one.unit) for value in values})
            failed = [value["complaint"] for value in values if value["status"]]
            report.row(one.name + (f" (a tenth: {name}_s)" if path.endswith("_s") and not name.endswith("_s") else ""),
                       report.spread(cost, "{:.3f}"), f"{speed:,.0f}" if one.unit == "messages" else "-",
                       report.spread([value["wall"] for value in values]),
                       f"{statistics.median(value['peak_kib'] for value in values) / 1024:.0f}",
                       "; ".join(counts) + (f"; failed: {failed[0]}" if failed else ""))
            rows.append(dict(corpus=path.rsplit("/", 1)[-1], name=one.name, truth={key: truth[key] for key in (
                "packets", "requests", "responses")}, single=values))
    return rows
