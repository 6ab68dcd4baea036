// SPDX-License-Identifier: Apache-2.0

/// The delivery half of the ledger, counted by one tracker since it was made.
///
/// Each delivered segment is in exactly one class:
/// `delivered = headSegments + continuations + duplicates + unparseable + falseHeads + otherSegments`, and
/// `requests + responses = headSegments + pipelinedHeads`, interim responses included.
package struct ExchangeCounters: Equatable, Sendable {
  /// Segments handed to the tracker.
  package var delivered: UInt64 = 0
  /// Segments in which a message's head was completed first, one head of theirs each.
  package var headSegments: UInt64 = 0
  /// Segments that carried only a part of a head, not its end.
  package var continuations: UInt64 = 0
  /// Segments whose bytes had all been seen before.
  package var duplicates: UInt64 = 0
  /// Segments whose head was no valid start line.
  package var unparseable: UInt64 = 0
  /// Segments that began like a head inside a body.
  package var falseHeads: UInt64 = 0
  /// Segments with body bytes, handshakes or anything else that starts nothing.
  package var otherSegments: UInt64 = 0
  /// Heads beyond the first one of their segment.
  package var pipelinedHeads: UInt64 = 0
  /// Heads that the capture cut, or that exceeded the limit: counted by their start line.
  package var truncated: UInt64 = 0
  package var requests: UInt64 = 0
  /// Final and interim responses.
  package var responses: UInt64 = 0
  package var interim: UInt64 = 0
  package var exchanges: UInt64 = 0
  package var unmatchedResponses: UInt64 = 0
  package var unanswered: UInt64 = 0
  /// Flows forgotten to make room.
  package var evictedFlows: UInt64 = 0
  /// Requests forgotten to make room, counted as unanswered too.
  package var evictedRequests: UInt64 = 0
  /// Stream bytes given up at a gap or at a buffer's limit.
  package var skippedBytes: UInt64 = 0
  /// HTTP/2 connections met on the watched ports.
  package var http2: UInt64 = 0
  /// Connections that left HTTP by 101 or CONNECT.
  package var tunnels: UInt64 = 0

  package init() {}
}
