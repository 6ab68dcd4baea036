// SPDX-License-Identifier: Apache-2.0

/// Counts each segment in its one class.
extension ExchangeCounters {
  /// Counts a segment in its one class.
  @inline(__always)
  mutating func classify(_ outcome: ChunkOutcome) {
    delivered &+= 1
    if outcome.heads > 0 {
      headSegments &+= 1
      pipelinedHeads &+= UInt64(outcome.heads &- 1)
    } else if outcome.hasPartialHead {
      // Before what else it may be: `endHead` takes the segments of a head from this class.
      continuations &+= 1
    } else if outcome.isFalseHead {
      falseHeads &+= 1
    } else if outcome.isUnparseable {
      unparseable &+= 1
    } else {
      otherSegments &+= 1
    }
  }

  /// Counts a segment all of whose bytes had been read.
  mutating func classifyDuplicate() {
    delivered &+= 1
    duplicates &+= 1
  }
}
