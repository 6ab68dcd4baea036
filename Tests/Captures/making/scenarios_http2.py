# SPDX-License-Identifier: Apache-2.0
"""Scenarios of HTTP/2 beside nginx's: Apache, HAProxy, upgrades and gRPC."""

from . import grpc_peers
from .lab import address
from .scenario import scenario

A, H, G = f"http://{address('apache')}:81", f"http://{address('haproxy')}:81", address("grpc")
RPC = {"ports": (50051,), "prefaces": 1, "truth_from": "the calls as the server ended them; the preface by what grpcio did"}


@scenario("apache-upgrade", "apache", "curl", "Upgrade: h2c: the request is answered on stream 1", ports=(81,), prefaces=1, interim=(101,),
          truth_from="the log of Apache; the upgrade by what curl did")
def curl_upgrade(lab):
    lab.run("curl", "-s", "--http2", f"{A}/many/1.txt")


@scenario("apache-http2", "apache", "nghttp", "HTTP/2 of mod_http2, several paths on one connection", ports=(81,),
          prefaces=1, truth_from="the log of Apache; the preface by what nghttp did")
def apache(lab):
    lab.run("nghttp", "-n", f"{A}/many/1.txt", f"{A}/missing", f"{A}/drive/a.txt", f"{A}/many/2.txt")


@scenario("apache-h2load", "apache", "h2load", "HTTP/2 of mod_http2: 2 connections of 10 streams each", ports=(81,),
          prefaces=2, truth_from="the log of Apache; the prefaces by what h2load did")
def apache_h2load(lab):
    lab.run("h2load", "-n", "60", "-c", "2", "-m", "10", f"{A}/many/1.txt", f"{A}/missing")


@scenario("haproxy-http2", "haproxy", "h2load", "HTTP/2 to HAProxy, which asks nginx by HTTP/1: the client's leg",
          ports=(81,), prefaces=1, truth_from="the log of HAProxy; the preface by what h2load did")
def haproxy(lab):
    lab.run("h2load", "-n", "30", "-c", "1", "-m", "5", f"{H}/api", f"{H}/forbidden/x", f"{H}/missing")


@scenario("haproxy-http2-legs", "haproxy", "h2load", "HTTP/2 to HAProxy and HTTP/1 from it to nginx: both legs",
          ports=(80, 81), interface="any", servers=("haproxy", "nginx"), prefaces=1,
          truth_from="the logs of HAProxy and nginx; the preface by what h2load did")
def legs(lab):
    lab.run("h2load", "-n", "20", "-c", "1", "-m", "5", f"{H}/api", f"{H}/missing")


@scenario("grpc-statuses", "grpc", "grpcio", "unary calls with every status", **RPC)
def statuses(lab):
    lab.talk(grpc_peers.calls, G, [f"/shop.Unary/{code}" for code in range(17)])


@scenario("grpc-streaming", "grpc", "grpcio", "a stream of the server's, ended with three statuses", **RPC)
def server_stream(lab):
    lab.talk(grpc_peers.calls, G, [f"/shop.Server/{code}" for code in (0, 13, 14)], "Server")


@scenario("grpc-upload", "grpc", "grpcio", "a stream of the client's, ended with two statuses", **RPC)
def client_stream(lab):
    lab.talk(grpc_peers.calls, G, ["/shop.Client/0", "/shop.Client/9"], "Client")


@scenario("grpc-chat", "grpc", "grpcio", "streams both ways, ended with two statuses", **RPC)
def both_streams(lab):
    lab.talk(grpc_peers.calls, G, ["/shop.Both/0", "/shop.Both/8"], "Both")


@scenario("grpc-trailers-only", "grpc", "grpcio", "responses of one header block: refused calls, an unknown method", **RPC)
def trailers_only(lab):
    lab.talk(grpc_peers.calls, G, ["/shop.Only/7", "/shop.Nothing/1", "/shop.Unary/0"])


@scenario("grpc-metadata", "grpc", "grpcio", "30 kB of metadata: blocks continued in several frames", **RPC)
def metadata(lab):
    lab.talk(grpc_peers.calls, G, ["/shop.Large/0", "/shop.Large/5"], "Large",
             [(f"x-{number}", "z" * 3000) for number in range(10)])


@scenario("grpc-cancel", "grpc", "grpcio", "streams that the client cancels after the first message", **RPC)
def cancel(lab):
    lab.talk(grpc_peers.calls, G, ["/shop.Watch/0", "/shop.Watch/0"], "Watch", (), True)


@scenario("grpc-abandoned", "grpc", "grpcio", "calls that the client cancels before a response", **RPC)
def abandoned(lab):
    lab.talk(grpc_peers.abandon, G, ["/shop.Slow/0", "/shop.Slow/0"])
