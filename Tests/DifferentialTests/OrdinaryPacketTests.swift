// SPDX-License-Identifier: Apache-2.0
import System
import Packets
import PacketBuilder
import Testing

/// The decoder's short way for ordinary packets and its way step by step: two of a kind.
struct OrdinaryPacketTests {
  /// What a decoder made of a packet, in words that can be compared.
  private func account(_ verdict: PacketVerdict, _ decoder: borrowing PacketDecoder) -> String {
    let fragment = decoder.fragment.map { "\($0)" } ?? "whole"
    return verdict == .tcp ? "\(decoder.headers), \(fragment)" : "\(verdict), \(fragment)"
  }

  /// Decodes both ways, each with a decoder that has seen other packets before.
  private func compare(
    _ bytes: [UInt8], _ wireLength: Int, _ short: inout PacketDecoder, _ long: inout PacketDecoder,
    _ what: @autoclosure () -> String
  ) -> Bool {
    let span = bytes.rawSpan
    let one = short.decode(span, wireLength: wireLength, link: .ethernet)
    let other = long.decodeByStep(span, wireLength: wireLength, link: .ethernet)
    let (first, second) = (account(one, short), account(other, long))
    if first != second { Issue.record("\(what()): \(first) by the short way, \(second) step by step") }
    return one == .tcp
  }

  @Test func `both ways through a packet's headers find the same, whole, cut and damaged`() {
    var short = PacketDecoder(), long = PacketDecoder()
    var segments = 0
    for item in VerdictTests.cases {
      let frame = item.frame
      if compare(frame, frame.count, &short, &long, item.name) { segments += 1 }
    }
    #expect(segments > 1_000)
    let plain = [
      Packet().payload("GET / HTTP/1.1\r\n\r\n"), Packet().ipv6().payload("GET / HTTP/1.1\r\n\r\n"),
      Packet().tagged(VLANTag(5)).payload("x"), Packet().ipv6().tagged(VLANTag(5)), Packet(),
    ].map(\.bytes)
    for frame in plain {
      for cut in 0...frame.count {
        _ = compare(Array(frame.prefix(cut)), frame.count, &short, &long, "cut at \(cut)")
      }
      for place in 12..<min(frame.count, 90) {
        for byte in UInt8.min...UInt8.max {
          var damaged = frame
          damaged[place] = byte
          _ = compare(damaged, frame.count, &short, &long, "\(frame.count) bytes, \(byte) at \(place)")
          if byte % 16 == 5 {
            _ = compare(Array(damaged.prefix(60)), frame.count, &short, &long, "\(byte) at \(place), cut")
          }
        }
      }
    }
  }
}
