// SPDX-License-Identifier: Apache-2.0

/// A packet to be: says what is in it, and `bytes` puts it together. The one builder of all tests.
///
/// By default an Ethernet frame with IPv4 from 10.0.0.1:40000 to 10.0.0.2:80, all lengths right.
package struct Packet: Sendable {
  package enum Link: Sendable { case ethernet, none }

  package var link: Link = .ethernet
  /// Destination and source of the Ethernet frame; zeros are "this host" to the kernel's test run.
  package var destinationMAC: [UInt8] = [0, 0, 0, 0, 0, 0]
  /// The tags from the outermost on.
  package var tags: [VLANTag] = []
  /// The Ethernet type before the packet; nil takes the network's own.
  package var etherType: UInt16?
  package var network: Network = .ipv4(IPv4())
  package var tcp = TCPHeader()
  /// TCP's checksum.
  package var checksum = PacketChecksum.none
  /// The protocol of the IP packet; TCP unless the test wants something else there.
  package var transport: UInt8 = 6
  package var payload: [UInt8] = []
  /// Bytes after the IP packet: Ethernet padding, or a trailer.
  package var padding: [UInt8] = []

  package init() {}

  /// The frame as it would be on the wire.
  package var bytes: [UInt8] {
    var frame: [UInt8] = []
    if link == .ethernet {
      frame += destinationMAC + [2, 0, 0, 0, 0, 1]
      for tag in tags { frame += big16(tag.type) + big16(tag.control) }
      frame += big16(etherType ?? network.etherType)
    }
    return frame + packet + padding
  }

  /// The IP packet alone.
  package var packet: [UInt8] {
    var segment = payload
    if network.carriesSegment {
      segment = tcp.bytes(payload: payload)
      let value = big16(checksum.value(of: segment, in: network))
      segment[16...17] = value[...]
    }
    return network.bytes(transport: transport, body: segment)
  }
}

/// An 802.1Q or 802.1ad tag.
package struct VLANTag: Sendable, Equatable {
  package var type: UInt16
  /// Priority and number.
  package var control: UInt16

  package init(_ control: UInt16, type: UInt16 = 0x8100) {
    self.type = type
    self.control = control
  }
}

// The fluent part: each returns a changed copy.
extension Packet {
  package func to(port: UInt16) -> Packet { with { $0.tcp.destinationPort = port } }
  package func from(port: UInt16) -> Packet { with { $0.tcp.sourcePort = port } }
  package func payload(_ text: String) -> Packet { payload(Array(text.utf8)) }
  package func payload(_ bytes: [UInt8]) -> Packet { with { $0.payload = bytes } }
  package func sequence(_ number: UInt32) -> Packet { with { $0.tcp.sequence = number } }
  package func acknowledgement(_ number: UInt32) -> Packet { with { $0.tcp.acknowledgement = number } }
  package func flags(_ flags: UInt8) -> Packet { with { $0.tcp.flags = flags } }
  package func padded(_ count: Int) -> Packet { with { $0.padding = Array(repeating: 0, count: count) } }
  package func tagged(_ tags: VLANTag...) -> Packet { with { $0.tags = tags } }
  package func transport(_ number: UInt8) -> Packet { with { $0.transport = number } }
  package func options(_ bytes: [UInt8]) -> Packet { with { $0.tcp.options = bytes } }

  package func ipv4(_ change: (inout IPv4) -> Void = { _ in }) -> Packet {
    var header = IPv4()
    if case .ipv4(let old) = network { header = old }
    change(&header)
    return with { $0.network = .ipv4(header) }
  }

  package func ipv6(_ change: (inout IPv6) -> Void = { _ in }) -> Packet {
    var header = IPv6()
    if case .ipv6(let old) = network { header = old }
    change(&header)
    return with { $0.network = .ipv6(header) }
  }

  /// The other direction: addresses and ports exchanged.
  package func reversed() -> Packet {
    with {
      swap(&$0.tcp.sourcePort, &$0.tcp.destinationPort)
      switch $0.network {
      case .ipv4(var header):
        swap(&header.source, &header.destination)
        $0.network = .ipv4(header)
      case .ipv6(var header):
        swap(&header.source, &header.destination)
        $0.network = .ipv6(header)
      }
    }
  }

  package func with(_ change: (inout Packet) -> Void) -> Packet {
    var copy = self
    change(&copy)
    return copy
  }
}

/// A number's bytes in network order.
func big16(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 255)] }
func big32(_ number: UInt32) -> [UInt8] { big16(UInt16(number >> 16)) + big16(UInt16(number & 0xffff)) }
