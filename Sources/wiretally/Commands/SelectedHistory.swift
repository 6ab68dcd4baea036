// SPDX-License-Identifier: Apache-2.0

import History

/// The intervals of a history that lie within a time.
final class SelectedHistory: HistorySource {
  private let source: any HistorySource
  let range: Range<Int>
  /// The time begins after its end.
  let isReversed: Bool

  /// From the first interval that ends after `from` to the last one that begins before `to`.
  init(_ source: any HistorySource, from: Moment?, to: Moment?) {
    self.source = source
    let all = source.range
    let end = all.last.flatMap { source.head($0)?.head.end } ?? 0
    let begin = from.map { $0.time(end: end) } ?? 0, limit = to.map { $0.time(end: end) } ?? .max
    isReversed = begin > limit
    let chosen = all.filter { position in
      guard let head = source.head(position)?.head else { return false }
      return head.end > begin && head.start < limit
    }
    if let first = chosen.first, let last = chosen.last {
      range = first..<last + 1
    } else {
      range = all.lowerBound..<all.lowerBound
    }
  }

  func head(_ position: Int) -> (head: HistoryHead, run: HistoryRun, bytes: Int)? {
    range.contains(position) ? source.head(position) : nil
  }

  func interval(_ position: Int) -> (interval: HistoryInterval, run: HistoryRun)? {
    range.contains(position) ? source.interval(position) : nil
  }
}
