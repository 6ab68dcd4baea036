# SPDX-License-Identifier: Apache-2.0
"""Interfaces come and go."""
from case import faults
from stage import run, wait_for

BACKENDS = ["ebpf", "pcap"]


def on(case, command):
    run(f"ip -n {case.network.server} {command}")


@faults("the interface goes down and up:", BACKENDS)
def down(case, backend):
    watch = case.watching(f"-i eth0 --backend {backend}")
    case.counts(watch)
    on(case, "link set eth0 down")
    case.says(watch, "interface eth0 has been down since", "not capturing")
    on(case, "link set eth0 up")
    case.says(watch, "interface eth0 is back")
    case.counts(watch)
    case.ends(watch)


@faults("the interface is removed and re-created:", BACKENDS, sample="pcap")
def re_created(case, backend):
    watch = case.watching(f"-i eth0 --backend {backend}")
    case.counts(watch)
    case.network.unplug()
    case.says(watch, "interface eth0 has been down since")
    case.network.plug()
    case.says(watch, "interface eth0 is back")
    case.counts(watch)
    case.ends(watch)


@faults("the interface is removed for good:", BACKENDS)
def gone(case, backend):
    watch = case.watching(f"-i eth0 --backend {backend}")
    case.counts(watch)
    case.network.unplug()
    case.says(watch, "interface eth0 has been down since")
    case.ends(watch)


@faults("the interface moves to another namespace and back:", BACKENDS)
def moved(case, backend):
    watch = case.watching(f"-i eth0 --backend {backend}")
    case.counts(watch)
    run(f"ip netns add {case.network.prefix}x")
    try:
        on(case, f"link set eth0 netns {case.network.prefix}x")
        case.says(watch, "interface eth0 has been down since")
        run(f"ip -n {case.network.prefix}x link set eth0 netns {case.network.server}")
        on(case, "link set eth0 up")
        case.says(watch, "interface eth0 is back")
    finally:
        run(f"ip netns del {case.network.prefix}x")
    case.counts(watch)
    case.ends(watch)


@faults("the interface gets another name and its own again:", BACKENDS)
def renamed(case, backend):
    watch = case.watching(f"-i eth0 --backend {backend}")
    case.counts(watch)
    on(case, "link set eth0 down")
    on(case, "link set eth0 name other0")
    case.says(watch, "interface eth0 has been down since")
    on(case, "link set other0 name eth0")
    on(case, "link set eth0 up")
    case.says(watch, "interface eth0 is back")
    case.counts(watch)
    case.ends(watch)


@faults("the cable is re-created while all interfaces are watched:", BACKENDS)
def re_created_of_all(case, backend):
    watch = case.watching(f"--backend {backend}")
    case.counts(watch)
    case.network.unplug()
    case.network.plug()
    case.counts(watch)
    case.ends(watch)


@faults("another kind of interface takes the name:", BACKENDS)
def other_kind(case, backend):
    watch = case.watching(f"-i eth0 --backend {backend}")
    case.counts(watch)
    case.network.unplug()
    case.says(watch, "interface eth0 has been down since")
    on(case, "tuntap add eth0 mode tun")
    on(case, "link set eth0 up")
    if backend == "ebpf":
        case.says(watch, "interface eth0 is back")
    on(case, "link del eth0")
    assert wait_for(lambda: watch.errors.count("has been down since") == (2 if backend == "ebpf" else 1)), watch.errors
    case.network.plug()
    times = 2 if backend == "ebpf" else 1
    assert wait_for(lambda: watch.errors.count("interface eth0 is back") == times), watch.errors
    case.counts(watch)
    case.ends(watch)
