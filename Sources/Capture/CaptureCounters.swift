// SPDX-License-Identifier: Apache-2.0

/// The counters of a backend before delivery, since it was opened: the capture half of the ledger.
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
  /// Fragments of IP packets that may carry TCP.
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
  /// Bytes of HTTP/2's DATA that the filter followed by their length and did not copy.
  package var h2DataSkipped: UInt64 = 0
  /// Of `fragments`, those that were not put together: too many at once, too long, or of a datagram in too many parts.
  package var fragmentsRefused: UInt64 = 0
  /// Segments of TLS hellos that the filter sent for the coverage report; not among `matched`.
  package var hellos: UInt64 = 0
  /// Of `hellos`, segments that found the ring full.
  package var lostHellos: UInt64 = 0
  /// Segments that begin a hello of TLS, of which there were too many in their second.
  package var skippedHellos: UInt64 = 0
  /// Datagrams that begin like connections of QUIC, of which there were too many in their second.
  package var skippedInitials: UInt64 = 0
  /// Records whose stamps were more than a second off the reader's clock, which was then compared with the kernel's again.
  package var restamped: UInt64 = 0
  /// Connections whose plain text was read from a TLS library.
  package var tlsConnections: UInt64 = 0
  /// Of those, connections whose text came before their socket was known: they have no address.
  package var tlsUntied: UInt64 = 0
  /// Texts of TLS connections that were left out, since nobody can tell whether they came by a watched interface.
  package var tlsUnplaced: UInt64 = 0
  /// Texts of TLS connections that could not be read when they passed.
  package var tlsUnreadable: UInt64 = 0
  /// Packets dropped from the kernel's backlog, on the whole machine; nil where that is not known.
  package var backlogDropped: UInt64?
  /// Packets that the watched network cards missed; nil where that is not known.
  package var nicMissed: UInt64?

  package init() {}
}

extension CaptureCounters: CounterSet {
  package static let counters = filterCounters + readerCounters + tlsCounters

  /// What the readers of rings count.
  private static let readerCounters: [Counter<CaptureCounters, UInt64>] = [
    Counter(
      \.restamped, "restamped", json: .aboveZero,
      .family(
        "capture_restamped",
        help: "Records whose stamps were more than a second off; the kernel's clock was read again for them."),
      page: "records restamped")
  ]

  /// What is counted where TLS libraries are read; their other counts are among the filter's.
  private static let tlsCounters: [Counter<CaptureCounters, UInt64>] = [
    Counter(\.tlsConnections, "tlsConnections", json: .aboveZero, page: "TLS connections read"),
    Counter(\.tlsUntied, "tlsUntied", json: .aboveZero, page: "of unknown address"),
    Counter(\.tlsUnplaced, "tlsUnplaced", json: .aboveZero, page: "TLS texts of unclear interface left out"),
    Counter(\.tlsUnreadable, "tlsUnreadable", json: .aboveZero, page: "TLS texts unreadable"),
  ]

  /// The filter in the kernel counts the same in the same order: `struct httpf_counters`.
  package static let filterCounters: [Counter<CaptureCounters, UInt64>] = [
    Counter(
      \.packets, "packets", json: .always,
      .family("capture_packets", help: "Packets that the backend looked at.")),
    Counter(\.copies, "copies", .seen("copies")),
    Counter(\.onPort, "onPort", .seen("on_port")),
    Counter(\.payload, "payload", .seen("payload")),
    Counter(
      \.matched, "matched", json: .always,
      .family("capture_matched", help: "Segments that it took: delivered, lost, or still in a ring.")),
    Counter(
      \.lost, "lost", json: .always,
      .family("capture_lost", help: "Segments that found the ring full; counts are then lower bounds.")),
    Counter(
      \.lostRequests, "lostRequests",
      .family("capture_lost_requests", help: "Of the lost segments, those that begin a request.")),
    Counter(\.requestHeads, "requestHeads"),
    Counter(\.responseHeads, "responseHeads"),
    Counter(\.continuations, "continuations"),
    Counter(\.tls, "tls", .seen("tls")),
    Counter(\.http2, "http2", .seen("http2")),
    Counter(\.fragments, "fragments", .seen("fragments")),
    Counter(\.malformed, "malformed", .seen("malformed"), page: "malformed packets"),
    Counter(\.otherPorts, "otherPorts", .seen("other_ports")),
    Counter(\.evictedHeads, "evictedHeads", json: .aboveZero, .evicted("heads")),
    Counter(\.overlongHeads, "overlongHeads"),
    Counter(
      \.failedTailCalls, "failedTailCalls", json: .aboveZero,
      .family(
        "capture_failed_tail_calls",
        help: "Packets whose inspection broke off: a program in the kernel could not call the next."),
      page: "failed tail calls"),
    Counter(
      \.h2DataSkipped, "h2DataSkipped", json: .aboveZero,
      .family(
        "capture_h2_data_skipped_bytes",
        help: "Bytes of HTTP/2's DATA that the kernel's filter passed over by their length.")),
    Counter(
      \.fragmentsRefused, "fragmentsRefused", json: .aboveZero,
      page: "IP fragments too many to be put together"),
    Counter(\.hellos, "hellos"),
    Counter(\.lostHellos, "lostHellos", json: .aboveZero, page: "TLS hellos lost"),
    Counter(\.skippedHellos, "skippedHellos", json: .aboveZero, page: "TLS hellos not looked into"),
    Counter(\.skippedInitials, "skippedInitials", json: .aboveZero, page: "QUIC datagrams not looked into"),
  ]

  /// The machine's counters of what no capture saw: nil where they are not known, and in no sum, since they belong
  /// to none of several readers.
  package static let machineCounters: [Counter<CaptureCounters, UInt64?>] = [
    Counter(
      \.backlogDropped, "backlogDropped", json: .always,
      .family(
        "backlog_dropped_packets",
        help: "Packets dropped in the kernel's backlog before any capture, on the whole machine.")),
    Counter(
      \.nicMissed, "nicMissed", json: .always,
      .family("nic_missed_packets", help: "Packets that the watched network cards had no room for.")),
  ]

  /// What was counted since `earlier`, the machine's counters included.
  package func since(_ earlier: CaptureCounters) -> CaptureCounters {
    var result = self - earlier
    for counter in Self.machineCounters {
      result[keyPath: counter.field] = self[keyPath: counter.field].map {
        $0 &- (earlier[keyPath: counter.field] ?? 0)
      }
    }
    return result
  }
}
