# SPDX-License-Identifier: Apache-2.0
"""Turns the lines of servers' logs into the ground truth of a capture."""

import collections
import json
import re


def site(entry):
    """The site of a request: its target's authority, else its Host, else the server's address."""
    target, authority = entry["target"], entry.get("host") or ""
    if entry["method"] == "CONNECT" and "protocol" not in entry:
        authority = target
    elif "://" in target.split("?")[0] and not target.startswith("/"):
        authority = target.split("://", 1)[1].split("/")[0].split("?")[0]
    authority = authority.rsplit("@", 1)[-1]
    head, colon, port = authority.rpartition(":")
    if colon and port.isdigit() or colon and port == "":
        authority = head
    name = authority.lower()
    return (name[:-1] if len(name) > 1 and name.endswith(".") else name) or entry["server_address"]


def section(entry):
    """The section of a request: the first segment of its path, for gRPC its service."""
    target = entry["target"]
    if target.startswith("/shop."):
        return target.rpartition("/")[0]
    if entry["method"] == "CONNECT" and "protocol" not in entry:
        return ""
    if "://" in target.split("?")[0] and not target.startswith("/"):
        rest = target.split("://", 1)[1]
        target = rest[rest.index("/"):] if "/" in rest.split("?")[0] else "/"
    path = target.split("?")[0].split("#")[0]
    return "/" + path[1:].split("/")[0] if path.startswith("/") else path or "/"


STATUSES = (
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED",
)


def calls(entries):
    """The calls of gRPC among some entries, and by name the statuses that they ended with.

    Answers without a status are left out: whether the client gives such a one up before its end is a matter of moments.
    """
    found = [entry for entry in entries if entry["target"].startswith("/shop.")]
    ended = (entry["grpc"] for entry in found if entry["status"] is not None and entry.get("grpc"))
    names = (STATUSES[int(name)] if name.isdigit() else name for name in ended)
    return {"requests": len(found), "statuses": dict(sorted(collections.Counter(names).items()))}


def of(entries, direction="both", unmatched=(), prefaces=0):
    """The counts of all entries; a status of None is a request that was never answered, `unsettled` that of a response
    which was given up before its end, and `failed` says how a call of gRPC ended.

    `unmatched` are statuses of responses whose request is not in the capture.
    """
    counts = collections.defaultdict(collections.Counter)
    responses = exchanges = interim = 0
    for entry in entries:
        if direction != "responses":
            counts["methods"][entry["method"]] += 1
            counts["sites"][site(entry)] += 1
            counts["sections"][section(entry)] += 1
        statuses = list(entry.get("interim", ())) if direction != "requests" else []
        interim += len(statuses)
        if direction != "requests" and entry["status"] is not None:
            statuses.append(entry["status"])
            if direction == "both":
                exchanges += 1
                failed = entry.get("failed", entry["status"] >= 400)
                counts["failures" if failed else "successes"][site(entry)] += 1
        elif direction == "both" and entry.get("failed"):
            # The server has reset the stream before a status: no exchange, but a failure.
            counts["resets"][site(entry)] += 1
        if "unsettled" in entry and direction != "requests":
            statuses.append(entry["unsettled"])
        for status in statuses:
            counts["statuses"][str(status)] += 1
        responses += len(statuses)
    for status in unmatched:
        counts["statuses"][str(status)] += 1
        responses += 1
    aborted = sum(entry["status"] is None for entry in entries) if direction == "both" else 0
    result = {"requests": len(entries) if direction != "responses" else 0, "responses": responses}
    for name in ("methods", "statuses", "sites", "sections", "successes", "failures", "resets"):
        result[name] = dict(sorted(counts[name].items()))
    if any(entry["target"].startswith("/shop.") for entry in entries):
        result["grpc"] = calls(entries)
    return result | {"exchanges": exchanges, "aborted": aborted, "interim": interim, "http2_prefaces": prefaces}


def entry_of(line, server_address):
    """One line of a server's log, as JSON with `request` (its first line) or `method` and `target`."""
    fields = json.loads(line)
    if fields.pop("pushed", "-") not in ("-", ""):
        # Nobody asked for it.
        return None
    if "request" in fields:
        parts = fields["request"].split(" ")
        if len(parts) != 3 or not re.fullmatch(r"HTTP/\d\.\d", parts[2]):
            return None
        fields["method"], fields["target"] = parts[0], parts[1]
    if fields.get("host") in ("-", None):
        fields["host"] = ""
    if fields["status"] is not None:
        fields["status"] = int(fields["status"])
    if fields["status"] == 499:
        # nginx's word for a client that gave up: nothing was answered.
        fields["status"] = None
    if fields.get("grpc") not in (None, "", "0", "OK"):
        fields["failed"] = True
    fields.setdefault("server_address", server_address)
    return fields
