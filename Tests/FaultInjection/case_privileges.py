# SPDX-License-Identifier: Apache-2.0
"""Capabilities that are missing, and privileges that cannot be given up."""
from case import fault, faults
from stage import run

SETPRIV = "setpriv --reuid 4711 --regid 4711 --clear-groups --bounding-set -all{0} --inh-caps -all{0} --ambient-caps -all{0}"


def setpriv(names):
    return SETPRIV.format("".join(f",+{name}" for name in names))


def everybodys(case):
    """A copy of the program and a folder that any user may use."""
    folder = case.network.prefix
    run(f"mkdir -p /tmp/{folder} && chmod 777 /tmp/{folder} && cp {case.program} /tmp/{folder}/wiretally")
    case.program = f"/tmp/{folder}/wiretally"
    return f"/tmp/{folder}"


@faults("only the capabilities", [("no", "77"), ("bpf", "77"), ("net_raw", "libpcap"), ("bpf,net_raw", "eBPF"),
                                  ("bpf,net_raw,perfmon", "eBPF")], sample=("net_raw", "libpcap"))
def capabilities(case, value):
    names = [] if value[0] == "no" else value[0].split(",")
    folder = everybodys(case)
    try:
        watch = case.watch(through=setpriv(names), log=f"{folder}/alerts.log")
        if value[1] == "77":
            case.fails(watch, 77, "permission denied", "sudo setcap", "CAP_BPF" if not names else "CAP_NET_RAW")
            return
        case.says(watch, f"({value[1]}", "sandboxed: capabilities dropped")
        if value[1] == "libpcap":
            case.says(watch, "libpcap is used instead of eBPF", "CAP_BPF")
        case.counts(watch)
        case.ends(watch)
    finally:
        run(f"rm -rf {folder}")


@faults("it cannot give up", [
    ("setresuid", "EPERM", "cannot switch to user nobody (operation not permitted)"),
    ("setgroups", "EPERM", "cannot switch to user nobody (operation not permitted)"),
    ("setresgid", "EINVAL", "cannot switch to user nobody (invalid argument)"),
    ("capset", "EPERM", "cannot drop capabilities (operation not permitted)"),
    ("landlock_restrict_self", "E2BIG", "cannot restrict file access (argument list too long)"),
    ("seccomp", "EINVAL", "cannot restrict system calls"),
], sample=("setresuid", "EPERM", "cannot switch to user nobody (operation not permitted)"))
def kept(case, value):
    call, error, words = value
    # What the start itself does with it comes before.
    watch = case.watching(inject=[f"{call}:error={error}"])
    case.fired(watch)
    case.says(watch, words)
    case.counts(watch)
    case.ends(watch)


@faults("no Landlock in the kernel:", ["ENOSYS", "EOPNOTSUPP"])
def no_landlock(case, error):
    watch = case.watching(inject=[f"landlock_create_ruleset:error={error}"])
    case.fired(watch)
    case.says(watch, "sandboxed as nobody: capabilities dropped, no new privileges, ")
    assert "Landlock" not in watch.errors
    case.counts(watch)
    case.ends(watch)


@fault("the user that was asked for cannot be become")
def not_become(case):
    watch = case.watch("-i eth0 --user nobody", inject=["setresuid:error=EPERM"])
    case.fails(watch, 77, "cannot switch to user nobody (operation not permitted)")
    case.fired(watch)


@fault("a namespace of users without rights")
def unprivileged(case):
    watch = case.watch(through="unshare -Urn", options="")
    if "capturing on" in watch.errors:
        case.says(watch, "libpcap is used instead of eBPF")
        case.ends(watch, exact=False)
    else:
        case.fails(watch, 77, "operation not permitted")


@fault("a list of users that cannot be read")
def no_users(case):
    watch = case.watching(through="unshare -m sh -c 'mount --bind /dev/null /etc/passwd && exec \"$@\"' sh")
    case.says(watch, "sandboxed as ")
    case.counts(watch)
    case.ends(watch)
