// SPDX-License-Identifier: Apache-2.0

import Capture
import Exchanges

/// Sums over workers and differences over time of the delivery half of the ledger.
extension ExchangeCounters {
  /// Every member combined with the other's by `operation`.
  private func combined(
    _ other: ExchangeCounters, _ operation: (UInt64, UInt64) -> UInt64
  ) -> ExchangeCounters {
    var result = ExchangeCounters()
    result.delivered = operation(delivered, other.delivered)
    result.headSegments = operation(headSegments, other.headSegments)
    result.continuations = operation(continuations, other.continuations)
    result.duplicates = operation(duplicates, other.duplicates)
    result.unparseable = operation(unparseable, other.unparseable)
    result.falseHeads = operation(falseHeads, other.falseHeads)
    result.otherSegments = operation(otherSegments, other.otherSegments)
    result.pipelinedHeads = operation(pipelinedHeads, other.pipelinedHeads)
    result.truncated = operation(truncated, other.truncated)
    result.requests = operation(requests, other.requests)
    result.responses = operation(responses, other.responses)
    result.interim = operation(interim, other.interim)
    result.exchanges = operation(exchanges, other.exchanges)
    result.unmatchedResponses = operation(unmatchedResponses, other.unmatchedResponses)
    result.unanswered = operation(unanswered, other.unanswered)
    result.evictedFlows = operation(evictedFlows, other.evictedFlows)
    result.evictedRequests = operation(evictedRequests, other.evictedRequests)
    result.skippedBytes = operation(skippedBytes, other.skippedBytes)
    result.http2 = operation(http2, other.http2)
    result.tunnels = operation(tunnels, other.tunnels)
    return result
  }

  /// The sum of two workers' counters.
  func adding(_ other: ExchangeCounters) -> ExchangeCounters { combined(other, &+) }

  /// What was counted since `earlier`.
  func since(_ earlier: ExchangeCounters) -> ExchangeCounters { combined(earlier, &-) }
}

/// Differences over time of the capture half of the ledger.
extension CaptureCounters {
  /// What was counted since `earlier`.
  func since(_ earlier: CaptureCounters) -> CaptureCounters {
    var result = CaptureCounters()
    result.packets = packets &- earlier.packets
    result.copies = copies &- earlier.copies
    result.onPort = onPort &- earlier.onPort
    result.payload = payload &- earlier.payload
    result.matched = matched &- earlier.matched
    result.lost = lost &- earlier.lost
    result.lostRequests = lostRequests &- earlier.lostRequests
    result.requestHeads = requestHeads &- earlier.requestHeads
    result.responseHeads = responseHeads &- earlier.responseHeads
    result.continuations = continuations &- earlier.continuations
    result.tls = tls &- earlier.tls
    result.http2 = http2 &- earlier.http2
    result.fragments = fragments &- earlier.fragments
    result.malformed = malformed &- earlier.malformed
    result.otherPorts = otherPorts &- earlier.otherPorts
    result.evictedHeads = evictedHeads &- earlier.evictedHeads
    result.overlongHeads = overlongHeads &- earlier.overlongHeads
    result.failedTailCalls = failedTailCalls &- earlier.failedTailCalls
    result.backlogDropped = backlogDropped.map { $0 &- (earlier.backlogDropped ?? 0) }
    result.nicMissed = nicMissed.map { $0 &- (earlier.nicMissed ?? 0) }
    return result
  }
}
