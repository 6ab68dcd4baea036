# SPDX-License-Identifier: Apache-2.0
"""One fault: a function with a name, and what most of them assert."""
import signal

from stage import Watch, imbalance, wait_for

CASES = []


class Case:
    """A fault that is played on a network of its own."""

    def __init__(self, name, action, is_sample=False):
        self.name, self.action, self.isSample = name, action, is_sample
        self.watches, self.quits = [], []
        # What it measured, to be printed with it.
        self.note = ""

    def run(self, program, network):
        self.program, self.network = program, network
        self.action(self)

    def close(self):
        for watch in self.watches:
            watch.close()

    def watch(self, options="-i eth0", **rest):
        """Starts the program; it is ended with the case."""
        watch = Watch(self.program, self.network, options, **rest)
        self.watches.append(watch)
        return watch

    def watching(self, options="-i eth0", **rest):
        """The same, and it must have come to watching."""
        watch = self.watch(options, **rest)
        assert "capturing on" in watch.errors, f"it does not watch (status {watch.process.poll()}): {watch.errors}"
        return watch

    def counts(self, watch, exchanges=10):
        """Sends exchanges and waits until an interval has reported all that were sent."""
        self.network.send(exchanges)
        assert wait_for(lambda: watch.seen() >= self.network.sent or not watch.alive()), (
            f"{watch.seen()} of {self.network.sent} requests seen: {watch.errors}\n{self.network.arrived()}")
        assert watch.alive(), f"it died with {watch.process.poll()}: {watch.errors}"

    def ends(self, watch, status=0, exact=True, number=signal.SIGTERM, is_measured=True):
        """Asks it to end: it does, soon, with this status, and all counts are exact."""
        assert watch.alive(), f"it died with {watch.process.poll()}: {watch.errors}"
        ended, milliseconds = watch.quit(number)
        assert ended is not None, "it hangs: 20 s after the signal it is still there"
        assert ended == status, f"status {ended} instead of {status}: {watch.errors}"
        if is_measured:
            self.quits.append(milliseconds)
        if exact:
            self.exact(watch)

    def exact(self, watch):
        summary = watch.summary()
        assert summary, f"there is no summary: {watch.errors}"
        fault = imbalance(summary)
        assert fault is None, fault
        sent = self.network.sent
        for member in ("requests", "exchanges", "successes"):
            assert summary[member] == sent, f"{member} {summary[member]} instead of {sent}"
        assert summary["capture"]["lost"] == 0, "something was lost"

    def fails(self, watch, status, *words):
        """It ends by itself with this status, and says why in words."""
        ended = watch.wait()
        assert ended is not None, f"it neither watches nor ends: {watch.errors}"
        assert ended == status, f"status {ended} instead of {status}: {watch.errors}"
        self.says(watch, *words)

    def says(self, watch, *words):
        for word in words:
            assert wait_for(lambda word=word: word in watch.errors, 10), f"it does not say '{word}': {watch.errors}"

    def fired(self, watch, times=1):
        """Strace did it: without this a fault that never was would pass."""
        assert wait_for(lambda: watch.injected >= times, 20), f"the fault was not there: {watch.command}"


def fault(name, sample=False):
    """Adds the function below it to the list."""

    def add(action):
        CASES.append(Case(name, action, sample))
        return action

    return add


def faults(name, values, sample=None):
    """The same for each of several values, which the function gets and the name ends with."""

    def add(action):
        for value in values:
            words = " ".join(str(item) for item in value) if isinstance(value, tuple) else str(value)
            CASES.append(Case(f"{name} {words}", lambda case, value=value: action(case, value), value == sample))
        return action

    return add
