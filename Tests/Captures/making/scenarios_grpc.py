# SPDX-License-Identifier: Apache-2.0
"""Scenarios of gRPC by grpcio, alone and through proxies."""

from . import grpc_peers
from .lab import address
from .scenario import scenario

G = address("grpc")
RPC = {"ports": (50051,), "prefaces": 1, "truth_from": "the calls as the server ended them; the preface by what grpcio did"}


@scenario("grpc-statuses", "grpc", "grpcio", "unary calls with every status", **RPC)
def statuses(lab):
    lab.talk(grpc_peers.calls, grpc_peers.seen(lab), G, [f"/shop.Unary/{code}" for code in range(17)])


@scenario("grpc-streaming", "grpc", "grpcio", "a stream of the server's, ended with three statuses", **RPC)
def server_stream(lab):
    lab.talk(grpc_peers.calls, grpc_peers.seen(lab), G, [f"/shop.Server/{code}" for code in (0, 13, 14)], "Server")


@scenario("grpc-upload", "grpc", "grpcio", "a stream of the client's, ended with two statuses", **RPC)
def client_stream(lab):
    lab.talk(grpc_peers.calls, grpc_peers.seen(lab), G, ["/shop.Client/0", "/shop.Client/9"], "Client")


@scenario("grpc-chat", "grpc", "grpcio", "streams both ways, ended with two statuses", **RPC)
def both_streams(lab):
    lab.talk(grpc_peers.calls, grpc_peers.seen(lab), G, ["/shop.Both/0", "/shop.Both/8"], "Both")


@scenario("grpc-trailers-only", "grpc", "grpcio", "responses of one header block: refused calls, an unknown method", **RPC)
def trailers_only(lab):
    lab.talk(grpc_peers.calls, grpc_peers.seen(lab), G, ["/shop.Only/7", "/shop.Nothing/1", "/shop.Unary/0"])


@scenario("grpc-metadata", "grpc", "grpcio", "30 kB of metadata: blocks continued in several frames", **RPC)
def metadata(lab):
    lab.talk(grpc_peers.calls, grpc_peers.seen(lab), G, ["/shop.Large/0", "/shop.Large/5"], "Large",
             [(f"x-{number}", "z" * 3000) for number in range(10)])


@scenario("grpc-cancel", "grpc", "grpcio", "streams that the client cancels after the first message", **RPC,
          given_up={"CANCELLED": 2})
def cancel(lab):
    lab.talk(grpc_peers.calls, grpc_peers.seen(lab), G, ["/shop.Watch/0", "/shop.Watch/0"], "Watch", (), True)


@scenario("grpc-abandoned", "grpc", "grpcio", "calls that the client cancels before a response", **RPC,
          given_up={"CANCELLED": 2})
def abandoned(lab):
    lab.talk(grpc_peers.abandon, grpc_peers.seen(lab), G, ["/shop.Slow/0", "/shop.Slow/0"])


@scenario("grpc-timeout", "nginx", "grpcio", "calls that nginx answers with 504, as their server is too slow", ports=(82,), prefaces=1,
          truth_from="the log of nginx; the preface by what grpcio did", given_up={"UNAVAILABLE": 2})
def proxy_timeout(lab):
    lab.talk(grpc_peers.calls, grpc_peers.seen(lab), G, ["/shop.Slow/0", "/shop.Unary/0", "/shop.Slow/0"], "Unary", (), False, None,
             f"{address('nginx')}:82")


@scenario("grpc-deadline", "nginx", "grpcio", "calls whose deadline passes for the client: nginx logs 499", ports=(84,), prefaces=1,
          truth_from="the log of nginx; the preface by what grpcio did", given_up={"DEADLINE_EXCEEDED": 2})
def deadline(lab):
    lab.talk(grpc_peers.calls, grpc_peers.seen(lab), G, ["/shop.Slow/0", "/shop.Unary/0", "/shop.Slow/0", "/shop.Only/7"],
             "Unary", (), False, 0.5, f"{address('nginx')}:84")


@scenario("grpc-together", "grpc", "grpcio", "60 calls at once on one connection, a few of them failing", **RPC)
def together(lab):
    lab.talk(grpc_peers.together, grpc_peers.seen(lab), G, [f"/shop.Unary/{14 if number % 10 == 9 else 0}" for number in range(60)])


@scenario("grpc-connections", "grpc", "grpcio", "calls on 4 connections", **RPC | {"prefaces": 4})
def connections(lab):
    lab.talk(grpc_peers.together, grpc_peers.seen(lab), G, [f"/shop.Unary/{number % 3}" for number in range(32)], 4)


@scenario("grpc-messages", "grpc", "grpcio", "messages of 20 kB: several frames each", **RPC)
def messages(lab):
    lab.talk(grpc_peers.together, grpc_peers.seen(lab), G, ["/shop.Unary/0", "/shop.Unary/11"], 1, 20_000)


@scenario("grpc-compressed", "grpc", "grpcio", "compressed messages", **RPC)
def compressed(lab):
    lab.talk(grpc_peers.calls, grpc_peers.seen(lab), G, ["/shop.Unary/0", "/shop.Unary/3"], "Unary", (), False, None, None, 2, b"x" * 5000)


@scenario("grpc-nginx", "nginx", "grpcio", "calls through nginx: both legs", ports=(82, 50051), interface="any",
          servers=("grpc", "grpc"), prefaces=4,
          truth_from="the calls as the server ended them, on either leg; the prefaces by what nginx does: one for each call")
def through_nginx(lab):
    lab.talk(grpc_peers.calls, grpc_peers.seen(lab), G, ["/shop.Unary/0", "/shop.Unary/5", "/shop.Only/7"], "Unary", (), False, None,
             f"{address('nginx')}:82")


@scenario("grpc-haproxy", "haproxy", "grpcio", "calls through HAProxy: both legs", ports=(82, 50051), interface="any",
          servers=("grpc", "grpc"), prefaces=2,
          truth_from="the calls as the server ended them, on either leg; the prefaces by what HAProxy does")
def through_haproxy(lab):
    lab.talk(grpc_peers.calls, grpc_peers.seen(lab), G, ["/shop.Both/0", "/shop.Both/8"], "Both", (), False, None, f"{address('haproxy')}:82")
