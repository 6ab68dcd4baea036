// SPDX-License-Identifier: Apache-2.0

/// A network of addresses of either family, `10.0.0.0/8` or `2001:db8::/32`; of one address without a length.
package struct AddressNetwork: BitwiseCopyable, Equatable, Sendable {
  // IPv4 in its IPv4-mapped form, as everywhere.
  private var high: UInt64
  private var low: UInt64
  private var maskHigh: UInt64
  private var maskLow: UInt64

  /// The fault of a text that is no network.
  package enum Fault: Error, Equatable {
    /// It is none; the fault is in its address or in its length.
    case malformed
    /// Bits beyond its length are set: this was meant, perhaps.
    case hostBits(String)
  }

  package init(_ text: some StringProtocol) throws(Fault) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first, let address = AddressName.parse(first) else { throw .malformed }
    let isIPv4 = !first.contains(":"), most = isIPv4 ? 32 : 128
    var length = most
    if parts.count > 1 {
      guard (1...3).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy({ (48...57).contains($0) }),
        let number = Int(parts[1]), number <= most
      else { throw .malformed }
      length = number
    }
    let bits = UInt128(length + 128 - most)
    let mask = bits == 0 ? 0 : UInt128.max << (128 - bits)
    (maskHigh, maskLow) = (UInt64(truncatingIfNeeded: mask >> 64), UInt64(truncatingIfNeeded: mask))
    (high, low) = (address.high & maskHigh, address.low & maskLow)
    if high != address.high || low != address.low {
      throw .hostBits("\(AddressName.text(high: high, low: low))/\(length)")
    }
  }

  /// Whether an address is in it.
  @inline(__always)
  package func contains(high: UInt64, low: UInt64) -> Bool {
    high & maskHigh == self.high && low & maskLow == self.low
  }
}
