// SPDX-License-Identifier: Apache-2.0

import System

/// The text of an address, for sites that have no other name: dotted IPv4, bracketed IPv6 in the
/// form of RFC 5952.
package enum AddressName {
  /// Appends the address whose bytes, big-endian, are `high` and `low`; IPv4 comes mapped.
  package static func append(
    high: UInt64, low: UInt64, isBracketed: Bool = true, to names: NameBuffer
  ) -> (start: Int, count: Int) {
    let mark = names.count
    if high == 0, low >> 32 == 0xffff {
      for index in 0..<4 {
        if index > 0 { names.append(UInt8(ascii: ".")) }
        appendDecimal(UInt8(truncatingIfNeeded: low >> UInt64(24 - 8 * index)), to: names)
      }
    } else {
      if isBracketed { names.append(UInt8(ascii: "[")) }
      appendIPv6(high, low, to: names)
      if isBracketed { names.append(UInt8(ascii: "]")) }
    }
    return (mark, names.count - mark)
  }

  /// Appends the sixteen bytes of an address, in the order of the wire; as many must be free.
  @inline(__always)
  package static func appendBytes(high: UInt64, low: UInt64, to names: NameBuffer) -> (start: Int, count: Int)
  {
    let mark = names.count
    names.append(high.byteSwapped, 8)
    names.append(low.byteSwapped, 8)
    return (mark, 16)
  }

  /// The address as a text of its own, IPv6 without brackets.
  package static func text(high: UInt64, low: UInt64) -> String {
    let names = NameBuffer()
    let place = append(high: high, low: low, isBracketed: false, to: names)
    let bytes = names.bytes(start: place.start, count: place.count)
    return String(decoding: (0..<bytes.byteCount).map { bytes.byte($0) }, as: UTF8.self)
  }

  private static func appendIPv6(_ high: UInt64, _ low: UInt64, to names: NameBuffer) {
    func group(_ index: Int) -> UInt16 {
      let word = index < 4 ? high : low
      return UInt16(truncatingIfNeeded: word >> UInt64(48 - 16 * (index & 3)))
    }
    // The first longest run of two or more zero groups is written "::".
    var best = -1, bestLength = 1, run = 0
    for index in 0..<8 {
      run = group(index) == 0 ? run + 1 : 0
      if run > bestLength {
        bestLength = run
        best = index - run + 1
      }
    }
    var index = 0
    while index < 8 {
      if index == best {
        names.append(UInt8(ascii: ":"))
        names.append(UInt8(ascii: ":"))
        index += bestLength
        continue
      }
      if index > 0, index != best + bestLength || best < 0 { names.append(UInt8(ascii: ":")) }
      appendHex(group(index), to: names)
      index += 1
    }
  }

  private static func appendDecimal(_ value: UInt8, to names: NameBuffer) {
    if value >= 100 { names.append(UInt8(ascii: "0") + value / 100) }
    if value >= 10 { names.append(UInt8(ascii: "0") + value / 10 % 10) }
    names.append(UInt8(ascii: "0") + value % 10)
  }

  private static func appendHex(_ value: UInt16, to names: NameBuffer) {
    var started = false
    for shift: UInt16 in [12, 8, 4, 0] {
      let digit = UInt8(truncatingIfNeeded: value >> shift & 15)
      if digit != 0 || started || shift == 0 {
        names.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") - 10 + digit)
        started = true
      }
    }
  }
}
