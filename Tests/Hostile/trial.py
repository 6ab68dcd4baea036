# SPDX-License-Identifier: Apache-2.0
"""One attack at a fixed rate beside the honest load, and what the program makes of both."""

import collections
import itertools
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

import wire

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "FaultInjection"))
import stage  # noqa: E402

COUNTER = itertools.count()
PYTHON = sys.executable
# Honest load before an attack: by then its connections are known, and the program has its memory.
WARM_UP = 1.0
ETH_P_ALL = 3
# ldb [8] (the time to live); jeq 64, else drop: what an attack itself sends is not listened to.
REAL = [(0x30, 0, 0, 22), (0x15, 0, 1, 64), (0x06, 0, 0, 0xFFFF), (0x06, 0, 0, 0)]


class Link:
    """Two namespaces and a virtual cable: the clients and the attacker here, the server and the watch there."""

    def __init__(self, is_wire=False):
        name = f"wh{os.getpid()}n{next(COUNTER)}"
        self.client, self.server = name + "c", name + "s"
        for place in (self.client, self.server):
            stage.run(f"ip netns add {place} && ip -n {place} link set lo up")
            # No neighbour discovery of IPv6: only what is sent here is there.
            stage.run(f"ip netns exec {place} sh -c 'echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6'",
                      may_fail="a kernel without IPv6 sends nothing of it either")
        stage.run(f"ip link add eth0 netns {self.client} type veth peer name eth0 netns {self.server}")
        for place, own in ((self.client, wire.CLIENT), (self.server, wire.SERVER)):
            stage.run(f"ip -n {place} addr add {own}/24 dev eth0; ip -n {place} link set eth0 up")
            if is_wire:
                # No host leaves a checksum to its card then.
                stage.run(f"ip netns exec {place} ethtool -K eth0 tx off")
        stage.await_cable(self.client, self.server)
        self.sender = stage.Network.inside(self.client, lambda: self.open(0))

    @staticmethod
    def open(protocol):
        raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(protocol))
        raw.bind(("eth0", protocol))
        return raw

    def process(self, place, *words, **rest):
        command = ["ip", "netns", "exec", place, PYTHON, os.path.join(HERE, "honest.py"), *words]
        return subprocess.Popen(command, **rest)

    def close(self):
        self.sender.close()
        for place in (self.client, self.server):
            stage.run(f"ip netns del {place}")


class Numbers:
    """Where the honest connections stand: the next sequence number of either side, by the client's port.

    An attacker on the path knows them; one beside it guesses.
    """

    def __init__(self, link):
        self.next = {}
        self.socket = stage.Network.inside(link.client, lambda: Link.open(ETH_P_ALL))
        program = b"".join(struct.pack("HBBI", *line) for line in REAL)
        buffer = bytearray(program)
        holder = (stage.ctypes.c_char * len(buffer)).from_buffer(buffer)
        filter_ = struct.pack("HxxxxxxQ", len(REAL), stage.ctypes.addressof(holder))
        self.socket.setsockopt(socket.SOL_SOCKET, 26, filter_)
        self.socket.settimeout(0.2)
        self.running = True
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def listen(self):
        while self.running:
            try:
                frame = self.socket.recv(65_536)
            except TimeoutError:
                continue
            if len(frame) < 54 or frame[12:14] != b"\x08\0" or frame[23] != 6:
                continue
            length = struct.unpack("!H", frame[16:18])[0]
            ports = struct.unpack("!HH", frame[34:38])
            sequence, acknowledgement = struct.unpack("!II", frame[38:46])
            flags = frame[47]
            size = length - 20 - (frame[46] >> 4) * 4 + (flags & wire.SYN and 1)
            if flags & (wire.FIN | wire.RST):
                self.next.pop(ports[0] if ports[1] == wire.SERVER_PORT else ports[1], None)
            elif ports[1] == wire.SERVER_PORT and flags & wire.ACK:
                self.next[ports[0]] = (sequence + size & 0xFFFFFFFF, acknowledgement)
            elif ports[0] == wire.SERVER_PORT and ports[1] in self.next:
                self.next[ports[1]] = (self.next[ports[1]][0], sequence + size & 0xFFFFFFFF)

    def close(self):
        self.running = False
        self.thread.join()
        self.socket.close()


class Flood:
    """Sends frames at a rate, in a thread, until it is ended or there are no more."""

    def __init__(self, link, frames, bits):
        self.link, self.frames, self.rate = link, frames, bits / 8
        self.bytes = self.count = 0
        self.running = True
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.began = time.monotonic()
        self.thread.start()

    def run(self):
        send = self.link.sender.send
        for frame in self.frames:
            while True:
                try:
                    send(frame)
                    break
                except OSError as error:
                    # The cable's queue is full.
                    if error.errno != 105:
                        raise
            self.bytes += len(frame)
            self.count += 1
            if not self.running:
                return
            ahead = self.bytes / self.rate - (time.monotonic() - self.began)
            if ahead > 0.002:
                time.sleep(ahead)

    def end(self):
        """Ends it; the bits a second that it came to."""
        elapsed = time.monotonic() - self.began
        self.running = False
        self.thread.join()
        return self.bytes * 8 / elapsed


def processor_time(pid):
    """Nanoseconds that all threads of a process have run."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat") as file:
            total += int(file.read().split()[0])
    return total


def resident(pid):
    """Bytes of a process that are in memory."""
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return next(int(line.split()[1]) << 10 for line in file if line.startswith("Rss:"))


class Outcome:
    """What came of one trial."""

    def __init__(self):
        self.rate = self.frames = 0
        self.milliseconds = 0.0
        # Bytes more than before the attack, at its middle and at its end.
        self.growth, self.late_growth = 0, 0
        self.asked = collections.Counter()
        self.served = collections.Counter()
        self.counted, self.answered = {}, {}
        self.summary = {}
        # Which of the honest answers are wrong.
        self.notes = []

    @property
    def faults(self):
        """What was counted wrong of the honest load, in words, and the number of answers that are wrong."""
        words, answers = [], 0
        self.notes = []
        if self.served != self.asked:
            words.append(f"the server served {dict(self.served)} of {dict(self.asked)}")
        for kind, number in sorted(self.served.items()):
            if self.counted.get(kind) != number:
                words.append(f"{kind}: {self.counted.get(kind)} of {number} requests")
            wrong = abs(number - self.answered.get(kind, 0))
            answers += wrong
            if wrong:
                self.notes.append(f"{kind}: {wrong} of {number} answers are wrong")
        return words, answers

    def counter(self, name):
        """A counter of the summary; 0 where it is left out."""
        value = self.summary
        for part in name.split("."):
            value = value.get(part, 0)
        return value


class Trial:
    """The program on a link of its own, beside the honest load."""

    def __init__(self, program, options="", is_wire=False):
        self.link = Link(is_wire)
        self.watch = self.server = self.clients = self.numbers = None
        try:
            self.start(program, options)
        except BaseException:
            self.close()
            raise

    def start(self, program, options):
        self.watch = stage.Watch(program, self.link, f"-i eth0 --top 100 {options}", threshold="1000000000")
        assert "capturing on" in self.watch.errors, f"it does not watch: {self.watch.errors}"
        self.log = self.watch.file("served")
        self.server = self.link.process(self.link.server, "serve", self.log)
        assert stage.wait_for(lambda: "LISTEN" in stage.run(
            f"ip netns exec {self.link.server} ss -Hltn sport = :{wire.SERVER_PORT}").stdout), "the server does not listen"
        self.numbers = Numbers(self.link)

    def play(self, frames, seconds, bits, least=0, is_early=False):
        """The attack beside `seconds` of the load, after a warm-up or before the load; at least as long as `least` frames
        take."""
        outcome, pid = Outcome(), self.watch.pid
        flood = Flood(self.link, frames(self.numbers), bits) if is_early else None
        self.clients = self.link.process(
            self.link.client, "ask", str(WARM_UP + seconds), stdout=subprocess.PIPE, text=True)
        time.sleep(WARM_UP)
        before, memory, began = processor_time(pid), resident(pid), time.monotonic()
        flood = flood or Flood(self.link, frames(self.numbers), bits)
        time.sleep(seconds / 2)
        middle = resident(pid)
        words, _ = self.clients.communicate(timeout=seconds * 10 + 120)
        elapsed = time.monotonic() - began
        outcome.milliseconds = (processor_time(pid) - before) / 1e6 / elapsed
        # On a slow machine the limit of an attack may not have been reached yet.
        assert stage.wait_for(lambda: flood.count >= least, 120), f"{flood.count} frames sent of {least}"
        end = resident(pid)
        outcome.growth, outcome.late_growth = end - memory, end - middle
        # An attack on connections ends when there are none.
        self.numbers.running = False
        outcome.rate, outcome.frames = flood.end(), flood.count
        for line in words.splitlines():
            site, number = line.split()
            outcome.asked[site] = int(number)
        self.settle(outcome)
        return outcome

    def settle(self, outcome):
        """Ends the program and reads what it and the server counted."""
        time.sleep(0.3)
        status, _ = self.watch.quit(signal.SIGINT, 60)
        assert status == 0, f"it ended with {status}: {self.watch.errors[-1000:]}"
        outcome.summary = self.watch.summary()
        fault = stage.imbalance(outcome.summary)
        assert fault is None, fault
        with open(self.log) as file:
            outcome.served.update(line.strip() for line in file)
        for site in outcome.summary["sites"]:
            outcome.counted[site["site"]] = site["requests"]
            outcome.answered[site["site"]] = site["successes"]

    def close(self):
        if self.numbers:
            self.numbers.close()
        for process in (self.clients, self.server):
            if process and process.poll() is None:
                process.kill()
                process.wait()
        if self.watch:
            self.watch.close()
        self.link.close()
