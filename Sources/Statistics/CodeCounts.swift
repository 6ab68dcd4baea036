// SPDX-License-Identifier: Apache-2.0

/// Counts by small codes, those that are not zero in the order of their codes: what `PackedCounts` are in memory, as
/// they are kept outside of it.
///
/// The codes of all traffic are the fine buckets of latencies; those of a row are the coarse buckets, and then the
/// places of its statuses.
package struct CodeCounts: Equatable, Sendable {
  package struct Entry: Equatable, BitwiseCopyable, Sendable {
    package var code: UInt16
    package var count: UInt64

    package init(code: UInt16, count: UInt64) { (self.code, self.count) = (code, count) }
  }

  /// Codes of all traffic.
  package static let totalCodes = LatencyBuckets.fine.count
  /// Codes of a row.
  package static let rowCodes = LatencyBuckets.coarse.count + StatusPlaces.count

  package var entries: [Entry] = []

  package init() {}

  package init(_ entries: [Entry]) { self.entries = entries }

  /// What these words hold together.
  init(packed words: [UInt32]) {
    for word in PackedCounts.merged(words) {
      let (code, count) = PackedCounts.unpack(word)
      // A large count takes several words.
      if let last = entries.last, last.code == UInt16(code) {
        entries[entries.count - 1].count &+= count
      } else {
        entries.append(Entry(code: UInt16(code), count: count))
      }
    }
  }
}

/// Sums of counts by code, and the longest latency: what intervals add up to.
struct CodeSums {
  private(set) var counts: [UInt64]
  private(set) var maximum: UInt64 = 0

  init(codes: Int) { counts = [UInt64](repeating: 0, count: codes) }

  /// Adds counts, and the longest of their latencies; codes that there are not say nothing.
  mutating func add(_ more: CodeCounts, maximum: UInt64) {
    for entry in more.entries where Int(entry.code) < counts.count {
      counts[Int(entry.code)] &+= entry.count
    }
    self.maximum = max(self.maximum, maximum)
  }

  /// The sums that are not zero.
  var codeCounts: CodeCounts {
    CodeCounts(
      counts.enumerated().filter { $0.element > 0 }.map {
        CodeCounts.Entry(code: UInt16($0.offset), count: $0.element)
      })
  }

  /// What the latencies among them tell; `answered` is how many exchanges were answered.
  func latency(_ buckets: LatencyBuckets, answered: UInt64) -> LatencySummary {
    buckets.summary(count: answered, maximum: maximum) { counts[$0] }
  }
}

extension SiteDetail {
  /// What a row's counts by code tell.
  package init(_ counts: CodeCounts) {
    self.init()
    let buckets = LatencyBuckets.coarse
    for entry in counts.entries where entry.count > 0 {
      let code = Int(entry.code)
      if code < buckets.count {
        latencies.append(LatencyCount(nanoseconds: buckets.middle(code), count: entry.count))
      } else if code < CodeCounts.rowCodes {
        statuses.append(NamedCount(name: StatusPlaces.name(code - buckets.count), count: entry.count))
      }
    }
    statuses.sort { ($1.count, $0.name) < ($0.count, $1.name) }
  }
}
