# SPDX-License-Identifier: Apache-2.0
"""Clocks."""
import datetime
import mmap
import os
import signal
import struct
import threading
import time

from case import faults
from stage import run, wait_for


@faults("a time namespace, shifted by", [("monotonic", 1_000_000), ("monotonic", 86_400 * 300)])
def namespace(case, value):
    clock, seconds = value
    watch = case.watching(through=f"unshare -T --{clock} {seconds}")
    offsets = watch.text(f"/proc/{watch.pid}/timens_offsets")
    try:
        case.says(watch, "in a time namespace")
        case.counts(watch)
        case.ends(watch)
        summary = watch.summary()
        latency = summary["latency"]
        assert latency["max"] is not None and latency["max"] < 60, latency
        assert "restamped" not in summary["capture"], summary["capture"]
    except AssertionError as error:
        raise AssertionError(f"{error}\n{evidence(watch, offsets)}") from error


def evidence(watch, offsets):
    """What a failure leaves behind: all that the program printed, its counters among it, and how far the clocks are apart: the
    namespace's, and as the program found it (reported at the start and when it had to read the kernel's again)."""
    if watch.alive():
        watch.quit()
    clocks = ", ".join(f"{name} {time.clock_gettime(number)}" for name, number in
                       (("monotonic", time.CLOCK_MONOTONIC), ("boot", time.CLOCK_BOOTTIME), ("wall", time.CLOCK_REALTIME)))
    return f"offsets of the namespace:\n{offsets}clocks here: {clocks}\n{watch.errors}\n{watch.output}"


class WallClock:
    """A wall clock of one process, which is set while the machine's continues (set_clock.c)."""

    def __init__(self, folder):
        os.makedirs(folder)
        self.folder, self.count = folder, 0
        self.path, library = f"{folder}/settings", f"{folder}/set_clock.so"
        run(f"cc -O2 -shared -fPIC -o {library} {os.path.dirname(os.path.realpath(__file__))}/set_clock.c -ldl")
        with open(self.path, "w+b") as file:
            file.truncate(mmap.PAGESIZE)
            self.settings = mmap.mmap(file.fileno(), mmap.PAGESIZE)
        self.environment = f"LD_PRELOAD={library} SET_CLOCK={self.path}"

    def set(self, seconds):
        """From now on it differs so much from the machine's."""
        struct.pack_into("qq", self.settings, 8 + 16 * self.count, time.time_ns(), seconds * 1_000_000_000)
        self.count += 1
        struct.pack_into("q", self.settings, 0, self.count)

    def close(self):
        self.settings.close()
        run(f"rm -r {self.folder}")


def moment(text):
    return datetime.datetime.fromisoformat(text).timestamp()


@faults("the wall clock is set while traffic flows:",
        [(backend, seconds) for backend in ("ebpf", "pcap") for seconds in (86_400, -86_400, 3_600)])
def wall_clock(case, value):
    backend, seconds = value
    clock = WallClock(f"/tmp/{case.network.prefix}clock")
    try:
        set_twice(case, backend, seconds, clock)
    finally:
        clock.close()


def set_twice(case, backend, seconds, clock):
    """Sets the clock and sets it back, below an alert and above one."""
    options = f"-i eth0 --backend {backend} --alert-window 5s"
    quiet = case.watching(options, environment=clock.environment)
    loud = case.watching(options, environment=clock.environment, threshold=1)
    begin = time.monotonic()
    # A hundred times what keeps the one alert up, and a ten thousandth of what raises the other.
    traffic = Traffic(case.network)
    assert wait_for(lambda: any(raised(loud))), "the alert is not raised"
    for shift in (seconds, 0):
        time.sleep(1)
        with traffic.lock:
            # Requests before it and their responses after it, and none is read before the clock is set.
            for watch in (quiet, loud):
                watch.tell(signal.SIGSTOP)
            case.network.send(20, between=lambda client, shift=shift: clock.set(shift) if client % 20 == 10 else None)
            for watch in (quiet, loud):
                watch.tell(signal.SIGCONT)
        time.sleep(1)
    traffic.end()
    assert wait_for(lambda: not raised(loud)[-1], 30), "the alert does not end"
    took = time.monotonic() - begin
    for watch in (quiet, loud):
        case.counts(watch, 0)
        case.ends(watch)
        whole(watch, took, seconds)
    with open(loud.log) as file:
        log = file.read().splitlines()
    assert len(log) == 2, f"not one alert and its end: {log}"
    assert not os.path.exists(quiet.log) or os.path.getsize(quiet.log) == 0, quiet.text(quiet.log)


def raised(watch):
    """Of each interval so far, whether the alert was active at its end."""
    return [line["alert"]["active"] for line in watch.intervals() if line["type"] == "interval"]


class Traffic:
    """A hundred exchanges a second, from a thread of its own."""

    def __init__(self, network):
        self.network, self.lock, self.isOver = network, threading.Lock(), False
        self.thread = threading.Thread(target=self.flow, daemon=True)
        self.thread.start()

    def flow(self):
        while not self.isOver:
            with self.lock:
                self.network.send(1)
            time.sleep(0.01)

    def end(self):
        self.isOver = True
        self.thread.join()


def whole(watch, took, seconds):
    """Each second has one interval, labelled by the clock as it is, and no answer took longer than the traffic lasted."""
    lines = [line for line in watch.intervals() if line["type"] == "interval"]
    jumps = [moment(later["start"]) - moment(earlier["end"]) for earlier, later in zip(lines, lines[1:], strict=False)]
    set_by = [jump for jump in jumps if jump]
    assert len(set_by) == 2, f"labels follow a clock that is set twice, but they jump by {set_by}"
    for jump, shift in zip(set_by, (seconds, -seconds), strict=True):
        assert abs(jump - shift) < 0.2, f"labels jump by {jump} s, the clock by {shift}"
    lengths = [moment(line["end"]) - moment(line["start"]) for line in lines]
    for length in lengths[:-1]:
        assert 0.999 < length < 1.001, f"an interval of {length} s"
    lasted = sum(lengths)
    assert lasted <= took + 60, f"{lasted} s of intervals in {took} s"
    assert len(lines) >= 5, f"only {len(lines)} intervals"
    for line in lines + [watch.summary()]:
        latency = line["latency"]["max"]
        assert latency is None or 0 <= latency < 60, line["latency"]


@faults("a time zone that is", ["no/such/zone", "'<+99>-99'", ":/etc/passwd"])
def zone(case, name):
    watch = case.watching(environment=f"TZ={name}")
    case.counts(watch)
    case.ends(watch)
