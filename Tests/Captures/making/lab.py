# SPDX-License-Identifier: Apache-2.0
"""Two network namespaces joined by a cable: what runs in them, and tcpdump beside it."""

import ctypes
import os
import signal
import subprocess
import sys
import time

CLIENT_ADDRESS = "10.78.0.1"
HOSTS = {"nginx": 2, "apache": 3, "haproxy": 4, "node": 5, "raw": 6, "stdlib": 7, "grpc": 8, "hypercorn": 9}


def address(server):
    """The IPv4 address on which a server listens."""
    return f"10.78.0.{HOSTS[server]}"


def address6(server):
    """The IPv6 address on which a server listens."""
    return f"fd78::{HOSTS[server]}"


class CommandError(RuntimeError):
    """A command that failed: which, its exit status and its standard error."""

    def __init__(self, command, ran):
        errors = ran.stderr if isinstance(ran.stderr, str) else ran.stderr.decode(errors="replace")
        super().__init__(f"failed with {ran.returncode}: {command}\n{errors}")


def shell(line):
    """Runs a command line, each command of which must succeed."""
    ran = subprocess.run(["/bin/sh", "-ec", line], capture_output=True, text=True)
    if ran.returncode:
        raise CommandError(line, ran)
    return ran.stdout


def enter(namespace):
    """Moves this process into a network namespace."""
    with open(f"/run/netns/{namespace}") as file:
        if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), 0x40000000) != 0:
            raise OSError(ctypes.get_errno(), "setns")


class Lab:
    """The namespaces of one run, made by `open` and removed by `close`."""

    def __init__(self, folder):
        self.folder = folder
        self.client = f"wtcap{os.getpid()}c"
        self.server = f"wtcap{os.getpid()}s"
        self.children = []

    def open(self):
        """Makes both namespaces, their cable and the servers' addresses."""
        c, s = self.client, self.server
        for name in (c, s):
            shell(f"ip netns add {name} && ip -n {name} link set lo up")
        shell(f"ip link add eth0 netns {c} type veth peer name eth0 netns {s}")
        for name in (c, s):
            shell(f"ip netns exec {name} sysctl -qw net.ipv6.conf.eth0.accept_ra=0")
            shell(f"ip -n {name} link set eth0 mtu 1500 up")
        shell(f"ip -n {c} addr add {CLIENT_ADDRESS}/24 dev eth0")
        shell(f"ip -n {c} addr add fd78::1/64 dev eth0 nodad")
        for server in HOSTS:
            shell(f"ip -n {s} addr add {address(server)}/24 dev eth0")
            shell(f"ip -n {s} addr add {address6(server)}/64 dev eth0 nodad")
        self.offloads("off")

    def offloads(self, state):
        """Switches segmentation and receive offloads of both ends of the cable."""
        for name in (self.client, self.server):
            shell(f"ip netns exec {name} ethtool -K eth0 tso {state} gso {state} gro {state}")

    def drop(self, percent):
        """Lets the server's kernel drop this many of the packets that reach it, or none."""
        line = f"ip netns exec {self.server} nft"
        if percent == 0:
            shell(f"{line} delete table inet loss")
        else:
            shell(
                f"{line} 'add table inet loss; add chain inet loss c {{ type filter hook input priority 0; }};"
                f" add rule inet loss c tcp dport 80 numgen random mod 100 < {percent} drop'"
            )

    def start(self, command, namespace=None, **options):
        """Starts a program in a namespace; it ends with the laboratory."""
        full = ["ip", "netns", "exec", namespace or self.server] + command
        child = subprocess.Popen(full, stdin=subprocess.DEVNULL, **options)
        self.children.append(child)
        return child

    def run(self, *command, timeout=60, may_fail=None):
        """Runs a client to its end, which must be a good one unless `may_fail` gives the reason why not; returns what
        it wrote."""
        full = ["ip", "netns", "exec", self.client, *command]
        done = subprocess.run(full, capture_output=True, timeout=timeout, stdin=subprocess.DEVNULL)
        if done.returncode and not may_fail:
            raise CommandError(" ".join(command)[:200], done)
        return (done.stdout + done.stderr).decode("utf-8", "replace")

    def inside(self, namespace, function, *arguments, wait=True):
        """Runs a function in a child process inside a namespace."""
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                enter(namespace)
                function(*arguments)
                code = 0
            except BaseException as error:  # The child must not return into the caller's code.
                print(f"{function.__name__}: {error!r}", file=sys.stderr, flush=True)
            os._exit(code)
        if not wait:
            self.children.append(Forked(child))
            return
        _, status = os.waitpid(child, 0)
        if status != 0:
            raise RuntimeError(f"{function.__name__} failed")

    def talk(self, function, *arguments):
        """Runs a client function in the client's namespace."""
        self.inside(self.client, function, *arguments)

    def close(self):
        """Ends what was started and removes the namespaces."""
        for child in self.children:
            child.terminate()
        for child in self.children:
            child.wait()
        # May fail: what an early end has not made cannot be removed.
        for name in (self.client, self.server):
            subprocess.run(["ip", "netns", "del", name], check=False)


class Forked:
    """A forked function, with the words that subprocess.Popen has for it."""

    def __init__(self, pid):
        self.pid = pid

    def terminate(self):
        os.kill(self.pid, signal.SIGTERM)

    def wait(self):
        os.waitpid(self.pid, 0)


class Recording:
    """tcpdump from `start` to `stop`, in one of the namespaces."""

    def __init__(self, lab, path, end="server", interface="eth0", options=(), matching=""):
        namespace = lab.server if end == "server" else lab.client
        command = ["ip", "netns", "exec", namespace, "tcpdump", "--immediate-mode", "-B", "65536", "-U", "-n", "-Z", "root"]
        command += ["-i", interface, "-w", path, *options]
        self.command = command + ([matching] if matching else [])
        self.process = None

    def start(self):
        """Returns when tcpdump listens."""
        self.process = subprocess.Popen(self.command, stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if "listening on" in line:
                return
        raise RuntimeError("tcpdump did not start: " + " ".join(self.command))

    def stop(self):
        """Returns when the file is whole."""
        time.sleep(0.3)
        self.process.send_signal(signal.SIGINT)
        _, words = self.process.communicate()
        if "\n0 packets dropped by kernel" not in words:
            raise RuntimeError("tcpdump lost packets: " + words)
