// SPDX-License-Identifier: Apache-2.0

/// One end of a TCP flow: an address of either family and a port.
///
/// An IPv4 address is held as its IPv4-mapped IPv6 form (`::ffff:a.b.c.d`), so that one key serves
/// both families. The words hold the address as a big-endian number: the first byte on the wire is
/// the most significant byte of `high`.
@usableFromInline
package struct Endpoint: Hashable, BitwiseCopyable, Sendable {
  /// The first eight bytes of the address.
  @usableFromInline package var high: UInt64
  /// The last eight bytes of the address.
  @usableFromInline package var low: UInt64
  /// The TCP port, 0 to 65535, in host order.
  @usableFromInline package var port: UInt16

  @inlinable
  package init(high: UInt64, low: UInt64, port: UInt16) {
    self.high = high
    self.low = low
    self.port = port
  }

  /// An IPv4 endpoint; `address` is the address as a big-endian number (10.0.0.1 is 0x0a000001).
  @inlinable
  package init(ipv4 address: UInt32, port: UInt16) {
    self.init(high: 0, low: 0x0000_ffff_0000_0000 | UInt64(address), port: port)
  }

  /// Whether the address is an IPv4 one.
  @inlinable
  package var isIPv4: Bool { high == 0 && low >> 32 == 0x0000_ffff }

  /// Whether the address is one of the machine's own, the same in each network namespace.
  package var isLoopback: Bool {
    isIPv4 ? UInt32(truncatingIfNeeded: low) >> 24 == 127 : high == 0 && low == 1
  }
}
