# SPDX-License-Identifier: Apache-2.0
"""Which processes serve and ask: what is refused, lost, gone or named by an enemy, and nobody is named wrongly."""
import os
import re
import signal
import subprocess
import sys
import tempfile

from case import fault, faults
from stage import SetUpError, run, wait_for

# A process of this name (its bytes in hexadecimal) that answers on port 80 of loopback, or that asks there.
PROCESS = r"""
import ctypes, os, socket, sys
if ctypes.CDLL(None).prctl(15, bytes.fromhex(sys.argv[2]) + b"\0", 0, 0, 0) != 0:
    sys.exit("prctl")
if sys.argv[1] == "serve":
    listener = socket.create_server(("127.0.0.1", 80), backlog=1024)
    print("ready", flush=True)
    while True:
        connection, _ = listener.accept()
        while connection.recv(4096):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        connection.close()
for number in range(int(sys.argv[3])):
    connection = socket.create_connection(("127.0.0.1", 80))
    connection.sendall(b"GET /%d HTTP/1.1\r\nHost: owned.example\r\n\r\n" % number)
    if not connection.recv(4096):
        sys.exit("no answer")
    connection.close()
"""
SERVER, CLIENT = b"server", b"client"
# A terminal's escape, a bidirectional override, invalid UTF-8, a label's end.
HOSTILE = b"\x1b[2J\xe2\x80\xae\xff\"}<b>"


class Servers:
    """A server of a case, in a control group or not, and clients that come and go."""

    def __init__(self, case, name=SERVER, group=None):
        self.case = case
        self.process = self.start(name, group)
        if self.process.stdout.readline() != b"ready\n":
            raise SetUpError(f"the server does not serve: {self.process.poll()}")

    def start(self, name, group=None, count=None):
        """A client of this many requests, or, without a number, a server."""
        arguments = ["serve" if count is None else "ask", name.hex(), str(count)]
        enter = f"echo $$ >{group}/cgroup.procs && " if group else ""
        command = f"{enter}exec ip netns exec {self.case.network.server} \"$@\""
        return subprocess.Popen(["/bin/sh", "-c", command, "sh", sys.executable, "-c", PROCESS, *arguments], stdout=subprocess.PIPE)

    def ask(self, count, name=CLIENT, group=None):
        client = self.start(name, group, count)
        status = client.wait(120)
        client.stdout.close()
        if status != 0:
            raise SetUpError(f"a client ended with {status}")

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def served(case, watch, servers, count=10, **rest):
    """Has this many requests more asked and seen."""
    before = watch.seen()
    servers.ask(count, **rest)
    assert wait_for(lambda: watch.seen() >= before + count or not watch.alive(), 60), f"{watch.seen()} seen: {watch.errors}"
    assert watch.alive(), f"it died with {watch.process.poll()}: {watch.errors}"


def owners(watch, role):
    """The requests by process of one side, of the summary; together they are all exchanges."""
    summary = watch.summary()
    assert summary, f"there is no summary: {watch.errors}"
    rows = [row for row in summary["owners"] if row["role"] == role]
    assert sum(row["requests"] for row in rows) == summary["exchanges"], f"{rows} are not {summary['exchanges']}"
    return {row["process"]: row for row in rows}


def calls(case):
    """The bpf() calls of a start, in their order."""
    trace = tempfile.mktemp(prefix="wiretally-owners-")
    run(f"ip netns exec {case.network.server} strace -f -o {trace} -e trace=bpf {case.program} -t 1 -i lo --duration 100ms "
        "--alert-log /dev/null >/dev/null 2>&1")
    with open(trace) as file:
        found = [line for line in file if re.search(r" bpf\(", line)]
    os.remove(trace)
    return found


def call_of(case, words):
    """Which bpf() call of the program of owners has one of the words: those of the filter come before it."""
    found = calls(case)
    first = next(index for index, call in enumerate(found) if "owner" in call)
    return 1 + next(index for index, call in enumerate(found) if index >= first and any(word in call for word in words.split("/")))


@faults("the program of owners is refused:", [
    ("BPF_MAP_CREATE", "ENOMEM"), ("owner_ring", "EPERM"), ("BPF_PROG_LOAD", "EACCES"), ("owner_change", "EINVAL"),
    ("owner_receive", "E2BIG"), ("BPF_LINK_CREATE/RAW_TRACEPOINT_OPEN", "EPERM"),
], sample=("owner_receive", "E2BIG"))
def refused(case, value):
    words, error = value
    # What fails once is tried again without the list of what is open: from there on all fails.
    watch = case.watching("-i lo", inject=[f"bpf:error={error}:when={call_of(case, words)}+"])
    case.fired(watch)
    case.says(watch, "processes are not known: ", "(eBPF")
    servers = Servers(case)
    try:
        served(case, watch, servers)
    finally:
        servers.close()
    case.ends(watch, exact=False)
    summary = watch.summary()
    assert "owners" not in summary and summary["successes"] == 10, summary


@fault("the connections that are open cannot be listed: processes are known all the same", sample=True)
def unlisted(case):
    watch = case.watching("-i lo", inject=[f"bpf:error=EINVAL:when={call_of(case, 'BPF_ITER_CREATE')}"])
    case.fired(watch)
    assert "processes are not known" not in watch.errors
    servers = Servers(case)
    try:
        served(case, watch, servers)
    finally:
        servers.close()
    case.ends(watch, exact=False)
    assert set(owners(watch, "server")) == {"server"} and set(owners(watch, "client")) == {"client"}


@fault("the ring of owners is full: nobody is named wrongly, and all are known again")
def full(case):
    servers = Servers(case)
    try:
        watch = case.watching("-i lo")
        served(case, watch, servers)
        watch.tell(signal.SIGSTOP)
        # Each connection is several records, and the ring holds some thousands.
        for _ in range(4):
            servers.ask(2_000, name=b"crowd")
        watch.tell(signal.SIGCONT)
        assert wait_for(lambda: watch.seen() >= 8_010, 60), f"{watch.seen()} seen: {watch.errors}"
        # Who was not found is looked for again after a second.
        lines = len(watch.intervals())
        assert wait_for(lambda: len(watch.intervals()) >= lines + 3), watch.errors
        served(case, watch, servers, 100, name=b"late")
    finally:
        servers.close()
    case.ends(watch, exact=False)
    found, asked = owners(watch, "server"), owners(watch, "client")
    assert None in found and found[None]["requests"] > 0, f"nothing was lost: {found}"
    assert set(found) <= {"server", None} and set(asked) <= {"client", "crowd", "late", None}, (found, asked)
    assert asked["client"]["requests"] == 10 and asked["late"]["requests"] == 100, asked
    case.note = f"{found[None]['requests']} of 8,000 exchanges of nobody, the rest of their owner"


@fault("10⁵ processes a minute: each is its own, and nobody is named wrongly", sample=True)
def crowd(case):
    program = tempfile.mktemp(prefix="wiretally-crowd-")
    run(f"cc -O2 -o {program} {os.path.dirname(os.path.realpath(__file__))}/crowd.c")
    name = case.network.server
    server = subprocess.Popen(["ip", "netns", "exec", name, program, "serve"], stdout=subprocess.PIPE)
    processes, names = 10_000, 100
    try:
        assert server.stdout.readline() == b"ready\n", "the server does not serve"
        watch = case.watching("-i lo")
        asked = subprocess.run(["ip", "netns", "exec", name, program, "ask", str(processes), str(names)], capture_output=True,
                               timeout=300)
        assert asked.returncode == 0, asked.stderr
        assert wait_for(lambda: watch.seen() >= processes, 60), f"{watch.seen()} seen: {watch.errors}"
    finally:
        server.kill()
        server.wait()
        server.stdout.close()
        os.remove(program)
    case.ends(watch, exact=False)
    served, asking = owners(watch, "server"), owners(watch, "client")
    unknown = [role.pop(None, {"requests": 0})["requests"] for role in (served, asking)]
    assert set(served) == {"server"}, served
    assert set(asking) == {f"one-{number}" for number in range(names)}, asking
    # One too many is another one's.
    wrong = {name: row["requests"] for name, row in asking.items() if row["requests"] > processes // names}
    assert not wrong, f"{wrong} asked {processes // names} each"
    # A busy machine may let the ring run full: then nobody is known for a while, and none wrongly.
    assert max(unknown) * 2 <= processes, unknown
    case.note = f"{processes * 60_000 // max(int(asked.stdout), 1):,} processes a minute; {unknown[0]} and {unknown[1]} of {processes:,} sides unknown"


def groups():
    """Where control groups are made: of version 2, or of the controller that the program looks at otherwise."""
    with open("/proc/mounts") as mounts:
        for line in mounts:
            fields = line.split()
            if fields[2] == "cgroup2":
                return fields[1]
    return "/sys/fs/cgroup/memory"


@fault("a control group is gone before anybody asks for it", sample=True)
def gone(case):
    root = f"{groups()}/{case.network.prefix}"
    group = f"{root}/system.slice/gone.service"
    os.makedirs(group)
    servers = None
    try:
        servers = Servers(case)
        watch = case.watching("-i lo")
        # The watch reads what was sent once the group is no more.
        watch.tell(signal.SIGSTOP)
        servers.ask(10, group=group)
        assert wait_for(lambda: run(f"rmdir {group}", may_fail="the kernel lets go of it a little later").returncode == 0)
        watch.tell(signal.SIGCONT)
        assert wait_for(lambda: watch.seen() >= 10), f"{watch.seen()} seen: {watch.errors}"
    finally:
        if servers:
            servers.close()
        run(f"rmdir {group} {root}/system.slice {root}", may_fail="what is gone already")
    case.ends(watch, exact=False)
    asked = owners(watch, "client")
    assert set(asked) == {"client"} and asked["client"]["unit"] == "gone.service", asked


@fault("a process calls itself by escapes, overrides and invalid UTF-8", sample=True)
def hostile(case):
    servers = Servers(case, HOSTILE)
    try:
        watch = case.watching("-i lo --listen 127.0.0.1:9180")
        served(case, watch, servers, name=HOSTILE)
        served(case, watch, servers, name=b"")
        served(case, watch, servers, name=b"_OTHER")

        def get(path):
            return subprocess.run(["ip", "netns", "exec", case.network.server, "curl", "-sS", "--max-time", "2", "-H", "Host: localhost",
                                   f"http://127.0.0.1:9180{path}"], capture_output=True).stdout
        name = rb"\x1b[2J\xe2\x80\xae\xff"
        assert wait_for(lambda: name.replace(b"\\", b"\\\\") in get("/metrics")), get("/metrics")
        pages = {path: get(path) for path in ("/metrics", "/events", "/api/v1/snapshot", "/api/v1/owners.csv")}
    finally:
        servers.close()
    case.ends(watch, exact=False)
    for path, page in pages.items():
        assert name in page.replace(b"\\\\", b"\\"), f"{path} has no such name: {page!r}"
        assert all(byte in b"\r\n" or 32 <= byte < 127 for byte in page), f"{path}: {page!r}"
    series = [line.rsplit(b" ", 1)[0] for line in pages["/metrics"].splitlines() if not line.startswith(b"#")]
    assert len(series) == len(set(series)), "a series is there twice"
    assert watch.output.isascii() and "\x1b" not in watch.output
    assert len(owners(watch, "server")) == 1 and len(owners(watch, "client")) == 3
