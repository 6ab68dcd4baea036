// SPDX-License-Identifier: Apache-2.0

import COwnerFilter

/// Records of the program of owners, made here.
struct OwnerRecordBytes {
  private(set) var bytes: [UInt8] = []

  /// The bytes of a number in the machine's order.
  static func native<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    let little = (0..<MemoryLayout<Number>.size).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    return Number(1).littleEndian == 1 ? little : little.reversed()
  }

  /// Appends a connection that a process has open, or, without one, several have.
  mutating func append(_ ends: TCPTableLine, network: UInt32, of process: ListedProcess?, group: UInt64 = 0) {
    bytes += [UInt8(OWNER_LISTED), 0, 0, 0] + Self.native(process?.number ?? 0) + Self.native(UInt64(0))
    bytes += Self.native(process?.started ?? 0) + Self.native(group) + ends.local + ends.remote
    bytes += Self.native(ends.localPort) + Self.native(ends.remotePort) + Self.native(network)
    append(process?.name ?? [], width: Int(OWNER_NAME))
  }

  /// Appends the names of a control group.
  mutating func append(group: UInt64, path: String) {
    let names = path.split(separator: "/").reversed().prefix(Int(OWNER_LEVELS))
    bytes += [UInt8(OWNER_CGROUP), UInt8(names.count), 0, 0, 0, 0, 0, 0] + Self.native(group)
    for name in names { append(Array(name.utf8.prefix(Int(OWNER_LEVEL) - 1)), width: Int(OWNER_LEVEL)) }
    bytes += [UInt8](repeating: 0, count: (Int(OWNER_LEVELS) - names.count) * Int(OWNER_LEVEL))
  }

  private mutating func append(_ text: [UInt8], width: Int) {
    bytes += text + [UInt8](repeating: 0, count: width - text.count)
  }
}
