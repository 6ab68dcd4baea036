#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the captures of QUIC beside it: aioquic's server and client, in a network namespace of its own.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install aioquic
    sudo unshare -n /tmp/venv/bin/python Tests/Captures/quic/make_quic_captures.py

truth.json has the connections of each: how many asked for which name. With a program as the argument nothing is written, and
that program watches instead: what it counts is compared; 1 at the end when it differs.
"""
import asyncio
import json
import signal
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from aioquic.asyncio import QuicConnectionProtocol, connect, serve
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.packet import QuicProtocolVersion

HERE = Path(__file__).parent
V1, V2 = QuicProtocolVersion.VERSION_1, QuicProtocolVersion.VERSION_2


class Tickets:
    """The server's session tickets."""

    def __init__(self):
        self.tickets = {}

    def add(self, ticket):
        self.tickets[ticket.ticket] = ticket

    def pop(self, label):
        return self.tickets.pop(label, None)


class Echo(QuicConnectionProtocol):
    """Answers what a stream brings."""

    def quic_event_received(self, event):
        data = getattr(event, "data", None)
        if data:
            self._quic.send_stream_data(event.stream_id, data, end_stream=True)
            self.transmit()


async def ask(name, version=V1, protocols=("h3",), tickets=None, early=None):
    configuration = QuicConfiguration(
        is_client=True, alpn_protocols=list(protocols), server_name=name, verify_mode=ssl.CERT_NONE,
        original_version=version, supported_versions=[version], session_ticket=early)
    handler = tickets.append if tickets is not None else None
    async with connect(
        "127.0.0.1", 443, configuration=configuration, session_ticket_handler=handler,
        wait_connected=early is None) as client:
        reader, writer = await client.create_stream()
        writer.write(b"hello")
        writer.write_eof()
        await reader.read()
        await asyncio.sleep(0.1)


async def v1():
    for name in ["shop.example", "shop.example", "api.example"]:
        await ask(name)


async def v2():
    for name in ["shop.example", "api.example"]:
        await ask(name, V2)


async def early():
    tickets = []
    await ask("shop.example", tickets=tickets)
    await ask("shop.example", early=tickets[0])


async def long():
    # Of more than one packet: the name comes after the protocols.
    await ask("shop.example", protocols=["h3"] + [f"protocol-{number:03}-{'x' * 40}" for number in range(40)])


SCENARIOS = {
    "v1": (v1, False, {"shop.example": 2, "api.example": 1}),
    "v2": (v2, False, {"shop.example": 1, "api.example": 1}),
    "retry": (v1, True, {"shop.example": 2, "api.example": 1}),
    "early-data": (early, False, {"shop.example": 2}),
    "long": (long, False, {"shop.example": 1}),
}


async def run(client, has_retry, folder):
    configuration = QuicConfiguration(
        is_client=False, alpn_protocols=["h3"], supported_versions=[V2, V1], max_datagram_frame_size=None)
    configuration.load_cert_chain(f"{folder}/cert", f"{folder}/key")
    tickets = Tickets()
    server = await serve(
        "127.0.0.1", 443, configuration=configuration, create_protocol=Echo, retry=has_retry,
        session_ticket_fetcher=tickets.pop, session_ticket_handler=tickets.add)
    await client()
    server.close()


def dump(name):
    """Starts to write a capture."""
    process = subprocess.Popen(
        ["tcpdump", "-i", "lo", "-U", "--immediate-mode", "-Z", "root", "-w", str(HERE / f"{name}.pcap"), "udp port 443"],
        stderr=subprocess.PIPE, text=True)
    while "listening" not in process.stderr.readline():
        pass
    time.sleep(1)
    return process


def watch(program, folder):
    """Starts a watch, which counts."""
    with open(f"{folder}/errors", "w") as errors:
        process = subprocess.Popen(f"{program} --no-alert --format json".split(), stdout=subprocess.PIPE, stderr=errors,
                                   text=True, cwd=folder)
    while process.poll() is None and "capturing on" not in Path(folder, "errors").read_text():
        time.sleep(0.05)
    return process


def counted(process):
    """The connections of each name, when the watch has ended."""
    process.send_signal(signal.SIGINT)
    rows = json.loads(process.communicate()[0].splitlines()[-1])["tls"]["h3"]["names"]
    return {row["sni"]: row["connections"] for row in rows}


def main():
    program = str(Path(sys.argv[1]).resolve()) if len(sys.argv) > 1 else None
    subprocess.run("ip link set lo up", shell=True, check=True)
    truth, watched = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
             "/CN=shop.example", "-days", "2", "-keyout", f"{folder}/key", "-out", f"{folder}/cert"],
            check=True, capture_output=True)
        for name, (client, has_retry, names) in SCENARIOS.items():
            process = watch(program, folder) if program else dump(name)
            asyncio.run(run(client, has_retry, folder))
            time.sleep(1.5)
            truth[name] = names
            if program:
                watched[name] = counted(process)
                print(f"{'same' if watched[name] == names else 'DIFFER':6} {name}: {names}, counted {watched[name]}")
            else:
                process.terminate()
                process.wait()
    if program:
        return 0 if watched == truth else 1
    (HERE / "truth.json").write_text(json.dumps(truth, indent=2) + "\n")
    return 0


sys.exit(main())
