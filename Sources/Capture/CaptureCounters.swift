// SPDX-License-Identifier: Apache-2.0

/// What a backend counted before delivery, since it was opened: the capture half of the ledger.
///
/// `matched` = delivered to a worker + `lost` + what still waits in a ring.
package struct CaptureCounters: Equatable, Sendable {
  /// Packets the backend looked at, each sighting once; copies left out in the kernel included.
  package var packets: UInt64 = 0
  /// Second sightings left out by the backend (loopback's outgoing copy, forwarded packets).
  package var copies: UInt64 = 0
  /// Packets that were TCP on a watched port.
  package var onPort: UInt64 = 0
  /// Of those, packets with payload.
  package var payload: UInt64 = 0
  /// Records the backend tried to deliver.
  package var matched: UInt64 = 0
  /// Records that found the ring full, or packets libpcap dropped.
  package var lost: UInt64 = 0
  /// Of `lost`, requests' heads.
  package var lostRequests: UInt64 = 0
  /// Heads seen that start like a request, lost ones included.
  package var requestHeads: UInt64 = 0
  /// Heads seen that start like a response, lost ones included.
  package var responseHeads: UInt64 = 0
  /// Segments that passed because they continue a head.
  package var continuations: UInt64 = 0
  /// Segments on watched ports that begin with a TLS record.
  package var tls: UInt64 = 0
  /// HTTP/2 connection prefaces on watched ports.
  package var http2: UInt64 = 0
  /// Later fragments of IP packets, which carry no TCP header.
  package var fragments: UInt64 = 0
  /// Packets whose headers could not be believed: bad lengths, or too many extension headers.
  package var malformed: UInt64 = 0
  /// TCP packets whose ports are not watched.
  package var otherPorts: UInt64 = 0
  /// Unfinished heads that had to give way to another flow's: their rest did not pass.
  package var evictedHeads: UInt64 = 0
  /// Heads that were longer than is followed: their rest did not pass.
  package var overlongHeads: UInt64 = 0
  /// Packets whose inspection in the kernel broke off, since one of its programs could not call the next.
  package var failedTailCalls: UInt64 = 0
  /// Packets dropped from the kernel's backlog, on the whole machine; nil where that is not known.
  package var backlogDropped: UInt64?
  /// Packets that the watched network cards missed; nil where that is not known.
  package var nicMissed: UInt64?

  package init() {}
}

extension CaptureCounters {
  /// The sum over several readers or interfaces; what was lost before any capture belongs to none of them.
  package static func + (a: CaptureCounters, b: CaptureCounters) -> CaptureCounters {
    var sum = CaptureCounters()
    sum.packets = a.packets &+ b.packets
    sum.copies = a.copies &+ b.copies
    sum.onPort = a.onPort &+ b.onPort
    sum.payload = a.payload &+ b.payload
    sum.matched = a.matched &+ b.matched
    sum.lost = a.lost &+ b.lost
    sum.lostRequests = a.lostRequests &+ b.lostRequests
    sum.requestHeads = a.requestHeads &+ b.requestHeads
    sum.responseHeads = a.responseHeads &+ b.responseHeads
    sum.continuations = a.continuations &+ b.continuations
    sum.tls = a.tls &+ b.tls
    sum.http2 = a.http2 &+ b.http2
    sum.fragments = a.fragments &+ b.fragments
    sum.malformed = a.malformed &+ b.malformed
    sum.otherPorts = a.otherPorts &+ b.otherPorts
    sum.evictedHeads = a.evictedHeads &+ b.evictedHeads
    sum.overlongHeads = a.overlongHeads &+ b.overlongHeads
    sum.failedTailCalls = a.failedTailCalls &+ b.failedTailCalls
    return sum
  }
}
