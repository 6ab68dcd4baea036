// SPDX-License-Identifier: Apache-2.0

import Capture
import Packets
import System

/// Reads the segments in IP datagrams that came in fragments, once these are all there.
///
/// It returns them, and hands them on to nobody: the receiver may ask the owner of `intake` for the counters while it reads one.
struct DatagramJoiner {
  /// A segment of a datagram that was put together.
  struct Joined {
    var segment: Segment
    var payload: [UInt8]
  }

  private var fragments = FragmentStore()

  /// Keeps the fragment that `intake` read last out of `packet`; what it completes, and the beginnings of datagrams whose other
  /// fragments did not come.
  mutating func join(_ packet: RawSpan, _ time: UInt64, _ intake: inout PacketIntake) -> [Joined] {
    guard let fragment = intake.fragment else { return [] }
    let refused = fragments.refused
    var joined: [Joined] = []
    if let whole = fragments.add(fragment, of: packet, time: time) {
      read(whole, of: fragment, time, &intake, into: &joined)
    }
    giveUp(atEnd: false, &intake, into: &joined)
    intake.addRefusedFragments(fragments.refused &- refused)
    return joined
  }

  /// The beginnings of datagrams whose other fragments did not come, of all of them: nothing more comes.
  mutating func finish(_ intake: inout PacketIntake) -> [Joined] {
    var joined: [Joined] = []
    giveUp(atEnd: true, &intake, into: &joined)
    return joined
  }

  private mutating func giveUp(atEnd: Bool, _ intake: inout PacketIntake, into joined: inout [Joined]) {
    while let part = fragments.takeIncomplete(atEnd: atEnd) {
      read(part.bytes, of: part.fragment, part.time, &intake, into: &joined)
    }
  }

  /// Reads the segment in a datagram; fragments of a tunnel's packets may travel in fragments.
  private mutating func read(
    _ datagram: [UInt8], of fragment: IPFragment, _ time: UInt64, _ intake: inout PacketIntake,
    into joined: inout [Joined]
  ) {
    if intake.read(datagram.rawSpan, of: fragment, time: time) {
      let payload = intake.payload(of: datagram.rawSpan)
      joined.append(
        Joined(segment: intake.segment, payload: (0..<payload.byteCount).map { payload.byte($0) }))
      return
    }
    guard let inner = intake.fragment, let whole = fragments.add(inner, of: datagram.rawSpan, time: time)
    else { return }
    read(whole, of: inner, time, &intake, into: &joined)
  }
}
