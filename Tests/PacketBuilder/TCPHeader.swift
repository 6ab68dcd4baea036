// SPDX-License-Identifier: Apache-2.0

/// A TCP header; what is nil is computed.
package struct TCPHeader: Sendable {
  package var sourcePort: UInt16 = 40000
  package var destinationPort: UInt16 = 80
  package var sequence: UInt32 = 1000
  package var acknowledgement: UInt32 = 2000
  /// The header's length in words, whatever its options really take.
  package var dataOffset: UInt8?
  /// FIN 1, SYN 2, RST 4, PSH 8, ACK 16.
  package var flags: UInt8 = 24
  /// Padded to whole words.
  package var options: [UInt8] = []

  package init() {}

  func bytes(payload: [UInt8]) -> [UInt8] {
    var options = options
    while options.count % 4 != 0 { options.append(1) }
    var bytes = big16(sourcePort) + big16(destinationPort) + big32(sequence) + big32(acknowledgement)
    bytes += [(dataOffset ?? UInt8(5 + options.count / 4)) << 4, flags, 0xff, 0xff, 0, 0, 0, 0]
    return bytes + options + payload
  }
}
