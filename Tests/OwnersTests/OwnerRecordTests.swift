// SPDX-License-Identifier: Apache-2.0
import COwnerFilter
import Capture
import System
import Testing

@testable import Owners

/// The records of the program of owners, out of the bytes of the C structures, and out of any bytes.
struct OwnerRecordTests {
  @Test
  func `the sizes are those of the C structures`() {
    #expect(OwnerRecord.connectionBytes == MemoryLayout<owner_connection>.size)
    #expect(OwnerRecord.groupBytes == MemoryLayout<owner_cgroup>.size)
    #expect(OwnerRecord.size(ofKind: UInt8(OWNER_CGROUP)) == OwnerRecord.groupBytes)
    let kinds: [OwnerRecord.Connection.Kind] = [.connected, .received, .closed, .listed]
    #expect(
      kinds.map { Int($0.rawValue) }
        == [OWNER_CONNECTED, OWNER_RECEIVED, OWNER_CLOSED, OWNER_LISTED].map { Int($0) })
  }

  @Test
  func `each member is read from its place`() {
    let bytes = RecordBytes.connection(
      .received, process: 0x0102_0304, started: 0x1122_3344_5566_7788, time: 0x99aa_bbcc_ddee_ff00,
      group: 0x0123_4567_89ab_cdef, local: Endpoint(high: 0x2001_0db8 << 32, low: 2, port: 8_080),
      remote: RecordBytes.client, network: 4_026_531_840, name: "sixteen letters!")
    guard case .connection(let record)? = OwnerRecord(bytes.rawSpan) else {
      Issue.record("no connection")
      return
    }
    #expect(record.kind == .received)
    #expect(record.process == 0x0102_0304)
    #expect(record.started == 0x1122_3344_5566_7788)
    #expect(record.time == 0x99aa_bbcc_ddee_ff00)
    #expect(record.group == 0x0123_4567_89ab_cdef)
    #expect(record.local == Endpoint(high: 0x2001_0db8 << 32, low: 2, port: 8_080))
    #expect(record.remote == RecordBytes.client)
    #expect(record.network == 4_026_531_840)
    // A name without an ending zero ends with the member.
    #expect(record.name == Array("sixteen letters!".utf8))
  }

  @Test
  func `a group has its names from the leaf up`() {
    let record = OwnerRecord(RecordBytes.group(9, ["system.slice", "nginx.service"]).rawSpan)
    let names = ["nginx.service", "system.slice"].map { Array($0.utf8) }
    #expect(record == .group(OwnerRecord.ControlGroup(number: 9, names: names)))
  }

  @Test
  func `bytes of another length or kind are no record`() {
    let whole = RecordBytes.connection(.connected)
    for count in 0..<whole.count { #expect(OwnerRecord(Array(whole[..<count]).rawSpan) == nil) }
    #expect(OwnerRecord((whole + [0]).rawSpan) == nil)
    for kind in [0, 6, 255] as [UInt8] {
      var other = whole
      other[0] = kind
      #expect(OwnerRecord(other.rawSpan) == nil)
    }
    var group = RecordBytes.group(1, ["a"])
    group[1] = 9
    #expect(OwnerRecord(group.rawSpan) == nil)
  }

  @Test
  func `any bytes are read without a trap, and a list ends at what is none`() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<2_000 {
      var bytes = (0..<Int.random(in: 0...2_200, using: &random)).map { _ in
        UInt8.random(in: 0...7, using: &random)
      }
      if !bytes.isEmpty { bytes[0] = UInt8.random(in: 0...7, using: &random) }
      _ = OwnerRecord(bytes.rawSpan)
      #expect(OwnerRecord.all(in: bytes).count <= bytes.count / OwnerRecord.connectionBytes)
    }
    let list =
      RecordBytes.group(1, ["a"]) + RecordBytes.connection(.listed) + [9] + RecordBytes.connection(.listed)
    #expect(OwnerRecord.all(in: list).count == 2)
  }
}
