// SPDX-License-Identifier: Apache-2.0

package import Capture

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
  /// Of those, the segments that `--filter` leaves out.
  package var filteredOut: UInt64 = 0
  /// Requests, and responses, that `--only` leaves out of all other counts but those of this ledger.
  package var uncountedRequests: UInt64 = 0
  package var uncountedResponses: UInt64 = 0
  /// Of those requests, the ones that wait for their final response, at the moment.
  package var uncountedInFlight: UInt64 = 0
  /// Heads beyond the first one of their segment.
  package var pipelinedHeads: UInt64 = 0
  /// Heads that the capture cut, or that exceeded the limit: counted by their start line.
  package var truncated: UInt64 = 0
  /// Request heads.
  package var requests: UInt64 = 0
  /// Requests whose line holds spaces where the grammar has none, counted as requests too.
  package var malformedRequests: UInt64 = 0
  /// Final and interim responses.
  package var responses: UInt64 = 0
  /// Of those, the interim ones, which another response follows.
  package var interim: UInt64 = 0
  /// Requests that their final response was found for.
  package var exchanges: UInt64 = 0
  /// Final responses whose request was not seen.
  package var unmatchedResponses: UInt64 = 0
  /// Requests that ended without a final response, by how: with `exchanges` and those in flight, all `requests`.
  package var aborted: UInt64 = 0
  package var timedOut: UInt64 = 0
  package var unknown: UInt64 = 0
  /// Flows forgotten to make room.
  package var evictedFlows: UInt64 = 0
  /// Requests forgotten to make room, counted as unknown too.
  package var evictedRequests: UInt64 = 0
  /// Segments that their receivers drop, for a wrong checksum or for want of an ACK: among the other segments too; and
  /// duplicates that begin otherwise than what was read at their number.
  package var doubtful: UInt64 = 0
  /// Stream bytes given up at a gap or at a buffer's limit.
  package var skippedBytes: UInt64 = 0
  /// HTTP/2 connections met on the watched ports.
  package var http2: UInt64 = 0
  /// Of these, the ones that are not read, since the depth is `heads`.
  package var http2Unread: UInt64 = 0
  /// HTTP/2 connections given up for want of memory.
  package var evictedHTTP2: UInt64 = 0
  /// The number of times that the reading of a direction of HTTP/2 continued after lost bytes, with a header table of which nothing is
  /// known.
  package var h2Resyncs: UInt64 = 0
  /// Requests that servers of HTTP/2 promised (PUSH_PROMISE), which nobody made: they are in no other count.
  package var pushPromises: UInt64 = 0
  /// Responses whose head was seen and whose stream has not ended, at the moment.
  package var openResponses: UInt64 = 0
  /// Responses of exchanges that ended without an outcome: given up after the response's head, or nobody can know.
  package var unsettledResponses: UInt64 = 0
  /// Connections that left HTTP by 101 or CONNECT.
  package var tunnels: UInt64 = 0

  package init() {}
}

extension ExchangeCounters: CounterSet {
  package static let counters: [Counter<ExchangeCounters, UInt64>] = [
    Counter(
      \.delivered, "delivered", json: .always,
      .family("capture_delivered", help: "Segments that the workers read.")),
    Counter(\.headSegments, "headSegments", json: .always, .segments("head_segments")),
    Counter(\.continuations, "continuations", json: .always, .segments("continuations")),
    Counter(\.duplicates, "duplicates", json: .always, .segments("duplicates")),
    Counter(\.unparseable, "unparseable", json: .always, .segments("unparseable"), page: "unparseable"),
    Counter(\.falseHeads, "falseHeads", json: .always, .segments("false_heads"), page: "false heads"),
    Counter(\.otherSegments, "otherSegments", json: .always, .segments("other_segments")),
    Counter(
      \.filteredOut, "filteredOut", json: .aboveZero,
      .family("capture_filtered_out", help: "Segments of connections that --filter leaves out.")),
    Counter(
      \.uncountedRequests, "uncountedRequests", json: .aboveZero,
      .family("http_uncounted_requests", help: "Requests that --only leaves out.")),
    Counter(
      \.uncountedResponses, "uncountedResponses", json: .aboveZero,
      .family("http_uncounted_responses", help: "Responses that --only leaves out.")),
    Counter(\.uncountedInFlight, "uncountedInFlight"),
    Counter(
      \.pipelinedHeads, "pipelinedHeads", json: .always,
      .family("capture_pipelined_heads", help: "Heads beyond the first of their segment.")),
    Counter(
      \.truncated, "truncated", json: .always,
      .family("capture_truncated_heads", help: "Heads that were counted by their start line only."),
      page: "truncated heads"),
    Counter(\.requests, "requests"),
    Counter(
      \.malformedRequests, "malformedRequests", json: .aboveZero,
      .family("http_malformed_requests", help: "Requests with spaces inside their targets."),
      page: "malformed requests"),
    Counter(\.responses, "responses"),
    Counter(\.interim, "interim"),
    Counter(\.exchanges, "exchanges"),
    Counter(\.unmatchedResponses, "unmatchedResponses"),
    Counter(\.aborted, "aborted"),
    Counter(\.timedOut, "timedOut"),
    Counter(\.unknown, "unknown"),
    Counter(
      \.evictedFlows, "evictedFlows", json: .aboveZero, .evicted("flows"), page: "evicted flows"),
    Counter(
      \.evictedRequests, "evictedRequests", json: .aboveZero, .evicted("requests"), page: "evicted requests"),
    Counter(\.doubtful, "doubtful", json: .aboveZero, page: "doubtful segments"),
    Counter(\.skippedBytes, "skippedBytes", json: .aboveZero, page: "skipped bytes"),
    Counter(\.http2, "http2", .seen("http2")),
    Counter(\.http2Unread, "http2Unread"),
    Counter(
      \.evictedHTTP2, "evictedHTTP2", json: .aboveZero, page: "evicted HTTP/2 connections"),
    Counter(\.h2Resyncs, "h2Resyncs", json: .aboveZero, page: "HTTP/2 resyncs"),
    Counter(\.pushPromises, "pushPromises", json: .aboveZero),
    Counter(\.openResponses, "openResponses"),
    Counter(\.unsettledResponses, "unsettledResponses"),
    Counter(\.tunnels, "tunnels", .seen("tunnels")),
  ]

  /// Requests that wait for their final response, and count.
  package var inFlight: UInt64 { requests &- exchanges &- unanswered &- uncountedInFlight }

  /// Requests that ended without a final response.
  package var unanswered: UInt64 { aborted &+ timedOut &+ unknown }

  /// What became of the delivered segments, the sum of their classes: `delivered` when none is missing.
  package var classified: UInt64 {
    Self.counters.reduce(0) { sum, counter in
      if case .segments = counter.metric { sum &+ self[keyPath: counter.field] } else { sum }
    }
  }
}
