#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Validates JSON lines against docs/wiretally.schema.json:

    schema.py lines [FILE ...]          each line of the files, of standard input without any
    schema.py captures PROGRAM FOLDER   the lines that the program writes of each capture under the folder
    schema.py document                  the members of docs/json.md are those of the schema

Members that the schema does not describe are refused here: they may be added, but not undescribed. What was valid is
printed as a count for each type of line; the first error ends it with status 1.
"""
import collections
import json
import pathlib
import re
import subprocess
import sys

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[3]
# Rules that are raised in many captures, and on ports that the captures use.
READS = (["-t", "1", "--alert", "p99 > 1us over 10s", "--alert", "failures > 1% over 10s", "--on-alert", "true", "--alert-log", "/dev/null"],
         ["--follow"])


def closed(schema):
    """The schema without room for members that it does not describe."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: closed(part) for key, part in schema.items()}
    if "object" in (schema.get("type"), *(schema.get("type") or "")) and isinstance(schema.get("properties"), dict):
        result["additionalProperties"] = False
    return result


def load():
    schema = json.loads((ROOT / "docs/wiretally.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return schema


class Lines:
    """Lines that were validated, by their type."""

    def __init__(self):
        self.validator = jsonschema.Draft202012Validator(closed(load()))
        self.counts = collections.Counter()

    def check(self, text, place):
        for number, line in enumerate(text.splitlines(), 1):
            value = json.loads(line)
            error = jsonschema.exceptions.best_match(self.validator.iter_errors(value))
            if error is not None:
                sys.exit(f"{place}:{number}: {error.json_path}: {error.message[:400]}\n{line[:2000]}")
            self.counts[value["type"]] += 1

    def report(self):
        for kind, count in sorted(self.counts.items()):
            print(kind, count)


def captures(program, folder):
    lines = Lines()
    files = sorted(file for file in pathlib.Path(folder).rglob("*.pcap*") if file.suffix in (".pcap", ".pcapng"))
    if not files:
        sys.exit(f"there is no capture in {folder}")
    for file in files:
        for options in READS:
            command = [program, "read", "--format", "json", "--port", "80,8080", *options, file]
            ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
            if ran.returncode != 0:
                sys.exit(f"{file}: ended with {ran.returncode}: {ran.stderr}")
            lines.check(ran.stdout, f"{file} {options[0]}")
    lines.report()


def described(schema):
    """The names of all members that the schema describes."""
    if isinstance(schema, list):
        return set().union(*map(described, schema))
    if not isinstance(schema, dict):
        return set()
    own = schema.get("properties")
    return set(own if isinstance(own, dict) else ()).union(*map(described, schema.values()))


def document():
    """Every member of the schema is in the document, and every name in code marks there is a member or a value."""
    schema = load()
    text = (ROOT / "docs/json.md").read_text().partition("## Examples")[0]
    named = set(re.findall(r"`(\w+)`", text))
    types = {"interval", "summary", "alert", "exchange", "dropped", "unmatchedResponse"}
    members = described(schema)
    if missing := members - named:
        sys.exit(f"docs/json.md does not name: {', '.join(sorted(missing))}")
    if unknown := named - members - types:
        sys.exit(f"docs/wiretally.schema.json does not describe: {', '.join(sorted(unknown))}")
    print("members", len(members))


def main(arguments):
    if arguments[:1] == ["captures"] and len(arguments) == 3:
        captures(*arguments[1:])
    elif arguments == ["document"]:
        document()
    elif arguments[:1] == ["lines"]:
        lines = Lines()
        for name in arguments[1:]:
            lines.check(pathlib.Path(name).read_text(), name)
        if not arguments[1:]:
            lines.check(sys.stdin.read(), "standard input")
        lines.report()
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
