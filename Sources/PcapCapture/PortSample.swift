// SPDX-License-Identifier: Apache-2.0

import HTTP1
import Packets

/// Requests by the port that they went to, in a sample of the traffic of ports that are not watched.
struct PortSample {
  /// Ports that are kept at most.
  static let portsKept = 16

  private var counts: [UInt16: Int] = [:]
  // Packets may be cut to their beginnings.
  private var decoder = PacketDecoder(allowsShortPackets: true)

  /// The ports, most requests first.
  var ports: [UInt16] {
    counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
  }

  /// Counts a packet, from its IP header on, if it begins a request.
  mutating func add(_ packet: RawSpan) {
    guard decoder.decode(packet, wireLength: packet.byteCount, link: .raw) == .tcp else { return }
    let headers = decoder.headers
    add(
      packet.extracting(headers.payloadStart..<headers.payloadStart + headers.payloadCaptured),
      to: headers.destinationPort)
  }

  /// Counts a segment's payload if it begins a request.
  mutating func add(_ payload: RawSpan, to port: UInt16) {
    switch HeadStart.verdict(payload) {
    case .request, .http2: break
    case .response, .requestPrefix, .responsePrefix, .none: return
    }
    guard counts[port] != nil || counts.count < Self.portsKept else { return }
    counts[port, default: 0] += 1
  }
}
