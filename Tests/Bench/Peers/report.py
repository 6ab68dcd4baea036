# SPDX-License-Identifier: Apache-2.0
"""What is printed: the machine and the contestants on top, tables of medians and ranges, how busy the machine was; and
the file with every single value."""

import json
import os
import platform
import re
import resource
import statistics
import subprocess
import time

import contestants
from counts import read

TOOLS = {"tcpreplay": "tcpreplay --version", "nginx": "nginx -v", "wrk": "wrk -v"}


def spread(values, form="{:.2f}"):
    """Median (least to greatest)."""
    middle = form.format(statistics.median(values))
    if len(values) == 1:
        return middle
    return f"{middle} ({form.format(min(values))} to {form.format(max(values))})"


def row(*cells):
    """A row of a Markdown table."""
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def table(title, *columns):
    """The head of a Markdown table."""
    print(f"\n## {title}\n")
    row(*columns)
    print("|" + " --- |" * len(columns), flush=True)


def processor():
    found = re.search(rb"(?m)^(?:model name|Model)\s*: (.*)$", read("/proc/cpuinfo"))
    return found[1].decode() if found else platform.machine()


class Load:
    """How much else the machine does while it is measured."""

    def __init__(self):
        self.before, (self.user, self.stolen), self.own = os.getloadavg(), self._spent(), self._own()
        self.start = time.monotonic()

    @staticmethod
    def _spent():
        """Seconds of all processors in user mode, and those that the host gave to others."""
        words = [int(word) / os.sysconf("SC_CLK_TCK") for word in read("/proc/stat").split(b"\n", 1)[0].split()[1:]]
        return words[0] + words[1], words[7]

    @staticmethod
    def _own():
        return sum(resource.getrusage(whose).ru_utime for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))

    def tell(self):
        """Prints what it was; returns it for the file."""
        passed = (time.monotonic() - self.start) * os.cpu_count()
        user, stolen = self._spent()
        others = max(0.0, (user - self.user - self._own() + self.own) / passed)
        stolen = (stolen - self.stolen) / passed
        after = os.getloadavg()
        print(f"\nLoad average {self.before[0]:.2f} before and {after[0]:.2f} after (its own work included); other "
              f"programs took {100 * others:.0f} % of the processors meanwhile, the host {100 * stolen:.0f} %.")
        # The average lags: what ended just before is still in it.
        if others + stolen > 0.03:
            print("**The machine was busy with other work: these figures are worse and wider than a quiet machine's.**")
        return dict(load_before=self.before, load_after=after, others_share=round(others, 4), host_share=round(stolen, 4))


def heading(parts, places):
    """Prints the machine, what takes part and what is missing; returns it for the file."""
    versions, absent = {}, []
    for part in parts:
        present, missing = contestants.chosen(part, places)
        absent += [name for name in missing if name not in absent]
        for one in present:
            tool = one.name.split("-")[0]
            number = tool not in versions and contestants.version(one, places)
            if number:
                versions[tool] = number
    for name, command in TOOLS.items() if set(parts) - {"files"} else ():
        try:
            output = subprocess.run(command.split(), capture_output=True, text=True)
            versions[name] = re.search(r"\d+\.\d[\w.]*", output.stdout + output.stderr)[0]
        except (OSError, TypeError):
            pass
    libpcap = re.search(r"libpcap version (\S+)", subprocess.run(
        ["tcpdump", "--version"], capture_output=True, text=True).stderr) if "tcpdump" in versions else None
    if libpcap:
        versions["libpcap"] = libpcap[1]
    memory = int(re.search(rb"MemTotal:\s+(\d+)", read("/proc/meminfo"))[1]) >> 20
    about = dict(processor=processor(), processors=os.cpu_count(), memory_gib=memory, kernel=platform.release(),
                 virtual=b" hypervisor" in read("/proc/cpuinfo"), versions=versions, missing=absent,
                 at=time.strftime("%Y-%m-%d %H:%M:%S %z"))
    kind = ", a virtual machine" if about["virtual"] else ""
    print(f"{about['processor']}, {about['processors']} processors{kind}, {memory} GiB; Linux {about['kernel']}; "
          f"{about['at']}\n")
    print(", ".join(f"{name} {number}" for name, number in versions.items()))
    if absent:
        print(f"Not installed, so left out: {', '.join(absent)}.")
    print("Figures are medians, in brackets the least and the greatest.")
    return about


def save(folder, part, about, rows):
    """Writes all single values."""
    path = f"{folder}/{part}-{time.strftime('%Y%m%d-%H%M%S')}.json"
    with open(path, "w") as file:
        json.dump(dict(machine=about, part=part, rows=rows), file, indent=1)
        file.write("\n")
    print(f"\nEvery single value: {path}", flush=True)
