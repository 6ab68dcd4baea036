# SPDX-License-Identifier: Apache-2.0
"""A network of its own, frames whose number is known, and the program in it."""

import ctypes
import itertools
import json
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
COUNTER = itertools.count()


class SetUpError(AssertionError):
    """A command of the set-up that failed: which, its exit status and its standard error."""


def run(command, may_fail=None):
    """Runs a command line of the set-up, up to the first of its commands that fails: that fails the case, unless
    `may_fail` gives the reason why it may."""
    ran = subprocess.run(["/bin/sh", "-c" if may_fail else "-ec", command], capture_output=True, text=True, timeout=60)
    if ran.returncode and not may_fail:
        raise SetUpError(f"set-up failed with {ran.returncode}: {command}\n{ran.stderr}")
    return ran


def wait_for(condition, seconds=20.0):
    """Waits until the condition holds; whether it came to that. Generous: the machine may be busy."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return bool(condition())


def await_cable(*namespaces):
    """Waits until `eth0` of each namespace sends. A carrier alone does not say so: before the kernel's link watch has come
    round (net/core/link_watch.c), which with hundreds of other devices takes seconds, its queue drops whatever it is given,
    and reports that it was sent."""
    for name in namespaces:
        if not wait_for(lambda name=name: "state UP" in run(f"ip -n {name} link show eth0").stdout):
            raise SetUpError(f"eth0 of {name} does not send after 20 s")


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def segment(client, to_server, sequence, acknowledgement, payload):
    """An Ethernet frame between client number `client` and the server."""
    here, there = b"\x0a\x4d\x00\x01", b"\x0a\x4d\x00\x02"
    port = 1024 + client % 60000
    # This many clients need more addresses than one.
    here = here[:2] + struct.pack("!H", 0x100 + client // 60000)
    ports = (port, 80) if to_server else (80, port)
    tcp = struct.pack("!HHIIBBHHH", *ports, sequence & 0xFFFFFFFF, acknowledgement & 0xFFFFFFFF, 0x50, 0x18, 8192, 0, 0)
    source, target = (here, there) if to_server else (there, here)
    pseudo = source + target + struct.pack("!BBH", 0, 6, len(tcp) + len(payload))
    tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp + payload)) + tcp[18:]
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40 + len(payload), 1, 0, 64, 6, 0, source, target)
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    return b"\xff" * 6 + b"\x02" * 6 + b"\x08\x00" + ip + tcp + payload


class Network:
    """Two namespaces and a virtual cable: the program watches `eth0` of `server`."""

    def __init__(self):
        self.prefix = f"wf{os.getpid()}n{next(COUNTER)}"
        self.client, self.server = self.prefix + "c", self.prefix + "s"
        for name in (self.client, self.server):
            run(f"ip netns add {name} && ip -n {name} link set lo up")
        self.sent = 0
        self.clients = 0
        self.socket = None
        self.plug()

    def plug(self):
        """Lays the cable, again or for the first time."""
        if self.socket:
            self.socket.close()
        # No neighbour discovery on it: only what is sent here is there.
        for name in (self.client, self.server):
            run(f"ip netns exec {name} sh -c 'echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6'",
                may_fail="a kernel without IPv6 sends nothing of it either")
        run(f"ip link add eth0 netns {self.client} type veth peer name eth0 netns {self.server}")
        for name in (self.client, self.server):
            run(f"ip -n {name} link set eth0 up")
        await_cable(self.client, self.server)
        self.socket = self.inside(self.client, self.open)

    def unplug(self):
        run(f"ip -n {self.server} link del eth0")

    @staticmethod
    def open():
        raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        raw.bind(("eth0", 0))
        return raw

    @staticmethod
    def inside(name, action):
        """Does something in a namespace, in this very process."""
        with open("/proc/self/ns/net") as back, open(f"/run/netns/{name}") as target:
            Network.enter(target)
            try:
                return action()
            finally:
                Network.enter(back)

    @staticmethod
    def enter(namespace):
        if LIBC.setns(namespace.fileno(), CLONE_NEWNET) != 0:
            raise SetUpError(f"setns: {os.strerror(ctypes.get_errno())}")

    def put(self, frame):
        while True:
            try:
                self.socket.send(frame)
                return
            except OSError as error:
                # The cable's queue is full.
                if error.errno != 105:
                    raise

    def send(self, exchanges=10, site="site.example", between=lambda client: None):
        """This many requests and responses, each of a client of its own; `between` is done between the two."""
        for _ in range(exchanges):
            client = self.clients
            self.clients += 1
            request = f"GET /section/{client} HTTP/1.1\r\nHost: {site}\r\n\r\n".encode()
            response = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
            # Numbers of its own, as kernels choose them: by equal ones a response is taken for that of another request, seen
            # under translated addresses, once its own was lost.
            asked, answered = client * 2654435761, client * 2246822519 + 5000
            self.put(segment(client, True, asked, answered, request))
            between(client)
            self.put(segment(client, False, answered, asked + len(request), response))
            self.sent += 1

    def arrived(self):
        """How many frames came to the server's end of the cable, in words; two are sent for each exchange."""
        return run(f"ip -n {self.server} -s link show eth0", may_fail="a case may have removed it").stdout

    def close(self):
        if self.socket:
            self.socket.close()
        for name in (self.client, self.server):
            run(f"ip netns del {name}", may_fail="a case may have removed it")


class Watch:
    """The program on the network, as a user would start it."""

    def __init__(self, program, network, options="-i eth0", threshold="1000000", through="", inject=(), trace=None,
                 environment="", stdin=subprocess.PIPE, stdout=None, stderr=None, log="log/alerts.log", waits=True,
                 redirect="", duration=None):
        self.folder = tempfile.mkdtemp(prefix="wiretally-fault-")
        # Also for the user that the program becomes.
        os.chmod(self.folder, 0o755)
        self.network = network
        self.out, self.err = self.file("out"), self.file("err")
        self.log = log if log.startswith("/") else self.file(log)
        self.traced = self.file("trace") if inject else None
        defaults = ["--interval 1s", "--alert-window 2s", "--format json"]
        given = options.split()
        defaults = " ".join(one for one in defaults if one.split()[0] not in given)
        command = f"{program} -t {threshold} {defaults} --alert-log {self.log} {options}"
        if duration:
            command += f" --duration {duration}"
        if inject:
            calls = ",".join(sorted({rule.split(":")[0] for rule in inject}))
            rules = " ".join(f"-e inject={rule}" for rule in inject)
            command = f"strace -f -qq -o {self.traced} {'-P ' + trace if trace else ''} -e trace={calls} {rules} {command}"
        command = f"{environment} ip netns exec {network.server} {through} {command} {redirect}"
        self.command = command.strip()
        outputs = (open(self.out, "w") if stdout is None else stdout, open(self.err, "w") if stderr is None else stderr)
        self.process = subprocess.Popen(["/bin/sh", "-c", "exec env " + self.command], stdin=stdin, stdout=outputs[0],
                                        stderr=outputs[1], start_new_session=True)
        self.isThrough = bool(inject)
        if waits:
            wait_for(lambda: "capturing on" in self.errors or self.process.poll() is not None)

    def file(self, name):
        return os.path.join(self.folder, name)

    @staticmethod
    def text(path):
        try:
            with open(path, errors="replace") as file:
                return file.read()
        except OSError:
            return ""

    @property
    def errors(self):
        return self.text(self.err)

    @property
    def output(self):
        return self.text(self.out)

    @property
    def injected(self):
        """How often strace did what it was asked to."""
        text = self.text(self.traced) if self.traced else ""
        return text.count("(INJECTED)") + text.count("(DELAYED)")

    @property
    def pid(self):
        """The program itself: strace stays in front of it."""
        if not self.isThrough:
            return self.process.pid
        children = self.text(f"/proc/{self.process.pid}/task/{self.process.pid}/children").split()
        return int(children[0]) if children else self.process.pid

    def alive(self):
        return self.process.poll() is None

    def tell(self, number):
        os.kill(self.pid, number)

    def intervals(self):
        """The lines so far."""
        lines = []
        for line in self.output.splitlines():
            try:
                lines.append(json.loads(line))
            except ValueError:
                pass
        return lines

    def seen(self):
        """Requests in the intervals so far."""
        return sum(line["requests"] for line in self.intervals() if line["type"] == "interval")

    def quit(self, number=signal.SIGTERM, seconds=20):
        """Ends it; the status, and how many milliseconds that took."""
        begin = time.monotonic()
        if self.alive():
            self.tell(number)
        return self.wait(seconds), (time.monotonic() - begin) * 1000

    def wait(self, seconds=20):
        if self.alive():
            # Woken by its end: subprocess looks again and again, in the end every 50 ms.
            end = os.pidfd_open(self.process.pid)
            try:
                select.select([end], [], [], seconds)
            finally:
                os.close(end)
        return self.process.poll()

    def summary(self):
        lines = [line for line in self.intervals() if line["type"] == "summary"]
        return lines[0] if lines else None

    def close(self):
        if self.alive():
            for pid in {self.pid, self.process.pid}:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def ring_call(program, network):
    """Which bpf() call makes the ring: libbpf tries what the kernel can before it."""
    trace = tempfile.mktemp(prefix="wiretally-ring-")
    run(f"ip netns exec {network.server} strace -f -o {trace} -e trace=bpf {program} -t 1 -i lo --duration 100ms "
        "--alert-log /dev/null")
    with open(trace) as file:
        calls = [line for line in file if "bpf(" in line]
    os.remove(trace)
    return 1 + next(index for index, call in enumerate(calls) if "BPF_MAP_TYPE_RINGBUF" in call)


def sandboxed(pid):
    """Whether a process has come to where the workers start."""
    return "Seccomp:\t2" in Watch.text(f"/proc/{pid}/status")


def imbalance(summary):
    """What does not add up in a summary (ARCHITECTURE.md, Invariants); None when all does."""
    c = summary["capture"]
    if c["matched"] != c["delivered"] + c["lost"]:
        return f"matched {c['matched']} != delivered {c['delivered']} + lost {c['lost']}"
    classes = ["headSegments", "continuations", "duplicates", "unparseable", "falseHeads", "otherSegments"]
    if c["delivered"] != sum(c[name] for name in classes):
        return f"delivered {c['delivered']} is not the sum of its classes"
    if summary["requests"] + summary["responses"] != c["headSegments"] + c["pipelinedHeads"]:
        return "requests + responses != headSegments + pipelinedHeads"
    return None
