// SPDX-License-Identifier: Apache-2.0

import System
import Packets
import PacketBuilder

/// The packet decoder of capture files: Ethernet down to TCP.
enum PacketCase {
  static func run() -> Measurement {
    let packets = [
      Packet().payload("x"), Packet().ipv6().payload("x"), Packet().tagged(VLANTag(5)).payload("x"),
    ]
    .map(\.bytes)
    var decoder = PacketDecoder()
    return .of("decoder: Ethernet to TCP", "ns/packet") {
      var done = 0
      for _ in 0..<100_000 {
        for bytes in packets {
          if decoder.decode(bytes.rawSpan, wireLength: bytes.count, link: .ethernet) == .tcp { done += 1 }
        }
      }
      return done
    }
  }
}
