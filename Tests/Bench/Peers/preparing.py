# SPDX-License-Identifier: Apache-2.0
"""What a part needs before it can measure: commands, corpora, and the floors, which are compiled when they are old."""

import json
import os
import shutil
import subprocess
import sys

import corpora
from contestants import HERE

PACKAGES = {"tcpreplay": "tcpreplay", "wrk": "wrk", "nginx": "nginx-light", "ip": "iproute2", "mount": "mount",
            "taskset": "util-linux", "ethtool": "ethtool", "/usr/bin/time": "time", "cc": "gcc"}
NEEDED = {"files": ["cc", "/usr/bin/time"], "live": ["cc", "ip", "mount", "taskset", "tcpreplay"],
          "filter": ["cc", "ip", "mount", "taskset", "tcpreplay"],
          "server": ["cc", "ip", "mount", "taskset", "nginx", "wrk", "ethtool"]}


def need(part):
    """Ends with words about every command that is missing, and the packages that have them."""
    missing = [name for name in NEEDED[part] if not shutil.which(name)]
    if missing:
        raise SystemExit(f"the part {part} needs {', '.join(missing)}: apt-get install "
                         + " ".join(PACKAGES[name] for name in missing) + ", or make bench-peers, which does so")
    if part != "files" and os.geteuid() != 0:
        raise SystemExit(f"the part {part} makes network namespaces, which requires root: run it with sudo")


def compile_floors(folder):
    """The floor programs; without clang or libbpf those by eBPF stay away."""
    def older(built, *sources):
        path = os.path.join(folder, built)
        return not os.path.exists(path) or any(
            os.path.getmtime(os.path.join(HERE, one)) > os.path.getmtime(path) for one in sources)

    def build(*command):
        done = subprocess.run(command, cwd=HERE, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"a floor cannot be built ({done.returncode}): {' '.join(command)}\n{done.stderr.strip()[-2000:]}")

    if older("floor", "floor.c"):
        build("cc", "-O2", "-o", folder + "/floor", "floor.c", "-lpcap")
    if older("floor_bpf", "floor_bpf.c", "floor_bpf.bpf.c"):
        known = filter(shutil.which, ("clang-14", "clang-19", "clang-16", "clang"))
        clang = os.environ.get("BPF_CLANG") or next(known, None)
        machine = subprocess.run(["cc", "-print-multiarch"], capture_output=True, text=True, check=True).stdout.strip()
        if not clang:
            print("there is no clang: the floors by eBPF are left out", file=sys.stderr)
        else:
            build(clang, "-O2", "-g", "-target", "bpf", f"-I/usr/include/{machine}", "-c", "floor_bpf.bpf.c",
                  "-o", folder + "/floor_bpf.o")
            build("cc", "-O2", "-o", folder + "/floor_bpf", "floor_bpf.c", "-lbpf")


def corpus(folder, name):
    """The path of a corpus without its ending, and its ground truth; made when it is not there yet."""
    path = os.path.join(folder, name)
    if name not in corpora.NAMES:
        raise SystemExit(f"there is no corpus {name}: choose CORPORA from {', '.join(corpora.NAMES)}")
    if not os.path.exists(path + ".json"):
        print(f"making the corpus {name} in {folder}", file=sys.stderr)
        corpora.make(folder, name)
    with open(path + ".json") as file:
        return path, json.load(file)
