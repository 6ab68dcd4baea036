// SPDX-License-Identifier: Apache-2.0
import Foundation
import PacketBuilder
import Testing

/// Devices of other kinds, and what a machine sees of frames where all its interfaces are watched.
extension Scenario {
  static let devices: [Scenario] = [
    made(
      "a tun device: IP without a link layer", "tun", by: "tun dev0", requests { $0.with { $0.link = .none } }
    ),
    made(
      "a tun device among all", "tun", by: "tun dev0", all: true, requests { $0.with { $0.link = .none } }),
    made("a tap device", "tap vnet_hdr", by: "tap dev0 1000", requests { $0 }),
    made("a tap device with super-segments", "tap vnet_hdr", by: "tap dev0 500", requests(superSegment)),
    made("a tap device with headers in pages", "tap vnet_hdr", by: "frags dev0", requests { $0 }),
    made(
      "a tap device among all, headers in pages", "tap vnet_hdr", by: "frags dev0", all: true, requests { $0 }
    ),
    among("tagged frames among all interfaces", requests { $0.tagged(VLANTag(0x602a)) }),
    among(
      "doubly tagged frames among all interfaces",
      requests { $0.tagged(VLANTag(0x0005, type: 0x88a8), VLANTag(0x602a)) }),
    among(
      "IPv6 extension headers among all interfaces",
      requests(over: 6) { $0.ipv6 { $0.extensions = [.options(60, more: 2)] } }),
  ]

  private static func superSegment(_ packet: Packet) -> Packet {
    packet.with { $0.payload += Array(repeating: 0x62, count: 20_000) }
  }

  private static func made(
    _ name: String, _ mode: String, by command: String, all: Bool = false, _ packets: [Packet]
  ) -> Scenario {
    Scenario(name) { stage in
      let host = stage.network.add("d")
      Shell.run(
        """
        ip netns exec \(host) ip tuntap add dev dev0 mode \(mode)
        ip netns exec \(host) sysctl -qw net.ipv6.conf.dev0.disable_ipv6=0
        ip -n \(host) addr add 10.80.0.1/24 dev dev0; ip -n \(host) link set dev0 up
        """)
      stage.watch(in: host, all ? nil : "dev0")
      stage.send(packets, by: command, in: host)
      return Truth(packets.count)
    }
  }

  private static func among(_ name: String, _ packets: [Packet]) -> Scenario {
    Scenario(name) { stage in
      let (far, near) = stage.network.pair()
      stage.watch(in: near)
      stage.send(packets, by: "inject eth0", in: far)
      return Truth(packets.count)
    }
  }
}
