// SPDX-License-Identifier: Apache-2.0

/// The total of a counter that has 32 bits, as libpcap's of dropped packets have: read often enough, it never goes back.
struct WrappingCount {
  /// What was counted since the first reading, whose value is counted too.
  private(set) var total: UInt64 = 0
  private var last: UInt32 = 0

  /// Takes a reading into account. One that is lower by less than half of the range has gone back, as a card's does
  /// that takes another one's place: it counts from there.
  mutating func note(_ reading: UInt32) {
    let step = reading &- last
    if step < 1 << 31 { total &+= UInt64(step) }
    last = reading
  }
}
