// SPDX-License-Identifier: Apache-2.0

import Capture
import Packets
import System

/// Hands on the segments in IP datagrams that came in fragments, once these are all there.
struct DatagramJoiner {
  private var fragments = FragmentStore()

  /// Keeps the fragment that `intake` read last out of `packet`; hands on what it completes, and the beginnings of datagrams
  /// whose other fragments did not come. Returns the number of segments.
  mutating func join(
    _ packet: RawSpan, _ time: UInt64, _ intake: inout PacketIntake,
    _ body: (borrowing Segment, RawSpan) -> Void
  ) -> Int {
    guard let fragment = intake.fragment else { return 0 }
    var delivered = 0
    if let whole = fragments.add(fragment, of: packet, time: time) {
      delivered += handOn(whole, of: fragment, time, &intake, body)
    }
    return delivered + giveUp(atEnd: false, &intake, body)
  }

  /// Hands on the beginnings of datagrams whose other fragments will not come; at the end of a capture of all.
  mutating func giveUp(
    atEnd: Bool, _ intake: inout PacketIntake, _ body: (borrowing Segment, RawSpan) -> Void
  ) -> Int {
    var delivered = 0
    while let part = fragments.takeIncomplete(atEnd: atEnd) {
      delivered += handOn(part.bytes, of: part.fragment, part.time, &intake, body)
    }
    return delivered
  }

  /// Hands on the segment in a datagram; fragments of a tunnel's packets may travel in fragments.
  private mutating func handOn(
    _ datagram: [UInt8], of fragment: IPFragment, _ time: UInt64, _ intake: inout PacketIntake,
    _ body: (borrowing Segment, RawSpan) -> Void
  ) -> Int {
    if intake.read(datagram.rawSpan, of: fragment, time: time) {
      // Copied out: the receiver may ask for the counters while it reads the segment.
      let segment = intake.segment
      body(segment, intake.payload(of: datagram.rawSpan))
      return 1
    }
    guard let inner = intake.fragment, let whole = fragments.add(inner, of: datagram.rawSpan, time: time)
    else { return 0 }
    return handOn(whole, of: inner, time, &intake, body)
  }
}
