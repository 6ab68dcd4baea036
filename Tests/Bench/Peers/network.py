# SPDX-License-Identifier: Apache-2.0
"""Two network namespaces and a virtual cable: `va` with the clients, `vb` with what is watched.

They live in a mount namespace and a process namespace of the bench's own, so that nothing of them, neither names nor
processes, is left when the bench ends, however it ends.
"""

import ctypes
import os
import re
import signal
import subprocess
import time

from contestants import fill
from processes import Process

CLIENTS, SERVERS = "clients", "servers"
LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS, CLONE_NEWPID, PR_SET_PDEATHSIG = 0x20000, 0x20000000, 1
ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def enclose():
    """Continues in a child, the first process of namespaces of its own; this process waits and ends as the child does."""
    if LIBC.unshare(CLONE_NEWNS | CLONE_NEWPID):
        raise SystemExit(f"no namespaces can be made here: {os.strerror(ctypes.get_errno())}")
    child = os.fork()
    if child:
        for number in ENDS:
            signal.signal(number, lambda number, _: os.kill(child, number))
        os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 0xFF)
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.makedirs("/run/netns", exist_ok=True)
    for words in ("--make-rprivate /", "-t proc proc /proc", "-t tmpfs netns /run/netns"):
        subprocess.run(["mount", *words.split()], check=True)


def inside(namespace, arguments):
    """A command within one of the two."""
    return ["ip", "netns", "exec", namespace] + arguments


class Network:
    """The cable while it is needed; 192.0.2.1 has the clients' end, 192.0.2.2 the servers'."""

    def __enter__(self):
        def ip(*words):
            subprocess.run(("ip",) + words, check=True)
        for name in (CLIENTS, SERVERS):
            ip("netns", "add", name)
            # Else neighbours would be looked for by packets that nobody counted.
            subprocess.run(inside(name, ["sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1",
                                         "net.ipv6.conf.default.disable_ipv6=1"]), check=True)
            ip("-n", name, "link", "set", "lo", "up")
        ip("-n", CLIENTS, "link", "add", "va", "type", "veth", "peer", "name", "vb", "netns", SERVERS)
        for name, device, address in ((CLIENTS, "va", "192.0.2.1/24"), (SERVERS, "vb", "192.0.2.2/24")):
            ip("-n", name, "addr", "add", address, "dev", device)
            ip("-n", name, "link", "set", device, "up")
        return self

    def __exit__(self, *_):
        for name in (CLIENTS, SERVERS):
            # May fail: they go with the mount namespace in any case.
            subprocess.run(["ip", "netns", "del", name], check=False)

    def taps(self, device):
        """Packet sockets that are bound to a device of the servers'."""
        output = subprocess.run(inside(SERVERS, ["sh", "-c", f"cat /sys/class/net/{device}/ifindex /proc/net/packet"]),
                              capture_output=True, text=True, check=True).stdout.splitlines()
        return sum(1 for line in output[2:] if line.split()[4] == output[0])

    def monitor(self, one, places, device="vb", cpu=None):
        """Starts a contestant on the servers' end and waits until it watches."""
        arguments = inside(SERVERS, fill(one.live, dict(places, iface=device)))
        process = Process(arguments, places["run"], cpu)
        end = time.monotonic() + 30
        while one.name != "control" and not self.taps(device):
            if process.ended or time.monotonic() > end:
                process.stop()
                raise SystemExit(f"{one.name} does not start to watch: {process.complaint()}")
            time.sleep(0.1)
        # A socket comes before what is done with it; start-up is none of what is measured.
        time.sleep(0.7)
        return process

    def replay(self, path, rate):
        """Sends a file from the clients' end, on processor 0: packets sent, packets a second."""
        speed = "--topspeed" if rate == "topspeed" else "--pps=" + rate
        command = inside(CLIENTS, ["tcpreplay", "-K", "-q", speed, "-i", "va", path])
        done = subprocess.run(["taskset", "-c", "0"] + command, capture_output=True, text=True)
        found = re.search(r"Actual: (\d+) packets.*?sent in ([\d.]+) seconds", done.stdout, re.S)
        if not found:
            raise SystemExit(f"tcpreplay could not send {path}: {done.stderr.strip()[:200]}")
        return int(found[1]), int(found[1]) / float(found[2])
