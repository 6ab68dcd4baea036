# SPDX-License-Identifier: Apache-2.0
"""Captures made of other ones: tags, tunnels, formats, order, repetition. The ground truth stays as it was."""

import os
import subprocess

from . import rewriting as r


def wrap(function):
    """A maker that puts every packet through a function."""
    return lambda source, path: r.save(path, r.wrapped(r.load(source)[1], function))


def order(function):
    """A maker that changes the list of packets."""
    return lambda source, path: r.save(path, function(r.load(source)[1]))


def swapped(source, path):
    r.save(path, r.load(source)[1], order=">")


def raw(source, path):
    r.save(path, r.raw(r.load(source)[1]), link=101)


def tool(*arguments):
    """A maker that runs editcap."""
    return lambda source, path: subprocess.run(["editcap", *arguments, source, path], check=True)


MAKERS = [
    ("vlan", "nginx-keep-alive", wrap(r.vlan), "802.1Q tags"),
    ("qinq", "pipelining-2", wrap(r.qinq), "two tags (802.1ad)"),
    ("gre", "nginx-head", wrap(r.gre), "GRE with a key"),
    ("gre-ethernet-ipv6", "nginx-sites", wrap(r.gre_ethernet), "Ethernet in GRE in IPv6"),
    ("vxlan", "nginx-post", wrap(r.vxlan), "VXLAN"),
    ("geneve", "chunked-requests", wrap(r.geneve), "Geneve with an option"),
    ("gtp-u", "nginx-options", wrap(r.gtp), "GTP-U with an extension header"),
    ("pppoe", "nginx-ipv6", wrap(r.pppoe), "PPPoE, IPv6 inside"),
    ("mpls", "node-interim", wrap(r.mpls), "two MPLS labels"),
    ("mpls-pseudowire", "early-hints", wrap(r.pseudowire), "Ethernet over MPLS with a control word"),
    ("6in4", "nginx-ipv6", wrap(r.six_in_four), "6in4"),
    ("ipip", "odd-heads", wrap(r.ip_in_ip), "IP in IP"),
    ("4in6", "absolute-form", wrap(r.four_in_six), "IPv4 in IPv6"),
    ("erspan", "websocket", wrap(r.erspan), "ERSPAN type II"),
    ("pptp", "nginx-h2c-refused", wrap(r.pptp), "PPTP: PPP in enhanced GRE"),
    ("gre-udp", "nginx-conditional", wrap(r.gre_udp), "GRE in UDP (RFC 8086)"),
    ("ayiya", "nginx-ipv6", wrap(r.ayiya), "AYIYA, as tunnel brokers had it"),
    ("l2tp", "duplicate-host", wrap(r.l2tp), "L2TP: PPP in UDP"),
    ("fragments", "nginx-cookie-off", order(r.fragmented), "IPv4 fragments, the last one first"),
    ("fragments-ipv6", "nginx-ipv6-cookie", order(r.fragmented6), "IPv6 fragments"),
    ("fragments-vxlan", "nginx-post", order(lambda p: r.fragmented(r.wrapped(p, r.vxlan), 1200)),
     "VXLAN whose outer packets are fragments"),
    ("fragments-in-fragments", "nginx-cookie-off",
     order(lambda p: r.fragmented(r.wrapped(r.fragmented(p, 800), r.gre), 400)), "fragments in fragments of GRE"),
    ("time-jump", "node-interim", order(r.time_jump), "times go back by a year in the middle"),
    ("nested", "nginx-conditional", wrap(r.nested), "VLAN in VXLAN in GRE"),
    ("raw-ip", "nginx-keep-alive", raw, "raw IP as from a tun device"),
    ("swapped", "port-reuse", swapped, "big-endian pcap"),
    ("pcapng", "pipelining-heads", tool("-F", "pcapng"), "pcapng"),
    ("nanosecond-pcapng", "nginx-wget-many", tool("-F", "pcapng"), "pcapng of nanoseconds"),
    ("reordered", "pipelining-50", order(r.reordered), "neighbours changed places"),
    ("reordered-bodies", "large-bodies", order(r.reordered), "neighbours changed places among large bodies"),
    ("reordered-pieces", "interleaved", order(r.reordered), "neighbours changed places among small pieces"),
    ("doubled", "node-chunked", order(r.doubled), "packets seen twice"),
    ("doubled-reordered", "pipelining-posts", order(lambda p: r.reordered(r.doubled(p), 2)), "twice and out of order"),
    ("body-lost", "large-bodies", order(r.without_bodies), "segments in the middle of bodies are missing"),
    ("mixed-sections", "nginx-keep-alive", None, "two sections of different link types in one pcapng"),
]


def two_sections(source, other, path):
    """A pcapng of two sections: Ethernet, then raw IP."""
    parts = []
    for number, name in enumerate((source, other)):
        part = f"{path}.{number}"
        subprocess.run(["editcap", "-F", "pcapng", name, part], check=True)
        with open(part, "rb") as file:
            parts.append(file.read())
        os.remove(part)
    with open(path, "wb") as file:
        file.write(b"".join(parts))
