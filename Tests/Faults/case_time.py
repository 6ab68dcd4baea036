# SPDX-License-Identifier: Apache-2.0
"""Clocks."""
from case import faults


@faults("a time namespace, shifted by", [("monotonic", 1_000_000), ("monotonic", 86_400 * 300)])
def namespace(case, value):
    clock, seconds = value
    watch = case.watching(through=f"unshare -T --{clock} {seconds}")
    case.counts(watch)
    case.ends(watch)
    latency = watch.summary()["latency"]
    assert latency["max"] is not None and latency["max"] < 60, latency


@faults("a time zone that is", ["no/such/zone", "'<+99>-99'", ":/etc/passwd"])
def zone(case, name):
    watch = case.watching(environment=f"TZ={name}")
    case.counts(watch)
    case.ends(watch)

