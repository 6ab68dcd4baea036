// SPDX-License-Identifier: Apache-2.0

/// Packets that one network card missed since the first look, because it had no room for them.
///
/// That is `rx_missed_errors`, as far as its driver tells. `rx_dropped` is no loss that anybody has to hear of:
/// it counts packets of unknown protocols and those that XDP dropped on purpose, too.
struct NICDrops {
  private(set) var total: UInt64 = 0
  /// The count at the last look.
  private var before: UInt64?

  /// Takes the contents of the card's `statistics/rx_missed_errors`; false when they are no number.
  mutating func take(_ text: [UInt8]) -> Bool {
    guard let missed = Digits.decimal(text.prefix { $0 != UInt8(ascii: "\n") }) else { return false }
    if let before { total &+= Progress.from(before, to: missed) }
    before = missed
    return true
  }
}
