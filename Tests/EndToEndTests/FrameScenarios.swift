// SPDX-License-Identifier: Apache-2.0
import Foundation
import PacketBuilder

/// Frames put on the wire one by one: what real clients rarely send, and what is no HTTP.
extension Scenario {
  static let frames: [Scenario] = [
    injected("one tag", tagged { [VLANTag(0x602a)] }),
    injected("two tags", tagged { [VLANTag(0x4500, type: 0x88a8), VLANTag(0x602a)] }),
    injected("a priority tag", tagged { [VLANTag(0xa000)] }),
    injected("frames for another machine", requests { $0.with { $0.destinationMAC = [2, 9, 9, 9, 9, 9] } }),
    injected("data in a SYN", requests { $0.flags(2) }),
    injected("IPv4 options", requests(over: 4) { $0.ipv4 { $0.options = [148, 4, 0, 0, 1, 1, 1, 1] } }),
    injected(
      "IPv6 extension headers",
      requests(over: 6) { packet in
        packet.ipv6 {
          $0.extensions = [.options(0, more: 0), .options(60, more: 1), .authentication(more: 0)]
        }
      }),
    injected(
      "first fragments",
      requests(over: 4) { $0.ipv4 { $0.moreFragments = true } }
        + requests(over: 6) { $0.ipv6 { $0.extensions = [.fragment(offset: 0, more: true)] } }),
    injected("short frames with padding behind them", requests { $0.padded(6) }),
    injected(
      "an empty line before the request", requests { $0.payload("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n") }),
    injected("TLS records", requests { $0.payload([0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0]) }, count: 0),
    injected(
      "HTTP/2 prefaces", requests { $0.payload("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") }, count: 0),
  ]

  /// Ten requests of ten flows over each family, or over one, each changed.
  static func requests(over family: Int? = nil, _ change: (Packet) -> Packet) -> [Packet] {
    (0..<10).flatMap { number in
      let packet = Packet().from(port: 50_000 + UInt16(number)).with {
        $0.destinationMAC = [2, 0, 0, 0, 0, 2]
      }
      .payload("GET /\(number) HTTP/1.1\r\nHost: a.example\r\n\r\n")
      // Hosts of their own, so that fragments of two are never taken for one packet's.
      let four = packet.ipv4 { $0.source += UInt32(number) << 8 }
      let six = packet.ipv6 { $0.source[14] = UInt8(number) }
      return (family == 6 ? [] : [change(four)]) + (family == 4 ? [] : [change(six)])
    }
  }

  private static func tagged(_ tags: () -> [VLANTag]) -> [Packet] {
    let tags = tags()
    return requests { $0.with { $0.tags = tags } }
  }

  /// Frames that come in at a host, which watches one interface and all of them in turn.
  private static func injected(_ name: String, _ packets: [Packet], count: Int? = nil) -> Scenario {
    Scenario(name) { stage in
      let (far, near) = stage.network.pair()
      stage.watch(in: near, "eth0")
      stage.send(packets, by: "inject eth0", in: far)
      return Truth(count ?? packets.count)
    }
  }
}
