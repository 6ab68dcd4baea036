#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ends `PROGRAM read` by a signal that writes a core, once with a key log: core_of_reader.py PROGRAM CAPTURE KEYS.

Prints the signal, and whether there was a core, of a run without and of one with the key log.
"""
import fcntl
import os
import resource
import signal
import struct
import subprocess
import sys
import termios
import time

program, capture, keys = sys.argv[1:]
resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
os.environ["SWIFT_BACKTRACE"] = "enable=no"
for more in ([], ["--keylog", keys]):
    # The capture comes through a pipe that stays open, so that the reader waits for more.
    reader = subprocess.Popen(
        [program, "read", "--no-sandbox", *more, "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    with open(capture, "rb") as packets:
        reader.stdin.write(packets.read())
    reader.stdin.flush()
    deadline = time.monotonic() + 60
    # It reads the key log first: once the pipe is empty, it has the keys.
    while time.monotonic() < deadline:
        if struct.unpack("i", fcntl.ioctl(reader.stdin, termios.FIONREAD, bytes(4)))[0] == 0:
            break
        time.sleep(0.05)
    os.kill(reader.pid, signal.SIGSEGV)
    _, status = os.waitpid(reader.pid, 0)
    print(os.WTERMSIG(status), os.WCOREDUMP(status))
