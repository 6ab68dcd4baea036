# SPDX-License-Identifier: Apache-2.0
"""A system call of the start fails: the next best way is taken and named, or the end is clear."""
import subprocess

from case import fault, faults
from stage import SetUpError, ring_call, run

BPF = ["EPERM", "EACCES", "ENOSYS", "EINVAL", "ENOMEM", "E2BIG", "EMFILE"]


@faults("bpf() fails, libpcap takes over:", BPF, sample="ENOSYS")
def bpf_refused(case, error):
    watch = case.watching(inject=[f"bpf:error={error}"])
    case.fired(watch)
    case.says(watch, "libpcap is used instead of eBPF: ")
    case.counts(watch)
    case.ends(watch)


@faults("bpf() fails, eBPF was asked for:", [("EPERM", 77), ("EACCES", 77), ("ENOSYS", 70), ("ENOMEM", 70), ("EMFILE", 70)])
def bpf_asked_for(case, value):
    error, status = value
    watch = case.watch("-i eth0 --backend ebpf", inject=[f"bpf:error={error}"])
    case.fails(watch, status, "wiretally: ")
    case.fired(watch)


@fault("the ring's memory is refused once, a smaller ring is taken", sample=True)
def smaller_ring(case):
    watch = case.watching(inject=[f"bpf:error=ENOMEM:when={ring_call(case.program, case.network)}"])
    case.fired(watch)
    case.says(watch, "with a ring of 16 MiB instead of 32 MiB", "ring reduced to 16 MiB: cannot allocate memory")
    case.counts(watch)
    case.ends(watch)


@faults("the filter cannot be attached, libpcap takes over:", ["ENOMEM", "EPERM", "ENOPROTOOPT"], sample="ENOMEM")
def attach(case, error):
    # The first is that of the kernel's clock.
    watch = case.watching(inject=[f"setsockopt:error={error}:when=2"])
    case.fired(watch)
    case.says(watch, "libpcap is used instead of eBPF: cannot attach the filter")
    case.counts(watch)
    case.ends(watch)


@fault("the kernel's clock cannot be read, and the filter counts")
def clock(case):
    watch = case.watching(inject=["setsockopt:error=EPERM:when=1"])
    case.fired(watch)
    case.says(watch, "(eBPF)")
    case.counts(watch)
    case.ends(watch)


@fault("the filter cannot be locked, libpcap takes over")
def lock(case):
    watch = case.watching(inject=["setsockopt:error=EPERM:when=3"])
    case.fired(watch)
    case.says(watch, "libpcap is used instead of eBPF: cannot lock the filter")
    case.counts(watch)
    case.ends(watch)


@faults("no packet socket is available:", [("EPERM", 77), ("EMFILE", 70), ("ENFILE", 70), ("ENOBUFS", 70), ("EAFNOSUPPORT", 70)],
        sample=("EPERM", 77))
def no_socket(case, value):
    error, status = value
    watch = case.watch("", inject=[f"socket:error={error}"])
    case.fails(watch, status, "wiretally: ")
    case.fired(watch)


@faults("no socket to look the interface up with:", [("EPERM", 77), ("EMFILE", 70)])
def no_lookup(case, value):
    error, status = value
    watch = case.watch("-i eth0 --backend ebpf", inject=[f"socket:error={error}"])
    case.fails(watch, status, "cannot look up interface eth0")
    case.fired(watch)


@faults("the socket cannot be bound:", ["ENODEV", "ENOMEM", "EADDRINUSE"])
def bind(case, error):
    watch = case.watch("-i eth0 --backend ebpf", inject=[f"bind:error={error}"])
    case.fails(watch, 66 if error == "ENODEV" else 70, "cannot bind the packet socket")
    case.fired(watch)


@fault("no pipe for signals: they are seen all the same")
def no_pipe(case):
    watch = case.watching(inject=["pipe:error=EMFILE", "pipe2:error=EMFILE"])
    case.fired(watch)
    case.counts(watch)
    case.ends(watch)


@fault("no thread can be started", sample=True)
def no_thread(case):
    watch = case.watch(inject=["clone:error=EAGAIN", "clone3:error=EAGAIN"])
    case.fails(watch, 70, "cannot start worker 1 of 1", "ulimit -u")
    case.fired(watch)


@fault("a second watch of the same interface")
def second(case):
    first, other = case.watching(), case.watching()
    case.counts(first)
    case.ends(first)
    case.ends(other)


@fault("an interface that does not exist")
def nowhere(case):
    case.fails(case.watch("-i nowhere0"), 66, "nowhere0", "eth0")


@fault("an interface's name with escape sequences")
def escapes(case):
    watch = case.watch("-i \"$(printf 'a\\033[31m')\"")
    case.fails(watch, 66, "a\\u{1b}[31m")
    assert "\x1b" not in watch.errors


@faults("an interface's name that cannot be one:", ["", "0123456789abcdef"])
def misnamed(case, name):
    case.fails(case.watch(f"-i '{name}'"), 64, "invalid interface name")


@fault("600 interfaces")
def many(case):
    script = "".join(f"link add v{n} type veth peer name w{n}\n" for n in range(300))
    added = subprocess.run(["ip", "-n", case.network.server, "-batch", "-"], input=script, capture_output=True, text=True, timeout=60)
    if added.returncode:
        raise SetUpError(f"set-up failed with {added.returncode}: ip -batch\n{added.stderr}")
    assert int(run(f"ip -n {case.network.server} -o link | wc -l").stdout) >= 600
    watch = case.watching("")
    case.counts(watch)
    case.ends(watch)
