// SPDX-License-Identifier: Apache-2.0

/// The advance of a counter of the kernel's between two looks.
///
/// One that went back, or farther than packets come, has restarted or is a driver's mistake: nothing is
/// counted then, rather than a loss that never was.
enum Progress {
  /// A counter of 32 bits, which may have gone round.
  static func from(_ before: UInt32, to now: UInt32) -> UInt64 {
    let step = now &- before
    return step < 1 << 31 ? UInt64(step) : 0
  }

  /// A counter of 64 bits.
  static func from(_ before: UInt64, to now: UInt64) -> UInt64 {
    let step = now &- before
    return step < 1 << 40 ? step : 0
  }
}

/// Numbers as the kernel prints them.
enum Digits {
  /// One to eight hexadecimal digits; nil for anything else.
  static func hexadecimal(_ text: ArraySlice<UInt8>) -> UInt32? {
    guard (1...8).contains(text.count) else { return nil }
    var value: UInt32 = 0
    for byte in text {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
      value = value << 4 | UInt32(digit)
    }
    return value
  }

  /// Decimal digits of a number below 2^64; nil for anything else.
  static func decimal(_ text: ArraySlice<UInt8>) -> UInt64? {
    guard (1...20).contains(text.count) else { return nil }
    var value: UInt64 = 0
    for byte in text {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
      let (tens, isTooLarge) = value.multipliedReportingOverflow(by: 10)
      let (sum, isLarger) = tens.addingReportingOverflow(UInt64(byte &- UInt8(ascii: "0")))
      if isTooLarge || isLarger { return nil }
      value = sum
    }
    return value
  }
}
