// SPDX-License-Identifier: Apache-2.0

import System

/// The way of almost every packet in one go: Ethernet with at most one VLAN tag, IPv4 without options or
/// IPv6 without extensions, whole, and TCP.
///
/// The rules are those of the steps that read everything else (`decodeByStep`), which a test compares.
extension PacketDecoder {
  /// Reads such a packet into `headers`; false when it is another one, or has a fault.
  @inline(__always)
  mutating func decodeOrdinary(_ bytes: RawSpan) -> Bool {
    let count = bytes.byteCount
    guard count >= 54 else { return false }
    var type = bytes.big16(12)
    var network = 14
    headers.network = 0
    if type == EtherType.vlan {
      type = bytes.big16(16)
      network = 18
      headers.enter(tag: bytes.big16(14))
    }
    let transport: Int, end: Int
    let length = wireLength &- network
    if type == EtherType.ipv4 {
      guard count >= network &+ 40 else { return false }
      let first = bytes.big64(network), second = bytes.big64(network &+ 8)
      let total = Int(truncatingIfNeeded: first &>> 32 & 0xffff)
      // Version and length of the header, no fragment, TCP.
      guard first &>> 56 == 0x45, first & UInt64(IPv4Fragment.mask) == 0,
        second &>> 48 & 0xff == UInt64(IPProtocol.tcp),
        total >= 40, total <= length
      else { return false }
      headers.sourceHigh = 0
      headers.destinationHigh = 0
      headers.sourceLow = MappedAddress.prefix | second & 0xffff_ffff
      headers.destinationLow = MappedAddress.prefix | UInt64(bytes.big32(network &+ 16))
      transport = network &+ 20
      end = network &+ total
    } else if type == EtherType.ipv6 {
      guard count >= network &+ 60 else { return false }
      let first = bytes.big64(network)
      let payload = Int(truncatingIfNeeded: first &>> 16 & 0xffff)
      guard first &>> 60 == 6, first &>> 8 & 0xff == UInt64(IPProtocol.tcp), payload >= 20,
        payload &+ 40 <= length
      else {
        return false
      }
      headers.sourceHigh = bytes.big64(network &+ 8)
      headers.sourceLow = bytes.big64(network &+ 16)
      headers.destinationHigh = bytes.big64(network &+ 24)
      headers.destinationLow = bytes.big64(network &+ 32)
      transport = network &+ 40
      end = transport &+ payload
    } else {
      return false
    }
    return decodeOrdinaryTCP(bytes, at: transport, endingAt: end)
  }

  /// Reads a TCP header of which 20 bytes were captured, and where its payload is; false when its length has a fault.
  @inline(__always)
  private mutating func decodeOrdinaryTCP(_ bytes: RawSpan, at transport: Int, endingAt end: Int) -> Bool {
    let first = bytes.big64(transport), second = bytes.big64(transport &+ 8)
    let start = transport &+ Int(truncatingIfNeeded: second &>> 28 & 15) &* 4
    guard start >= transport &+ 20, start <= end else { return false }
    headers.sourcePort = UInt16(truncatingIfNeeded: first &>> 48)
    headers.destinationPort = UInt16(truncatingIfNeeded: first &>> 32)
    headers.flags = UInt8(truncatingIfNeeded: second &>> 16)
    // A SYN takes one sequence number (RFC 9293, section 3.4).
    headers.sequence = UInt32(truncatingIfNeeded: first) &+ UInt32(headers.flags &>> 1 & 1)
    headers.acknowledgement = UInt32(truncatingIfNeeded: second &>> 32)
    headers.headerLength = start &- transport
    headers.payloadLength = end &- start
    headers.payloadStart = min(start, bytes.byteCount)
    headers.payloadCaptured = max(0, min(end, bytes.byteCount) &- headers.payloadStart)
    return true
  }
}
