// SPDX-License-Identifier: Apache-2.0

/// The bytes of a direction of an HTTP/2 connection, frame by frame (RFC 9113, section 6), right or wrong.
package struct FrameWriter: Sendable {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  package mutating func preface() { bytes += Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) }

  /// Any frame; a length other than its payload's when given.
  package mutating func frame(
    _ type: UInt8, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = [], length: Int? = nil
  ) {
    let length = length ?? payload.count
    bytes += [UInt8(length >> 16), UInt8(length >> 8 & 0xff), UInt8(length & 0xff), type, flags]
    bytes += Self.number(stream) + payload
  }

  /// SETTINGS with some settings, by identifier.
  package mutating func settings(_ settings: [(UInt16, UInt32)] = []) {
    frame(4, settings.flatMap { [UInt8($0.0 >> 8), UInt8($0.0 & 0xff)] + Self.number($0.1) })
  }

  package mutating func acknowledgement() { frame(4, flags: 1) }

  package mutating func data(_ stream: UInt32, _ count: Int, ends: Bool = false) {
    frame(0, flags: ends ? 1 : 0, stream: stream, [UInt8](repeating: 0x2a, count: count))
  }

  /// HEADERS, its block in `parts` frames, with padding and priority if asked.
  package mutating func headers(
    _ stream: UInt32, _ block: [UInt8], ends: Bool = false, parts: Int = 1, padding: Int? = nil,
    priority: Bool = false
  ) {
    let size = max(1, (block.count + parts - 1) / parts)
    var payload = Array(block.prefix(size))
    var rest = Array(block.dropFirst(size))
    var flags: UInt8 = ends ? 1 : 0
    if priority {
      payload = [0, 0, 0, 0, 15] + payload
      flags |= 0x20
    }
    if let padding {
      payload = [UInt8(padding)] + payload + [UInt8](repeating: 0, count: padding)
      flags |= 0x08
    }
    frame(1, flags: rest.isEmpty && parts == 1 ? flags | 4 : flags, stream: stream, payload)
    for part in 1..<max(parts, 1) {
      let isLast = part == parts - 1
      let count = isLast ? rest.count : min(size, rest.count)
      frame(9, flags: isLast ? 4 : 0, stream: stream, Array(rest.prefix(count)))
      rest.removeFirst(count)
    }
  }

  package mutating func reset(_ stream: UInt32, _ code: UInt32) {
    frame(3, stream: stream, Self.number(code))
  }

  package mutating func goAway(_ last: UInt32, _ code: UInt32, debug: [UInt8] = []) {
    frame(7, Self.number(last) + Self.number(code) + debug)
  }

  package mutating func promise(_ stream: UInt32, _ promised: UInt32, _ block: [UInt8]) {
    frame(5, flags: 4, stream: stream, Self.number(promised) + block)
  }

  private static func number(_ value: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * $0)) }
  }
}
