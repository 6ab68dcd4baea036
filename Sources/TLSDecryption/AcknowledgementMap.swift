// SPDX-License-Identifier: Apache-2.0

/// The map from acknowledgements of encrypted bytes to those of text, by the ends of a direction's last sixteen records.
struct AcknowledgementMap {
  private var ends = SIMD16<UInt32>()
  private var texts = SIMD16<UInt32>()
  private var count = 0

  /// Notes that a record of text ends with these numbers.
  mutating func add(end: UInt32, text: UInt32) {
    ends[count & 15] = end
    texts[count & 15] = text
    count &+= 1
  }

  /// The number of the first byte of text that an acknowledgement does not cover; `first` while nothing is covered.
  func text(acknowledgedBy number: UInt32, first: UInt32) -> UInt32 {
    var index = count &- 1
    let oldest = max(0, count &- 16)
    while index >= oldest {
      if SequenceArithmetic.distance(number, from: ends[index & 15]) >= 0 { return texts[index & 15] }
      index &-= 1
    }
    return first
  }
}
