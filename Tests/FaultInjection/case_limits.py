# SPDX-License-Identifier: Apache-2.0
"""Too few descriptors, too little memory, too many packets."""
import os
import signal
import time

from case import fault, faults
from stage import imbalance, run, wait_for


@faults("few descriptors:", [3, 4, 6, 8, 12, 16])
def descriptors(case, count):
    watch = case.watch(through=f"prlimit --nofile={count}")
    ends_clearly(case, watch)


@faults("MiB of address space:", [64, 96, 128, 160, 200, 300, 500])
def memory(case, mebibytes):
    watch = case.watch(through=f"prlimit --as={mebibytes << 20}")
    ends_clearly(case, watch)


@fault("no locked memory")
def locked(case):
    watch = case.watching(through="prlimit --memlock=0")
    case.counts(watch)
    case.ends(watch)


@faults("a memory group of MiB:", [(8, 0), (16, 0), (24, 0), (35, 2), (42, 8), (50, 16), (80, 32)], sample=(50, 16))
def group(case, value):
    mebibytes, ring = value
    is_first = os.path.isdir("/sys/fs/cgroup/memory")
    folder = ("/sys/fs/cgroup/memory/" if is_first else "/sys/fs/cgroup/") + case.network.prefix
    os.mkdir(folder)
    try:
        with open(folder + ("/memory.limit_in_bytes" if is_first else "/memory.max"), "w") as file:
            file.write(str(mebibytes << 20))
        # `ip netns exec` hides the groups, as it mounts a /sys of its own: back to where they are.
        watch = case.watch(through=f"nsenter --mount=/proc/{os.getpid()}/ns/mnt --root=/proc/{os.getpid()}/root "
                                   f"sh -c 'echo $$ >{folder}/cgroup.procs && exec \"$@\"' sh")
        if ring == 0:
            case.fails(watch, 70, f"cannot watch within {mebibytes} MiB", "a higher limit of its control group")
            return
        case.says(watch, "capturing on eth0", "(eBPF);" if ring == 32 else f"with a ring of {ring} MiB instead of 32 MiB")
        case.counts(watch, 2_000)
        case.ends(watch)
    finally:
        for watch in case.watches:
            watch.close()
        wait_for(lambda: run(f"rmdir {folder}", may_fail="the kernel lets go of it a little later").returncode == 0)


def ends_clearly(case, watch):
    """It watches and counts, or it ends with a status of its own and a word about why."""
    if "capturing on" in watch.errors:
        case.counts(watch)
        case.ends(watch)
        return
    status = watch.wait()
    # 127: the loader cannot even map the libraries.
    assert status in (66, 70, 77, 127), f"status {status}: {watch.errors}"
    assert watch.errors.strip(), "it says nothing"


# More than the ring holds; FRAMES=10000000 takes minutes.
FRAMES = int(os.environ.get("FRAMES", 100_000))


@faults("the reader is stopped in a flood:", ["ebpf", "pcap"], sample="ebpf")
def flood(case, backend):
    # The smallest ring there is; pcap's own buffer is as large.
    watch = case.watching(f"-i eth0 --backend {backend} --ring 1")
    # Read, then stopped for half of them, then read again.
    case.network.send(FRAMES // 8)
    watch.tell(signal.SIGSTOP)
    case.network.send(FRAMES // 4)
    watch.tell(signal.SIGCONT)
    time.sleep(1.5)
    case.network.send(FRAMES // 8)
    case.ends(watch, exact=False)
    capture = account(case, watch)
    assert capture["lost"] > 0, "nothing was lost: the flood was none"
    assert capture["matched"] == 2 * case.network.sent, capture
    case.note = f"sent {2 * case.network.sent} = read {capture['delivered']} + lost {capture['lost']}"


@faults("a ring too small for a burst:", ["ebpf", "pcap"])
def burst(case, backend):
    watch = case.watching(f"-i eth0 --backend {backend} --ring 1", inject=["poll:delay_enter=300000"])
    case.network.send(30_000)
    time.sleep(1)
    case.fired(watch)
    case.ends(watch, exact=False, is_measured=False)
    account(case, watch)


@faults("under load the ledger adds up at the end of every second:", ["ebpf", "pcap"])
def every_second(case, backend):
    watch = case.watching(f"-i eth0 --backend {backend}")
    begin = time.monotonic()
    while time.monotonic() - begin < 6:
        case.network.send(200)
        time.sleep(0.02)
    case.counts(watch)
    case.ends(watch)
    lines = [line for line in watch.intervals() if line["type"] == "interval"]
    assert len(lines) >= 5, "there were too few seconds"
    ahead = 0
    for line in lines:
        capture = line["capture"]
        classes = ["headSegments", "continuations", "duplicates", "unparseable", "falseHeads", "otherSegments"]
        assert capture["delivered"] == sum(capture[name] for name in classes), line
        assert line["requests"] + line["responses"] == capture["headSegments"] + capture["pipelinedHeads"], line
        # What is on its way at the end of a second is delivered in the next one.
        ahead += capture["matched"] - capture["delivered"] - capture["lost"]
        assert ahead >= 0, line
    assert ahead == 0, f"{ahead} segments never arrived"


def account(case, watch):
    """Sent = read + lost, to the last segment; what the capture counted."""
    summary = watch.summary()
    assert summary, watch.errors
    assert imbalance(summary) is None, imbalance(summary)
    capture, sent = summary["capture"], 2 * case.network.sent
    assert capture["delivered"] + capture["lost"] == sent, (
        f"sent {sent} != read {capture['delivered']} + lost {capture['lost']}")
    assert summary["requests"] + summary["responses"] == capture["delivered"]
    return capture


@fault("segments that make no sense")
def nonsense(case):
    watch = case.watching()
    for length in range(0, 120):
        case.network.put(os.urandom(14) + b"\x45" + os.urandom(length))
        case.network.put(b"\xff" * 6 + b"\x02" * 6 + b"\x08\x00\x45\x00" + os.urandom(length + 20))
        case.network.put(b"\xff" * 6 + b"\x02" * 6 + b"\x86\xdd\x60\x00" + os.urandom(length + 50))
    case.counts(watch)
    case.ends(watch)


@fault("/sys is not mounted")
def no_sys(case):
    watch = case.watch(through="unshare -m sh -c 'umount -l /sys && exec \"$@\"' sh")
    ends_clearly(case, watch)


@fault("/proc is not mounted")
def no_proc(case):
    watch = case.watch(through="unshare -m sh -c 'umount -l /proc && exec \"$@\"' sh")
    case.fails(watch, 70, "/proc is not mounted", "mount -t proc")
