# SPDX-License-Identifier: Apache-2.0
"""Standard input, output and error; terminals; who reads no more."""
import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import termios
import threading
import time

from case import fault, faults
from stage import sandboxed, wait_for


@faults("closed at the start:", ["0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"], sample="0<&- 1>&- 2>&-")
def closed(case, redirect):
    watch = case.watch(redirect=redirect, waits="2>&-" not in redirect)
    assert wait_for(lambda: sandboxed(watch.pid)), "it does not come to watching"
    names = [os.readlink(f"/proc/{watch.pid}/fd/{number}") for number in range(3)]
    assert not any("socket" in name or "bpf" in name for name in names), names
    case.network.send(10)
    if "1>&-" not in redirect:
        case.counts(watch, 0)
        case.ends(watch)
    else:
        time.sleep(1.5)
        case.ends(watch, exact=False)


@fault("standard output is a full disk: reported once", sample=True)
def full_output(case):
    watch = case.watching(redirect=">/dev/full")
    case.says(watch, "cannot write to standard output: no space left")
    time.sleep(2.5)
    case.ends(watch, exact=False)
    assert watch.errors.count("cannot write to standard output") == 1, watch.errors


@fault("standard error is a full disk")
def full_errors(case):
    watch = case.watch(redirect="2>/dev/full", waits=False)
    assert wait_for(lambda: sandboxed(watch.pid))
    case.counts(watch)
    case.ends(watch)


@fault("the reader of standard output goes away")
def reader_gone(case):
    read, write = os.pipe()
    watch = case.watching(stdout=write)
    os.close(write)
    os.close(read)
    case.network.send(10)
    assert watch.wait() == 0, f"status {watch.process.poll()}"


@fault("the reader of standard error goes away")
def errors_gone(case):
    read, write = os.pipe()
    watch = case.watch(stderr=write, waits=False)
    os.close(write)
    os.close(read)
    assert wait_for(lambda: sandboxed(watch.pid))
    case.counts(watch)
    case.ends(watch)


@faults("the reader of standard output reads no more, and then it is ended by", ["SIGTERM", "SIGINT"], sample="SIGTERM")
def stuck(case, name):
    read, write = os.pipe()
    fcntl.fcntl(write, 1031, 4096)  # F_SETPIPE_SZ: it is full soon.
    watch = case.watching("-i eth0 --interval 10ms --alert-window 1s", stdout=write)
    os.close(write)
    case.network.send(10)
    # Full, which a pipe of one page is from its first line on: the next ones are queued.
    assert wait_for(lambda: queued(read) > 300), queued(read)
    # Another thread waits for the pipe: the reporter polls for signals and keys, as ever.
    assert wait_for(lambda: waits_in(watch.pid, 0x64)), "the reporter does not poll"
    case.ends(watch, exact=False, number=getattr(signal, name), is_measured=False)
    case.says(watch, "standard output")
    os.close(read)


def queued(descriptor):
    size = bytearray(4)
    fcntl.ioctl(descriptor, termios.FIONREAD, size)
    return struct.unpack("i", size)[0]


def waits_in(pid, timeout):
    """Whether the process's first thread polls, with this timeout in milliseconds."""
    with open(f"/proc/{pid}/syscall") as file:
        call = file.read().split()
    return call[0] == "7" and int(call[3], 16) == timeout


@fault("a slow reader gets all lines whole")
def slow_reader(case):
    read, write = os.pipe()
    fcntl.fcntl(write, 1031, 4096)
    watch = case.watching("-i eth0 --interval 100ms --alert-window 1s", stdout=write, duration="3s")
    os.close(write)
    case.network.send(10)
    text = bytearray()

    def take():
        while piece := os.read(read, 100):
            text.extend(piece)
            time.sleep(0.002)
    os.set_blocking(read, True)
    thread = threading.Thread(target=take, daemon=True)
    thread.start()
    assert watch.wait() == 0
    thread.join(20)
    lines = [json.loads(line) for line in bytes(text).decode().splitlines()]
    assert lines[-1]["type"] == "summary"
    assert sum(line["requests"] for line in lines if line["type"] == "interval") == case.network.sent


def on_terminal(case, size=(24, 80), options="-i eth0 --format page --interval 1s"):
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
    folder = f"/tmp/{case.network.prefix}"
    os.makedirs(folder, exist_ok=True)

    def own():
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    process = subprocess.Popen(
        ["ip", "netns", "exec", case.network.server, case.program, "-t", "1000000", "--alert-log", folder + "/log/alerts.log"]
        + options.split(), stdin=slave, stdout=slave, stderr=open(folder + "/err", "w"), preexec_fn=own)
    os.close(slave)
    assert wait_for(lambda: "capturing on" in open(folder + "/err").read()), open(folder + "/err").read()
    return process, master


@fault("the terminal goes away")
def terminal_gone(case):
    process, master = on_terminal(case)
    os.close(master)
    assert process.wait(20) is not None
    assert process.returncode in (0, -1), process.returncode


@fault("q on a terminal")
def quit_key(case):
    process, master = on_terminal(case)
    begin = time.monotonic()
    os.write(master, b"q")
    threading.Thread(target=lambda: drain(master), daemon=True).start()
    assert process.wait(20) == 0
    case.quits.append((time.monotonic() - begin) * 1000)


@faults("a terminal of", [(1, 1), (0, 0), (3, 10)])
def tiny(case, size):
    process, master = on_terminal(case, size)
    threading.Thread(target=lambda: drain(master), daemon=True).start()
    time.sleep(1.5)
    assert process.poll() is None
    os.write(master, b"q")
    assert process.wait(20) == 0


def drain(master):
    try:
        while os.read(master, 4096):
            pass
    except OSError:
        pass


@fault("stopped and continued by the shell")
def stopped(case):
    watch = case.watching()
    case.counts(watch)
    watch.tell(signal.SIGSTOP)
    case.network.send(10)
    time.sleep(0.5)
    watch.tell(signal.SIGCONT)
    case.counts(watch)
    case.ends(watch)


@faults("two hundred signals:", ["SIGHUP", "SIGPIPE", "SIGWINCH", "SIGCHLD", "SIGURG"])
def storm(case, name):
    watch = case.watching()
    for _ in range(200):
        watch.tell(getattr(signal, name))
    case.counts(watch)
    case.ends(watch)


@fault("SIGINT and SIGTERM together")
def both(case):
    watch = case.watching()
    case.counts(watch)
    watch.tell(signal.SIGINT)
    case.ends(watch)


@faults("interrupted again and again:", ["poll", "write", "read"], sample="poll")
def interrupted(case, call):
    # The loader's own reads are not the program's.
    first = 60 if call == "read" else 1
    watch = case.watching(inject=[f"{call}:error=EINTR:when={first}..{first + 40}+2"])
    case.counts(watch)
    if call == "read":
        # Ten a second, for signals.
        case.fired(watch)
    case.ends(watch)
    case.fired(watch)


@faults("slow system calls:", ["poll", "write", "munmap"])
def slow(case, call):
    watch = case.watching(inject=[f"{call}:delay_enter=20000"])
    case.counts(watch)
    case.fired(watch)
    case.ends(watch)


@faults("writing fails now and then:", ["EAGAIN", "EINTR"])
def now_and_then(case, error):
    watch = case.watching(inject=[f"write:error={error}:when=3+3"])
    case.counts(watch)
    case.fired(watch)
    case.ends(watch)
