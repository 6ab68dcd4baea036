// SPDX-License-Identifier: Apache-2.0

package import System

/// The exchanges of all workers, one by one, for one reader.
///
/// It is made before the workers start; each gets one of `writers`. Nothing is recorded until `listen`.
package final class ExchangeReader {
  /// Records that a worker's queue holds; what comes on top is dropped and counted.
  package static let queueCapacity = 4_096
  /// Exchanges of a worker that may be under way at once; the requests of others are dropped and counted.
  package static let underWay = 16_384

  package let writers: [ExchangeWriter]
  private let queues: [RecordQueue]
  private let labels: LabelClock?

  /// - Parameters:
  ///   - pendingExchanges: `ExchangeLimits.pendingRequests` of each worker's tracker.
  ///   - labels: what the wall clock has become since the start, whose times the records have; nil for files.
  package init(
    workers: Int, pendingExchanges: Int, labels: LabelClock? = nil,
    queueCapacity: Int = ExchangeReader.queueCapacity,
    underWay: Int = ExchangeReader.underWay
  ) {
    let queues = (0..<workers).map { _ in RecordQueue(capacity: queueCapacity) }
    self.queues = queues
    self.labels = labels
    writers = queues.map { ExchangeWriter($0, pendingExchanges: pendingExchanges, notes: underWay) }
  }

  /// Begins, narrows or ends the recording. It takes the workers up to a batch to notice; exchanges whose request
  /// came before the beginning are not recorded.
  package func listen(_ interest: ExchangeInterest = .all) {
    for queue in queues { queue.want(interest) }
  }

  /// Nanoseconds by which the times of records are moved, for people to read.
  package var shift: Int64 { labels?.shift ?? 0 }

  /// Reads the next record into `record`; false when there is none now.
  ///
  /// Of several workers' records the one that ended first comes first, as far as they have come in.
  package func next(into record: inout ExchangeRecord) -> Bool {
    var earliest: UInt64?
    var chosen = 0
    for index in queues.indices {
      guard let time = queues[index].nextTime else { continue }
      if let best = earliest, best <= time { continue }
      earliest = time
      chosen = index
    }
    guard earliest != nil else { return false }
    queues[chosen].take(into: &record)
    if let shift = labels?.shift, shift != 0 { record.move(by: shift) }
    return true
  }

  /// Records that found no place since the start: the reader was too slow, or too many exchanges were
  /// under way at once.
  package var dropped: UInt64 { queues.reduce(0) { $0 &+ $1.dropped } }
}
