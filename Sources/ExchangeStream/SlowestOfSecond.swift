// SPDX-License-Identifier: Apache-2.0

/// The choice of a worker's exchanges that are among the slowest of the second in which they ended.
///
/// Of many exchanges a second few pass: the first ones, then only those that are slower than the fiftieth so far.
struct SlowestOfSecond {
  /// The exchanges of a second that are passed at least, if there are as many.
  static let capacity = 50

  /// Of the current second, in no order, nanoseconds.
  private var latencies = [UInt64](repeating: 0, count: Self.capacity)
  private var used = 0
  /// The index of the least one, once all are used.
  private var least = 0
  private var second: UInt64 = .max

  /// Whether an exchange is among the slowest so far of the second that it ended in.
  mutating func passes(_ latency: UInt64, endedAt time: UInt64) -> Bool {
    if time / 1_000_000_000 != second { (second, used) = (time / 1_000_000_000, 0) }
    if used < Self.capacity {
      latencies[used] = latency
      used &+= 1
    } else if latency > latencies[least] {
      latencies[least] = latency
    } else {
      return false
    }
    if used == Self.capacity {
      least = 0
      for index in 1..<Self.capacity where latencies[index] < latencies[least] { least = index }
    }
    return true
  }
}
