// SPDX-License-Identifier: Apache-2.0

package import Capture
package import HTTPWire

/// Turns captured packets into segments, and counts what the kernel's filter counts on its road.
package struct PacketIntake {
  package private(set) var counters = CaptureCounters()
  private let ports: PortBitmap
  private var decoder = PacketDecoder()

  package init(ports: PortSet) {
    self.ports = PortBitmap(ports)
  }

  /// Reads one packet; hands its segment on when it is TCP on a watched port.
  @inline(__always)
  package mutating func take(
    _ packet: RawSpan, wireLength: Int, link: LinkLayer, time: UInt64,
    _ body: (borrowing Segment, RawSpan) -> Void
  ) -> Bool {
    counters.packets &+= 1
    switch decoder.decode(packet, wireLength: wireLength, link: link) {
    case .tcp: break
    case .other: return false
    case .fragment:
      counters.fragments &+= 1
      return false
    case .malformed:
      counters.malformed &+= 1
      return false
    }
    let headers = decoder.headers
    guard ports.contains(headers.destinationPort) || ports.contains(headers.sourcePort) else {
      counters.otherPorts &+= 1
      return false
    }
    counters.onPort &+= 1
    let payload = packet.slice(headers.payloadStart, headers.payloadStart &+ headers.payloadCaptured)
    let flags = Segment.Flags(rawValue: headers.flags)
    if headers.payloadLength > 0 {
      counters.payload &+= 1
      look(at: payload)
    } else if flags.isDisjoint(with: [.syn, .fin, .rst]) {
      return false
    }
    counters.matched &+= 1
    let segment = Segment(
      time: time,
      source: Endpoint(high: headers.sourceHigh, low: headers.sourceLow, port: headers.sourcePort),
      destination: Endpoint(
        high: headers.destinationHigh, low: headers.destinationLow, port: headers.destinationPort),
      sequence: headers.sequence, acknowledgement: headers.acknowledgement,
      payloadLength: UInt32(truncatingIfNeeded: headers.payloadLength), flags: flags, kind: .stream)
    body(segment, payload)
    return true
  }

  /// Counts what an empty page is explained by.
  private mutating func look(at payload: RawSpan) {
    guard payload.byteCount >= 3 else { return }
    let first = payload.byte(0)
    if first == 0x16, payload.byte(1) == 3, payload.byte(2) <= 4 {
      counters.tls &+= 1
    } else if first == 0x50, payload.byteCount >= 14, payload.big64(0) == 0x5052_4920_2a20_4854 {
      counters.http2 &+= 1
    }
  }
}

/// The watched ports as one bit each.
struct PortBitmap: Sendable {
  private var words = [UInt64](repeating: 0, count: 1_024)

  init(_ ports: PortSet) {
    for range in ports.ranges {
      for port in range { words[Int(port >> 6)] |= 1 << UInt64(port & 63) }
    }
  }

  @inline(__always)
  func contains(_ port: UInt16) -> Bool { words[Int(port >> 6)] >> UInt64(port & 63) & 1 == 1 }
}
