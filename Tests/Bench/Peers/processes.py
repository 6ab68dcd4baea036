# SPDX-License-Identifier: Apache-2.0
"""A contestant as a process: what it costs, with the processes that it started, and its end."""

import os
import re
import signal
import subprocess
import time

from counts import read

ENDING = ((signal.SIGINT, 30), (signal.SIGTERM, 5), (signal.SIGKILL, 5))


class Process:
    """A child whose processor time is known exactly when it has ended, and about before."""

    def __init__(self, arguments, folder, cpu=None):
        pinned = ["taskset", "-c", str(cpu)] if cpu is not None else []
        with open(folder + "/out", "wb") as out, open(folder + "/err", "wb") as err:
            self.start = time.monotonic()
            # A session of its own: ctrl-c reaches the bench alone, which then ends the child.
            self.child = subprocess.Popen(pinned + arguments, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                          start_new_session=True)
        self.folder, self.peak, self.usage = folder, 0, None

    @property
    def ended(self):
        """Looks whether it has."""
        if self.usage is None:
            pid, status, usage = os.wait4(self.child.pid, os.WNOHANG)
            if pid:
                self._end(status, usage)
        return self.usage is not None

    def _end(self, status, usage):
        self.wall = time.monotonic() - self.start
        self.usage, self.child.returncode = usage, os.waitstatus_to_exitcode(status)

    @property
    def cpu(self):
        """All processor seconds of a process that has ended."""
        return self.usage.ru_utime + self.usage.ru_stime

    def finish(self, limit):
        """Waits for the end without looking again and again, which would cost; kills it after this many seconds."""
        def expire(*_):
            os.killpg(self.child.pid, signal.SIGKILL)
        before = signal.signal(signal.SIGALRM, expire)
        signal.alarm(limit)
        try:
            _, status, usage = os.wait4(self.child.pid, 0)
        finally:
            signal.alarm(0)
            signal.signal(signal.SIGALRM, before)
        self._end(status, usage)

    def wait(self, limit):
        """Waits at most this many seconds for the end; whether it came."""
        end = time.monotonic() + limit
        while not self.ended and time.monotonic() < end:
            time.sleep(0.02)
        return self.ended

    def cpu_so_far(self):
        """Processor seconds of the process and its children until now; notes their peak of resident memory (KiB)."""
        total, peak, left = 0, 0, [self.child.pid]
        while left:
            about = f"/proc/{left.pop()}/"
            try:
                for thread in os.listdir(about + "task"):
                    total += int(read(f"{about}task/{thread}/schedstat").split()[0])
                    left += map(int, read(f"{about}task/{thread}/children").split())
                peak += int(re.search(rb"VmHWM:\s+(\d+)", read(about + "status"))[1])
            except (OSError, TypeError, IndexError):
                pass  # It ended meanwhile.
        self.peak = max(self.peak, peak)
        return total / 1e9

    def drain(self, limit=60):
        """Waits until it uses no more processor time, so until it has read what is there."""
        end, last = time.monotonic() + limit, -1.0
        while time.monotonic() < end and not self.ended:
            now = self.cpu_so_far()
            if now - last < 0.03:
                return
            last = now
            time.sleep(0.5)

    def stop(self):
        """Ends it as ctrl-c does, then harder."""
        for number, limit in ENDING:
            if self.ended:
                return
            os.kill(self.child.pid, number)
            if self.wait(limit):
                return

    def complaint(self):
        """The last words of a contestant that failed."""
        words = read(self.folder + "/err").decode(errors="replace").strip().splitlines()
        return words[-1][:160] if words else "it printed nothing"
