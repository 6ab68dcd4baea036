// SPDX-License-Identifier: Apache-2.0

package import Capture
import System

/// One record of the program of owners (bpf/owner.bpf.c), taken out of bytes: who has which connection.
///
/// The numbers are the machine's own, except for addresses; `COwnerFilter` has the same layout in C, and a test
/// compares the two.
package enum OwnerRecord: Equatable, Sendable {
  case connection(Connection)
  case group(ControlGroup)

  /// A process and its end of a connection.
  package struct Connection: Equatable, Sendable {
    package enum Kind: UInt8, Sendable {
      /// The process asked for the connection.
      case connected = 1
      /// The process received from it.
      case received = 2
      /// The socket is closed.
      case closed = 3
      /// The process had it open at the start; several had when `process` is 0.
      case listed = 5
    }

    package var kind: Kind
    package var process: UInt32
    /// The kernel's monotonic clock, nanoseconds.
    package var time: UInt64
    /// The time when the process began, nanoseconds since the machine's start.
    package var started: UInt64
    package var group: UInt64
    package var local: Endpoint
    package var remote: Endpoint
    package var network: UInt32
    /// The process's name as the kernel has it, without the zeros after it; any bytes.
    package var name: [UInt8]
  }

  /// The names of a control group's path, from the leaf up.
  package struct ControlGroup: Equatable, Sendable {
    package var number: UInt64
    package var names: [[UInt8]]
  }

  package static let connectionBytes = 88, groupBytes = 1_040
  private static let groupKind: UInt8 = 4
  private static let levels = 8, levelBytes = 128, nameBytes = 16

  /// The bytes of a record that begins with `kind`; nil for none.
  static func size(ofKind kind: UInt8) -> Int? {
    if kind == groupKind { return groupBytes }
    return Connection.Kind(rawValue: kind) == nil ? nil : connectionBytes
  }

  /// Reads a record of exactly these bytes; nil when they are none.
  package init?(_ bytes: RawSpan) {
    guard bytes.byteCount > 0, let size = Self.size(ofKind: bytes.byte(0)), bytes.byteCount == size else {
      return nil
    }
    if bytes.byte(0) == Self.groupKind {
      let count = Int(bytes.byte(1))
      guard count <= Self.levels else { return nil }
      let names = (0..<count).map { level in
        Self.text(bytes, 16 + level * Self.levelBytes, Self.levelBytes)
      }
      self = .group(ControlGroup(number: bytes.native64(8), names: names))
      return
    }
    guard let kind = Connection.Kind(rawValue: bytes.byte(0)) else { return nil }
    self = .connection(
      Connection(
        kind: kind, process: bytes.native32(4), time: bytes.native64(8), started: bytes.native64(16),
        group: bytes.native64(24),
        local: Endpoint(high: bytes.big64(32), low: bytes.big64(40), port: bytes.native16(64)),
        remote: Endpoint(high: bytes.big64(48), low: bytes.big64(56), port: bytes.native16(66)),
        network: bytes.native32(68), name: Self.text(bytes, 72, Self.nameBytes)))
  }

  /// The records that lie one after the other in `bytes`; those after one that cannot be read are left out.
  package static func all(in bytes: [UInt8]) -> [OwnerRecord] {
    var records: [OwnerRecord] = []
    var offset = 0
    while offset < bytes.count, let size = size(ofKind: bytes[offset]), size <= bytes.count - offset {
      if let record = OwnerRecord(bytes.rawSpan.slice(offset, offset + size)) { records.append(record) }
      offset += size
    }
    return records
  }

  /// The bytes up to the first zero.
  private static func text(_ bytes: RawSpan, _ start: Int, _ limit: Int) -> [UInt8] {
    var text: [UInt8] = []
    for offset in start..<start + limit {
      let byte = bytes.byte(offset)
      if byte == 0 { break }
      text.append(byte)
    }
    return text
  }
}

extension RawSpan {
  /// A number in the machine's own byte order.
  fileprivate func native16(_ offset: Int) -> UInt16 { big16(offset).machine }
  fileprivate func native32(_ offset: Int) -> UInt32 { big32(offset).machine }
  fileprivate func native64(_ offset: Int) -> UInt64 { big64(offset).machine }
}

extension FixedWidthInteger {
  /// The number whose bytes in the machine's order are those of this one in network order.
  fileprivate var machine: Self { bigEndian }
}
