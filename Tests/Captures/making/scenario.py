# SPDX-License-Identifier: Apache-2.0
"""What a scenario is, and the list of them."""

import dataclasses
import typing


@dataclasses.dataclass
class Scenario:
    """A capture to make: `run` makes the traffic, the logs of `servers` have the ground truth."""

    name: str
    run: typing.Callable
    server: str
    client: str
    shows: str
    end: str = "server"
    interface: str = "eth0"
    options: tuple = ()
    matching: str = "tcp"
    ports: tuple = (80,)
    servers: tuple = ()
    direction: str = "both"
    prefaces: int = 0
    unmatched: tuple = ()
    # Statuses of interim responses to the first request, which the log does not have.
    interim: tuple = ()
    # Seconds between the start of the traffic, which continues by itself, and that of the capture.
    late: float = 0.0
    # The calls of gRPC that ended for their client alone, which gave them up or had no status from the server.
    given_up: dict = dataclasses.field(default_factory=dict)
    # Where the ground truth comes from when it is not the log alone.
    truth_from: str = ""


ALL = []


def scenario(name, server, client, shows, **options):
    """Adds a function to the list of scenarios."""

    def add(run):
        options.setdefault("servers", (server,))
        ALL.append(Scenario(name, run, server, client, shows, **options))
        return run

    return add
