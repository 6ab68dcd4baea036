# SPDX-License-Identifier: Apache-2.0
"""What each contestant says it has seen: (requests, responses, loss it tells itself), None where it does not say.

Each function reads the folder of one run: `out` and `err` are the contestant's, the other files as its command names
them.
"""

import json
import re


def read(path):
    """A file's bytes; none where there is no file."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def nothing(folder):
    return None, None, None


def wiretally(folder):
    """The summary, which is the last line, with what the ring lost."""
    lines = [line for line in read(folder + "/out").splitlines() if line.startswith(b'{"type":"summary"')]
    if not lines:
        return None, None, None
    summary = json.loads(lines[-1])
    return summary["requests"], summary["responses"], summary["capture"]["lost"]


def numbers(folder):
    """requests=N responses=N lost=N, or the same as JSON; else the heads that were printed."""
    out = read(folder + "/out")
    found = [re.findall(rb'"?\b%s"?\s*[:=]\s*(\d+)' % key, out) for key in (b"requests", b"responses", b"lost")]
    if not found[0] or not found[1]:
        return heads(folder)
    return tuple(int(values[-1]) if values else None for values in found)


def heads(folder):
    """Printed lines that start a head."""
    out = read(folder + "/out")
    return (len(re.findall(rb"(?m)^(?:GET|POST|PUT|HEAD|DELETE|OPTIONS|PATCH) /", out)),
            len(re.findall(rb"(?m)^HTTP/1\.[01] \d", out)), None)


def httpry(folder):
    """A log of one line a message."""
    out = read(folder + "/log")
    return out.count(b"\n>\t"), out.count(b"\n<\t"), dropped(folder)


def tshark(folder):
    """One line a packet, its messages separated by commas: methods, then statuses."""
    asked = answered = 0
    for line in read(folder + "/out").splitlines():
        methods, statuses = (line.split(b"\t") + [b""])[:2]
        asked += sum(1 for word in methods.split(b",") if word)
        answered += sum(1 for word in statuses.split(b",") if word)
    return asked, answered, dropped(folder)


def suricata(folder):
    """Its log of HTTP transactions."""
    out = read(folder + "/log/eve.json")
    return out.count(b'"event_type":"http"'), out.count(b'"status":'), None


def tcpdump(folder):
    """Packets that passed its filter: messages of both kinds, which it cannot tell apart."""
    output = read(folder + "/out") + read(folder + "/err")
    found = re.findall(rb"(\d+) packets?(?: captured|$)", output, re.M)
    return (int(found[-1]) if found else None), None, dropped(folder)


def dropped(folder):
    """What tools by libpcap say at their end: packets, not messages."""
    found = re.findall(rb"(\d+) packets? dropped", read(folder + "/err") + read(folder + "/out"))
    return int(found[0]) if found else None
