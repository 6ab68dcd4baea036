// SPDX-License-Identifier: Apache-2.0

/// The fixed budgets of a tracker: what it may remember, and for how long in capture time.
package struct ExchangeLimits: Sendable {
  /// TCP connections at once; the least recently seen one makes room.
  package var flows = 30_720
  /// Of those, the number that both sides have closed and that are kept for what is sent again: 50 ms of 70,000 short
  /// connections a second, in memory that stays in the caches.
  package var closedFlows = 3_840
  /// Requests waiting for their response, and responses for their request.
  package var pendingRequests = 45_056
  /// Of those, the number that one connection may have; pipelining clients have hundreds at most.
  package var pendingPerFlow = 4_096
  /// Heads in the making that fit into 2 KiB.
  package var smallHeads = 1_024
  /// Heads in the making that need up to 64 KiB.
  package var largeHeads = 28
  /// Segments held back until the bytes before them come, 2 KiB each.
  package var heldSegments = 2_048
  /// Of those, the number that one direction of a flow may hold.
  package var heldPerDirection = 512
  /// HTTP/2 connections at once; the one that was idle for longest makes room.
  package var http2Connections = 4_096
  /// Bytes that their header tables, streams and unfinished blocks may take.
  package var http2Bytes = 16 << 20
  /// Path segments of a section, at least 1.
  package var sectionDepth = 1
  /// The field in which proxies name their clients, and whose is believed; nil where connections tell.
  package var clientHeader: ClientHeader?
  /// Nanoseconds that a request may wait for its response. HTTP knows no limit: gateways give up after a minute, long
  /// polls take several, so only what nobody waits for any longer is to run out.
  package var timeout: UInt64 = 3_600_000_000_000
  /// Nanoseconds after a response without a request in which requests are remembered by the numbers that their
  /// responses will have, since these may come under other addresses.
  package var translationPatience: UInt64 = 60_000_000_000
  /// Nanoseconds to wait for missing bytes before reading continues after them.
  package var gapPatience: UInt64 = 250_000_000

  /// The number of times that the kernel is asked to pass a connection whole, at depth `auto`.
  static let marks: UInt8 = 4
  /// Requests, each after the answer to the one before it, after which a connection's heads are enough again.
  static let calmRequests: UInt8 = 16
  /// Held segments of a direction up to which one that may be a guess is held too: each is compared with all of them.
  static let doubtfulPerDirection: Int32 = 64
  /// Bytes of a body that are left from which on it need not pass.
  static let longBody: UInt64 = 256 << 10

  package init() {}

  /// Bytes of the tables that a tracker reserves, about.
  package var bytes: Int {
    let flow =
      MemoryLayout<StreamFlow>.stride + MemoryLayout<MessageFlow>.stride
      + MemoryLayout<PendingRequests.Queue>.stride
    return flows * (flow + 8) + pendingRequests * MemoryLayout<PendingRequest>.stride
      + smallHeads * 2_048 + largeHeads * 65_536
      + heldSegments * (2_048 + MemoryLayout<HeldChunk>.stride)
  }

  /// For capture files: more room for one connection's reordering, more patience, since nobody waits.
  package static var file: ExchangeLimits {
    var limits = ExchangeLimits()
    limits.closedFlows = limits.flows
    limits.heldPerDirection = 2_048
    limits.http2Bytes = 64 << 20
    limits.gapPatience = 10_000_000_000
    return limits
  }
}
