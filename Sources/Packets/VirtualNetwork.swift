// SPDX-License-Identifier: Apache-2.0

/// A virtual network that has packets of its own: tenants of two of them may have the same addresses and ports.
enum VirtualNetwork: UInt32, Sendable {
  /// IEEE 802.1Q and 802.1ad, 12 bits.
  case vlan = 0x1000_0000
  /// RFC 7348, 24 bits.
  case vxlan = 0x2000_0000
  /// RFC 8926, 24 bits.
  case geneve = 0x3000_0000
}

extension PacketHeaders {
  /// Notes that the packet is in a network, inside of those that it is in already.
  mutating func enter(_ kind: VirtualNetwork, _ identifier: UInt32) {
    network = (network ^ (kind.rawValue | identifier)) &* 0x9e37_79b1
  }

  /// Notes a VLAN by its tag. Number 0 is that of a priority without a VLAN (IEEE 802.1Q, table 9-2).
  @inline(__always)
  mutating func enter(tag control: UInt16) {
    if control & 0xfff != 0 { enter(.vlan, UInt32(control & 0xfff)) }
  }
}
