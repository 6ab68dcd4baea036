// SPDX-License-Identifier: Apache-2.0
import COwnerFilter
import Capture
import System
import Synchronization

@testable import Owners

/// Records as the kernel sends them, made from the C structures.
enum RecordBytes {
  static let client = Endpoint(ipv4: 0x0a00_0001, port: 40_000),
    server = Endpoint(ipv4: 0x0a00_0002, port: 80)

  static func connection(
    _ kind: OwnerRecord.Connection.Kind, process: UInt32 = 7, started: UInt64 = 70, time: UInt64 = 1_000,
    group: UInt64 = 0, local: Endpoint = server, remote: Endpoint = client, network: UInt32 = 1,
    name: String = "nginx"
  ) -> [UInt8] {
    var record = owner_connection()
    record.kind = kind.rawValue
    record.process = process
    record.time = time
    record.started = started
    record.cgroup = group
    record.local = (local.high.bigEndian, local.low.bigEndian)
    record.remote = (remote.high.bigEndian, remote.low.bigEndian)
    record.local_port = local.port
    record.remote_port = remote.port
    record.network = network
    // Both closures stay within the local structure.
    unsafe withUnsafeMutableBytes(of: &record.name) { unsafe $0.copyBytes(from: Array(name.utf8.prefix(16))) }
    return unsafe withUnsafeBytes(of: record) { unsafe Array($0) }
  }

  /// - Parameter path: from the root to the leaf.
  static func group(_ number: UInt64, _ path: [String]) -> [UInt8] {
    var record = owner_cgroup()
    record.kind = UInt8(OWNER_CGROUP)
    record.levels = UInt8(path.count)
    record.cgroup = number
    // Both closures stay within the local structure.
    unsafe withUnsafeMutableBytes(of: &record.names) { bytes in
      for (level, name) in path.reversed().enumerated() {
        for (offset, byte) in name.utf8.prefix(127).enumerated() {
          unsafe bytes[level * Int(OWNER_LEVEL) + offset] = byte
        }
      }
    }
    return unsafe withUnsafeBytes(of: record) { unsafe Array($0) }
  }
}

/// A source of the records that a test gives it.
final class GivenRecords: OwnerSource {
  let clockOffset: UInt64 = 0
  let network: UInt32
  let listed: [UInt8]
  private let waiting = Mutex<[[UInt8]]>([])
  private let losses = Mutex<UInt64>(0)
  private let requests = Mutex(0)

  init(network: UInt32 = 1, listed: [UInt8] = []) {
    self.network = network
    self.listed = listed
  }

  func add(_ records: [UInt8]...) { waiting.withLock { $0 += records } }
  func lose() { losses.withLock { $0 += 1 } }
  var hasWaiting: Bool { waiting.withLock { !$0.isEmpty } }
  var lost: UInt64 { losses.withLock { $0 } }
  var timesSentAgain: Int { requests.withLock { $0 } }
  func sendAllAgain() { requests.withLock { $0 += 1 } }

  func receive(_ body: (RawSpan) -> Void) {
    let records = waiting.withLock { waiting in
      defer { waiting = [] }
      return waiting
    }
    for record in records { body(record.rawSpan) }
  }
}
