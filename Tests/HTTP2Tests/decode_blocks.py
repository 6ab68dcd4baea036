# SPDX-License-Identifier: Apache-2.0
"""Decodes header blocks with Python's hpack: steps on standard input, for each block a verdict on standard output.

A step is a letter and four bytes, a number: B and that many bytes of a block, S for a setting, N for a new connection. A
verdict is 1 (accepted) or 0, the length of what follows, and each field as two lengths, name and value. After a block is
refused the rest of its connection is left out."""
import struct
import sys

from hpack import Decoder
from hpack.exceptions import HPACKError


def decoder():
    # No limit on what a block may decode to: that is a server's concern.
    return Decoder(max_header_list_size=1 << 40)


def main():
    data = sys.stdin.buffer.read()
    out = sys.stdout.buffer
    offset, current, refused = 0, decoder(), False
    while offset < len(data):
        kind, number = struct.unpack_from("<cI", data, offset)
        offset += 5
        if kind == b"N":
            current, refused = decoder(), False
        elif kind == b"S":
            current.max_allowed_table_size = number
        else:
            block = data[offset : offset + number]
            offset += number
            if refused:
                continue
            try:
                fields = current.decode(block, raw=True)
            except HPACKError:
                refused = True
                out.write(struct.pack("<BI", 0, 0))
                continue
            parts = b"".join(struct.pack("<II", len(n), len(v)) + bytes(n) + bytes(v) for n, v in fields)
            out.write(struct.pack("<BI", 1, len(parts)) + parts)


main()
