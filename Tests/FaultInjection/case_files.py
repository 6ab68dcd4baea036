# SPDX-License-Identifier: Apache-2.0
"""The alert log, and capture files."""
import os
import signal
import subprocess
import time

from case import fault, faults
from stage import run, wait_for

ALERT = dict(threshold="0")


def raised(case, watch, path, times):
    """Sends until the log at `path` has this many lines that an alert was raised."""
    case.network.send(10)
    assert wait_for(lambda: watch.text(path).count("ALERT raised") >= times), (
        f"{path}: {watch.text(path)!r}: {watch.errors}")
    # It recovers once its window is over.
    assert wait_for(lambda: watch.text(path).count("RECOVERED") >= times), watch.text(path)


@fault("the alert log is rotated, with SIGHUP", sample=True)
def rotated(case):
    watch = case.watching(**ALERT)
    raised(case, watch, watch.log, 1)
    os.rename(watch.log, watch.log + ".1")
    watch.tell(signal.SIGHUP)
    assert wait_for(lambda: os.path.exists(watch.log)), "it was not reopened"
    raised(case, watch, watch.log, 1)
    assert watch.text(watch.log + ".1").count("ALERT raised") == 1
    case.ends(watch)


@faults("the alert log is", ["renamed", "removed"])
def away(case, how):
    watch = case.watching(**ALERT)
    raised(case, watch, watch.log, 1)
    if how == "renamed":
        os.rename(watch.log, watch.log + ".1")
    else:
        os.remove(watch.log)
    raised(case, watch, watch.log, 1)
    case.ends(watch)


@fault("the alert log's folder is removed: the watch continues")
def folder_away(case):
    watch = case.watching(**ALERT)
    raised(case, watch, watch.log, 1)
    run(f"rm -r {os.path.dirname(watch.log)}")
    case.counts(watch)
    case.ends(watch)


@fault("the disk under the alert log is full, and then it is not", sample=True)
def full(case):
    folder = f"/tmp/{case.network.prefix}d"
    run(f"mkdir {folder} && mount -t tmpfs -o size=64k,mode=777 tmpfs {folder}")
    try:
        watch = case.watching("-i eth0 --format page", log=f"{folder}/alerts.log", **ALERT)
        run(f"dd if=/dev/zero of={folder}/filler bs=1k count=100", may_fail="it ends when the disk is full")
        case.network.send(10)
        assert wait_for(lambda: "Warning: cannot write the alert log" in watch.output), watch.output[-800:]
        assert "no space left on device" in watch.output
        os.remove(f"{folder}/filler")
        # What waited is written with the next transition.
        assert wait_for(lambda: "recovered" in watch.output)
        case.network.send(10)
        assert wait_for(lambda: watch.text(watch.log).count("ALERT raised") >= 2), watch.text(watch.log)
        case.ends(watch, exact=False)
        assert f"Total Requests: {case.network.sent}\n" in watch.output
    finally:
        case.close()
        run(f"umount {folder} && rmdir {folder}")


@faults("an alert log that cannot be opened:", ["/proc/no/alerts.log", "/", "/tmp", "/dev/null/x"])
def unopenable(case, path):
    case.fails(case.watch(log=path), 77, "cannot write the alert log", "--alert-log")


@fault("an alert log that is a full device")
def full_device(case):
    watch = case.watching("-i eth0 --format page", log="/dev/full", **ALERT)
    case.network.send(10)
    assert wait_for(lambda: "Warning: cannot write the alert log" in watch.output), watch.output[-800:]
    case.ends(watch, exact=False)


@fault("an alert log that is a pipe nobody reads")
def pipe(case):
    path = f"/tmp/{case.network.prefix}p"
    os.mkfifo(path)
    try:
        case.fails(case.watch(log=path), 77, "cannot write the alert log")
    finally:
        os.remove(path)


@fault("an alert log beyond the limit of file sizes (ulimit -f)")
def limited(case):
    watch = case.watching("-i eth0 --format page", through="prlimit --fsize=400", stdout=subprocess.DEVNULL, **ALERT)
    for _ in range(8):
        case.network.send(2)
        time.sleep(1)
    assert watch.alive(), f"it died with {watch.process.poll()}: {watch.errors}"
    case.ends(watch, exact=False)


@faults("a capture file that is", [("missing", 66), ("a folder", 66), ("empty", 65), ("no capture", 65), ("cut short", 65)],
        sample=("cut short", 65))
def files(case, value):
    kind, status = value
    path = f"/tmp/{case.network.prefix}.pcap"
    header = bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000")
    contents = {"empty": b"", "no capture": b"GIF89a" * 20, "cut short": header + b"\1\0\0\0\0\0\0\0\x40\0\0\0\x40\0\0\0abc"}
    if kind == "a folder":
        os.mkdir(path)
    elif kind in contents:
        with open(path, "wb") as file:
            file.write(contents[kind])
    ran = subprocess.run([case.program, "read", "--format", "json", path], capture_output=True, text=True, timeout=30)
    run(f"rm -rf {path}")
    assert ran.returncode == status, f"status {ran.returncode}: {ran.stderr}"
    # Nothing was read, so there is nothing to sum up.
    assert path in ran.stderr and ran.stdout == "", ran.stderr + ran.stdout


@fault("the writer of a capture on standard input dies in the middle")
def writer_dies(case):
    header = bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000")
    ran = subprocess.run([case.program, "read", "--format", "json", "-"], input=header + b"\1\0\0\0\0\0", capture_output=True,
                         timeout=30)
    assert ran.returncode == 65, ran.stderr
    assert b"standard input" in ran.stderr
