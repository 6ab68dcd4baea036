// SPDX-License-Identifier: Apache-2.0

package import Exchanges
import Statistics
import System

/// The choice of a worker's requests that count, by the condition of `--only`: the events of the others are taken out of each batch
/// before anybody sees them, from the request's to that of its end.
///
/// A request is chosen once, when its head is seen. A response without a request is of none that is known, and left out.
package final class RequestChoice {
  private let program: RequestProgram
  /// Whether each pending exchange counts.
  private let isCounted: ZeroedStorage<Bool>
  private var requests: UInt64 = 0
  private var responses: UInt64 = 0
  private var waiting: UInt64 = 0

  /// - Parameter pendingExchanges: `ExchangeLimits.pendingRequests` of the worker's tracker.
  package init(_ filter: ExchangeFilter, pendingExchanges: Int) throws {
    program = try RequestProgram(filter.condition)
    isCounted = try ZeroedStorage(count: pendingExchanges)
  }

  /// Whether batches need the details of requests.
  package var needsDetails: Bool { program.needsTarget }

  /// Takes out what does not count.
  package func apply(to batch: inout EventBatch) {
    var kept = 0
    var index = 0
    while index < batch.count {
      if counts(batch, index) {
        batch.move(index, to: kept)
        kept &+= 1
      }
      index &+= 1
    }
    batch.truncate(to: kept)
  }

  /// Whether the request at a place of a batch that was not handed to `apply` yet will count.
  package func chooses(_ batch: borrowing EventBatch, _ index: Int) -> Bool { program.passes(batch, index) }

  /// Whether a request that waits counts.
  package func counts(_ request: RequestIndex) -> Bool {
    request.offset < isCounted.count && isCounted[request.offset]
  }

  /// Adds what was left out to a worker's counters.
  package func note(in counters: inout ExchangeCounters) {
    counters.uncountedRequests = requests
    counters.uncountedResponses = responses
    counters.uncountedInFlight = waiting
  }

  private func counts(_ batch: borrowing EventBatch, _ index: Int) -> Bool {
    let event = batch[index]
    if event.kind == .request {
      let isChosen = program.passes(batch, index)
      if let request = event.exchange?.offset, request < isCounted.count { isCounted[request] = isChosen }
      if !isChosen {
        requests &+= 1
        waiting &+= 1
      }
      return isChosen
    }
    if let request = event.exchange, counts(request) { return true }
    switch event.kind {
    case .request: break
    case .unmatchedResponse, .interim: responses &+= 1
    case .answered:
      responses &+= 1
      waiting &-= 1
    case .aborted, .timedOut, .unknown:
      if event.hasResponse { responses &+= 1 }
      waiting &-= 1
    // It still waits when the capture ends.
    case .inFlight: if event.hasResponse { responses &+= 1 }
    }
    return false
  }
}
