// SPDX-License-Identifier: Apache-2.0

/// The packets of one file in the order of their times, where the file has them in another.
///
/// A file whose packets were shuffled tells the same as if it had been written in order. Packets of the
/// same time stay as they stand in the file. Times that step back now and then are another thing: a clock
/// that was set, or captures one behind the other; such a file stands in the order of what happened.
struct RecordOrder {
  /// Packets that are sorted at most, 16 bytes each; a file with more is read as it stands.
  static let most = 1 << 26
  /// Packets that are sorted however little they are out of order.
  static let always = 1 << 20
  /// Nanoseconds of disorder that a longer file is left with: less than segments wait for each other.
  static let tolerance: UInt64 = 1_000_000_000
  /// With fewer steps back in time than one in this many packets, the order is the file's own.
  static let seldom = 50

  /// This many packets in order at the beginning of a file tell of the rest: what shuffles packets does so
  /// all the time, and looking through a long file would cost as much as reading it.
  static let sample = 1 << 16

  struct Record {
    /// Nanoseconds since 1970; a packet without a time has that of the one before it.
    var time: UInt64
    /// Where it begins in the file.
    var offset: UInt64
  }

  private(set) var records: [Record] = []
  /// Where each section of a pcapng file begins, and how its blocks are read at its end.
  private(set) var sections: [(offset: UInt64, format: NextGenerationFormat)] = []
  /// Where reading in the file's own order came to its end, or to a fault.
  private(set) var end: UInt64 = 0
  private var next = 0

  /// The result of a first look at a file.
  struct Look {
    var packets = 0
    /// Nanoseconds by which a packet was behind the latest one before it, at most.
    var disorder: UInt64 = 0
    /// Packets with an earlier time than the one before them.
    private var steps = 0
    private var latest: UInt64 = 0
    private var last: UInt64 = 0

    mutating func add(_ time: UInt64) {
      packets &+= 1
      guard time > 0 else { return }
      if time < last { steps &+= 1 }
      last = time
      if time >= latest { latest = time } else { disorder = max(disorder, latest &- time) }
    }

    var isPlainlyInOrder: Bool { packets == RecordOrder.sample && !isShuffled }
    private var isShuffled: Bool { steps > 1 && steps >= packets / RecordOrder.seldom }
    var isWorthSorting: Bool {
      isShuffled && packets <= RecordOrder.most && (packets <= RecordOrder.always || disorder > tolerance)
    }
    /// Out of order by more than can be corrected while it is read, and too long to be sorted.
    var isBeyondSorting: Bool { isShuffled && disorder > tolerance && packets > RecordOrder.most }
  }

  mutating func reserve(_ count: Int) { records.reserveCapacity(count) }

  mutating func add(time: UInt64, offset: UInt64) {
    records.append(Record(time: time > 0 ? time : records.last?.time ?? 0, offset: offset))
  }

  mutating func endSection(_ offset: UInt64, _ format: NextGenerationFormat) {
    sections.append((offset, format))
  }

  mutating func sort(endingAt end: UInt64) {
    self.end = end
    // The offset makes the order a total one, so that packets of one time stay in theirs.
    records.sort { $0.time != $1.time ? $0.time < $1.time : $0.offset < $1.offset }
  }

  /// The next packet to read; nil behind the last one.
  mutating func take() -> Record? {
    guard next < records.count else { return nil }
    next += 1
    return records[next - 1]
  }

  /// How the blocks of the section around a packet are read.
  func format(at offset: UInt64) -> NextGenerationFormat? {
    var low = 0, high = sections.count
    while low < high {
      let middle = (low + high) / 2
      if sections[middle].offset <= offset { low = middle + 1 } else { high = middle }
    }
    return low > 0 ? sections[low - 1].format : nil
  }
}
