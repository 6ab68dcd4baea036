# SPDX-License-Identifier: Apache-2.0
"""Who takes part: each contestant's commands, started as its users would, and how to read its version and its counts.

In a command {file}, {iface} and {run} (the folder of the run) are filled in, as are {dir}, where the floors are, {bin},
the program, and {here}.
"""

import os
import re
import shlex
import shutil
import subprocess
from typing import NamedTuple

import counts

HERE = os.path.dirname(os.path.abspath(__file__))
HTTP_PORTS = "tcp port 80 or tcp port 8080"
# With a tag before it, which libpcap's language takes for another packet.
PORTS = shlex.quote(f"({HTTP_PORTS}) or (vlan and ({HTTP_PORTS}))")
HEAD = shlex.quote("^(GET|POST|PUT|HEAD|DELETE|OPTIONS|PATCH|HTTP/1)")
PAYLOAD = shlex.quote(" or ".join(
    "tcp[((tcp[12]&0xf0)>>2):4]=0x" + word.encode().hex()
    for word in ("GET ", "POST", "PUT ", "HEAD", "DELE", "OPTI", "PATC", "HTTP")))
WATCH = "{bin} -t 1000000000 --format json -i {iface} --port 80,8080 --alert-log {run}/alerts.log"
HTTPRY = ("-m get,post,put,head,delete,options,patch -f direction,method,status-code,host,request-uri "
          "-o {run}/log " + PORTS)
TSHARK = "-Y http -T fields -e http.request.method -e http.response.code -e http.host -e http.request.uri"
SURICATA = "suricata -c {here}/suricata.yaml -S /dev/null -k none --runmode single -l {run}/log"


class Contestant(NamedTuple):
    """One that takes part: its command for a file or for an interface, None where it has none."""
    name: str
    file: str | None
    live: str | None
    says: object
    version: str | None = None
    # Too slow for whole corpora: reads a tenth.
    slow: bool = False
    # What it is able to count: messages, requests and responses, or packets.
    unit: str = "messages"

    def command(self, part):
        return self.file if part == "files" else self.live


ALL = [
    Contestant("wiretally", "{bin} read --port 80,8080 --format json --alert-log {run}/alerts.log {file}",
               WATCH + " --backend ebpf", counts.wiretally, "{bin} --version"),
    Contestant("wiretally-pcap", None, WATCH + " --backend pcap", counts.wiretally),
    Contestant("httpry", "httpry -r {file} " + HTTPRY, "httpry -i {iface} " + HTTPRY, counts.httpry, "httpry -h"),
    Contestant("ngrep", f"ngrep -I {{file}} -q -W byline {HEAD} '{HTTP_PORTS}'",
               f"ngrep -d {{iface}} -q -W byline {HEAD} '{HTTP_PORTS}'", counts.heads, "ngrep -V"),
    Contestant("tcpdump-copy", "tcpdump -r {file} -w /dev/null", "tcpdump -i {iface} -w /dev/null", counts.tcpdump,
               "tcpdump --version", unit="packets"),
    Contestant("tcpdump-filter", "tcpdump -r {file} --count " + PAYLOAD, "tcpdump -i {iface} -w /dev/null " + PAYLOAD,
               counts.tcpdump),
    Contestant("tshark", "tshark -r {file} " + TSHARK, "tshark -i {iface} " + TSHARK, counts.tshark,
               "tshark --version", slow=True),
    Contestant("suricata", SURICATA + " -r {file}", SURICATA + " --af-packet={iface}", counts.suricata, "suricata -V"),
    # No monitor at all: its ratio is the noise.
    Contestant("control", None, "sleep 900", counts.nothing),
    Contestant("floor-mmap", "{dir}/floor -m {file}", None, counts.numbers),
    Contestant("floor-pcap", "{dir}/floor {file}", "{dir}/floor -i {iface}", counts.numbers),
    Contestant("floor-pcap-parse", "{dir}/floor -p {file}", "{dir}/floor -p -i {iface}", counts.numbers),
    Contestant("floor-ebpf-count", None, "{dir}/floor_bpf count {iface}", counts.numbers),
    Contestant("floor-ebpf-ring", None, "{dir}/floor_bpf ring {iface}", counts.numbers),
]


def fill(command, places):
    """The arguments of a command with its places filled in."""
    return [re.sub(r"\{(%s)\}" % "|".join(places), lambda place: places[place[1]], word)
            for word in shlex.split(command)]


def further(text):
    """Contestants of the operator's own: a line `name=command` each, for a file or for an interface."""
    for line in filter(str.strip, text.splitlines()):
        name, is_one, command = line.strip().partition("=")
        if not is_one or ("{file}" in command) == ("{iface}" in command):
            raise SystemExit(f"CONTESTANT: want name=command with one of {{file}} and {{iface}}, not: {line.strip()}")
        is_file = "{file}" in command
        yield Contestant(name, command if is_file else None, None if is_file else command, counts.numbers)


def chosen(part, places):
    """Those that take part here, and the names of those that are not installed, after ONLY and SKIP."""
    table = ALL + list(further(os.environ.get("CONTESTANT", "")))
    only, skip = (set(filter(None, os.environ.get(key, "").split(","))) for key in ("ONLY", "SKIP"))
    unknown = (only | skip) - {one.name for one in table}
    if unknown:
        raise SystemExit(f"no contestant is called {', '.join(sorted(unknown))}: choose from "
                         + ", ".join(one.name for one in table))
    present, missing = [], []
    for one in table:
        command = one.command(part)
        if command and (not only or one.name in only) and one.name not in skip:
            is_there = shutil.which(fill(command, places)[0])
            (present if is_there else missing).append(one)
    return present, [one.name for one in missing]


def version(one, places):
    """The first number of a version that a contestant tells."""
    if not one.version:
        return None
    output = subprocess.run(fill(one.version, places), capture_output=True, text=True, timeout=30)
    found = re.search(r"\d+\.\d[\w.+-]*", output.stdout + output.stderr)
    return found[0].rstrip(".,") if found else None
