# SPDX-License-Identifier: Apache-2.0
"""The n-th call of the start fails, for every n: each ends clearly, or continues in another way and says why."""
import re
import sys
import tempfile
import time

from stage import Network, Watch, run

# Each with an error that it may really give. brk gives none: when it fails it returns the end as it was, which the C
# library tells by its being lower than what it asked for; -ENOMEM would be an end above all memory to it.
CALLS = [("bpf", "EPERM"), ("bpf", "ENOMEM"), ("socket", "EMFILE"), ("setsockopt", "ENOMEM"), ("bind", "ENODEV"), ("mmap", "ENOMEM"),
         ("poll", "ENOMEM"), ("openat", "EMFILE"), ("write", "EIO"), ("ioctl", "ENODEV"), ("getsockopt", "EINVAL"), ("pipe", "EMFILE"),
         ("pipe2", "EMFILE"), ("clone", "EAGAIN"), ("clone3", "EAGAIN"), ("prctl", "EPERM"), ("seccomp", "EINVAL"),
         ("landlock_create_ruleset", "EINVAL"), ("landlock_add_rule", "EINVAL"), ("landlock_restrict_self", "EPERM"),
         ("setresuid", "EAGAIN"), ("capset", "EPERM"), ("futex", "EINTR"), ("munmap", "EINVAL"), ("mprotect", "ENOMEM"), ("brk", None),
         ("madvise", "EINVAL"), ("fstat", "EIO"), ("newfstatat", "EIO"), ("read", "EIO"), ("fcntl", "EINVAL"), ("rt_sigaction", "EINVAL"),
         ("lseek", "ESPIPE")]

# What ends with a status of the program's own; 127 is the loader, before the program begins.
CLEAR = {0, 64, 66, 70, 77, 127}


def counts(program, network, backend):
    """Of each call, how often the loader makes it and how often a normal start and end does, the loader included.

    What fails in the loader, which maps the libraries, is not the program's to say: some of it is a crash of its own.
    It is done when it gives back its list of libraries.
    """
    trace = tempfile.mktemp(prefix="wiretally-sweep-")
    run(f"ip netns exec {network.server} strace -f -qq -o {trace} {program} -t 1 -i eth0 --backend {backend} --duration 100ms "
        f"--alert-log {trace}.d/log >/dev/null 2>&1")
    found, loader, is_list_open = {}, None, False
    with open(trace) as file:
        for line in file:
            if match := re.match(r"\d+ +([a-z0-9_]+)\(", line):
                found[match[1]] = found.get(match[1], 0) + 1
                if match[1] == "munmap" and is_list_open and loader is None:
                    loader = dict(found)
                is_list_open = is_list_open or "/etc/ld.so.cache" in line
    run(f"rm -rf {trace} {trace}.d")
    return {call: ((loader or {}).get(call, 0), count) for call, count in found.items()}


def sweep(program, words):
    """Runs all of it, or the calls named, `stride=K` every K-th; the exit status."""
    stride = next((int(word[7:]) for word in words if word.startswith("stride=")), 1)
    words = [word for word in words if not word.startswith("stride=")]
    network, runs, failed, outcomes = Network(), 0, 0, {}
    try:
        for backend in ("auto", "pcap"):
            normal = counts(program, network, backend)
            for call, error in CALLS:
                if (words and call not in words) or call not in normal:
                    continue
                begin, before = time.monotonic(), failed
                loader, count = normal[call]
                for number in range(loader + 1, count + 1, stride):
                    problem, status = once(program, network, backend, call, error, number)
                    runs += 1
                    outcomes[status] = outcomes.get(status, 0) + 1
                    if problem:
                        failed += 1
                        print(f"FAIL {backend} {call}={error or 0} when={number}: {problem}")
                print(f"{'FAIL' if failed > before else 'ok  '} {backend}: {call} fails{f' with {error}' if error else ''}, "
                      f"{count - loader} calls, {time.monotonic() - begin:.0f} s")
                sys.stdout.flush()
    finally:
        network.close()
    print("exit statuses:", ", ".join(f"{status}: {count}" for status, count in sorted(outcomes.items(), key=str)))
    print(f"{runs - failed} passed, {failed} failed")
    return 1 if failed else 0


def once(program, network, backend, call, error, number):
    fault = f"error={error}" if error else "retval=0"
    watch = Watch(program, network, f"-i eth0 --backend {backend}", inject=[f"{call}:{fault}:when={number}"], waits=False,
                  duration="100ms")
    try:
        status = watch.wait(30)
        if status is None:
            return "it hangs", None
        if not watch.injected:
            # A call less than in the run before: another way was taken.
            return (None, status) if status == 0 else (f"status {status} without any fault: {watch.errors}", status)
        if status not in CLEAR:
            return f"status {status}: {watch.errors[-400:]} {watch.text(watch.traced)[-200:]}", status
        if status and not watch.errors.strip() and call != "write":
            return f"status {status} without a word", status
        if status == 0 and not watch.summary() and call != "write":
            return f"status 0 without a summary: {watch.errors}", status
        return None, status
    finally:
        watch.close()
