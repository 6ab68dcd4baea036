// SPDX-License-Identifier: Apache-2.0

/// A line of /proc/net/tcp or tcp6.
struct TCPTableLine {
  /// Sixteen bytes each, as on the wire; IPv4 addresses in their mapped form.
  var local: [UInt8]
  var remote: [UInt8]
  var localPort: UInt16
  var remotePort: UInt16
  var state: UInt8
  var inode: UInt64

  /// Whether data may come: established, or closed by the other end alone.
  var isOpen: Bool { state == 1 || state == 8 }

  /// - Returns: nil when the line is none.
  init?(_ line: ArraySlice<UInt8>) {
    let fields = line.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
    guard fields.count > 9, let local = Self.end(fields[1]), let remote = Self.end(fields[2]),
      let state = UInt8(fields[3], radix: 16), let inode = UInt64(fields[9])
    else { return nil }
    (self.local, localPort, self.remote, remotePort) = (
      local.address, local.port, remote.address, remote.port
    )
    (self.state, self.inode) = (state, inode)
  }

  /// An address as words of the machine's byte order, and a port.
  private static func end(_ text: String) -> (address: [UInt8], port: UInt16)? {
    let parts = text.split(separator: ":")
    guard parts.count == 2, let port = UInt16(parts[1], radix: 16), [8, 32].contains(parts[0].utf8.count)
    else {
      return nil
    }
    var address: [UInt8] = parts[0].utf8.count == 8 ? [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff] : []
    var digits = parts[0]
    while !digits.isEmpty {
      guard let word = UInt32(digits.prefix(8), radix: 16) else { return nil }
      address += OwnerRecordBytes.native(word)
      digits = digits.dropFirst(8)
    }
    return (address, port)
  }
}
