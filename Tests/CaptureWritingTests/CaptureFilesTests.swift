// SPDX-License-Identifier: Apache-2.0
import Capture
import Foundation
import System
import Testing

@testable import CaptureWriting

/// Files in turn, files of alerts, and what becomes of packets that no file takes.
@Suite struct CaptureFilesTests {
  private final class Place {
    let path = NSTemporaryDirectory() + "wiretally-files-\(getpid())-\(UInt32.random(in: .min ... .max))"
    init() { try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path))?.sorted() ?? [] }
    func size(_ name: String) -> Int { FileManager.default.contents(atPath: path + "/" + name)?.count ?? -1 }
  }

  private static let second: UInt64 = 1_000_000_000

  private static func plan(_ place: Place, size: UInt64, files: Int, span: UInt64? = nil)
    -> CaptureRecorder.Plan
  {
    CaptureRecorder.Plan(
      names: CaptureNames(place.path + "/heads.pcapng"), size: size, files: files, span: span,
      program: "wiretally 1", source: "eth0", depth: .auto)
  }

  /// One packet of a time in seconds.
  private static func blocks(_ time: UInt64, _ count: Int = 100) throws -> CaptureBlocks {
    let queue = try SegmentQueue(WakePipe(), places: 1, room: 1_000)
    let segment = Segment(
      time: time * second, source: Endpoint(ipv4: 1, port: 1), destination: Endpoint(ipv4: 2, port: 80),
      sequence: 1, acknowledgement: 0, payloadLength: UInt32(count), flags: .ack, kind: .start)
    queue.add(segment, [UInt8](repeating: 0x61, count: count).rawSpan)
    var blocks = CaptureBlocks()
    queue.take(into: &blocks, shift: 0)
    return blocks
  }

  @Test func `files are used in turn, none is longer than asked for, and the oldest packets give way`() throws
  {
    let place = Place()
    let size = UInt64(try Self.blocks(1).bytes.count)
    let head = UInt64(CaptureBlocks.head(.init(program: "wiretally 1", source: "eth0", depth: .auto)).count)
    var files = try CaptureFiles(Self.plan(place, size: head + 3 * size, files: 3))
    #expect(place.names == ["heads.pcapng"])
    for time in 0..<8 as Range<UInt64> { files.write(try Self.blocks(time + 1)) }
    #expect(place.names == ["heads.1.pcapng", "heads.2.pcapng", "heads.pcapng"])
    #expect(place.names.map(place.size) == [3, 2, 3].map { Int(head) + $0 * Int(size) })
    for time in 8..<11 as Range<UInt64> { files.write(try Self.blocks(time + 1)) }
    // The first one has begun again.
    #expect(place.names.map(place.size) == [3, 3, 2].map { Int(head) + $0 * Int(size) })
    let account = files.account
    #expect(account == CaptureRecorder.Account(written: 11, failed: 0, fault: nil))
    let attributes = try FileManager.default.attributesOfItem(atPath: place.path + "/heads.pcapng")
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    files.close()
  }

  @Test func `an alert's file has the packets of the seconds before it, and ends with it`() throws {
    let place = Place()
    var files = try CaptureFiles(Self.plan(place, size: 1 << 20, files: 2, span: 10 * Self.second))
    for time in 100...130 as ClosedRange<UInt64> { files.write(try Self.blocks(time)) }
    #expect(place.names.isEmpty)
    let names = CaptureNames(place.path + "/heads.pcapng")
    let path = names.file(alert: "high traffic/x", at: 130 * Self.second)
    #expect(path == place.path + "/heads.19700101T000210Z.high_traffic_x.pcapng")
    files.obey(.begin(id: "a", path: path, at: 130 * Self.second))
    files.write(try Self.blocks(131))
    files.obey(.end(id: "a"))
    files.write(try Self.blocks(132))
    let size = try Self.blocks(1).bytes.count
    let head = CaptureBlocks.head(.init(program: "wiretally 1", source: "eth0", depth: .auto)).count
    #expect(place.names == ["heads.19700101T000210Z.high_traffic_x.pcapng"])
    // Those of 120 to 130, and 131.
    #expect(place.size(place.names[0]) == head + 12 * size)
    files.close()
  }

  @Test func `of alerts' files the newest are kept, those of an earlier run among them`() throws {
    let place = Place()
    let other = place.path + "/heads.notes.pcapng"
    for name in [
      "heads.20200101T000000Z.old.pcapng", "heads.20210101T000000Z.older.pcapng", "heads.notes.pcapng",
    ] {
      _ = FileManager.default.createFile(atPath: place.path + "/" + name, contents: Data())
    }
    var files = try CaptureFiles(Self.plan(place, size: 1 << 20, files: 2, span: Self.second))
    let names = CaptureNames(place.path + "/heads.pcapng")
    for (id, time) in [("a", 1_700_000_000), ("b", 1_700_000_100)] as [(String, UInt64)] {
      files.obey(
        .begin(id: id, path: names.file(alert: id, at: time * Self.second), at: time * Self.second))
    }
    #expect(
      place.names == [
        "heads.20231114T221320Z.a.pcapng", "heads.20231114T221500Z.b.pcapng", "heads.notes.pcapng",
      ])
    #expect(FileManager.default.fileExists(atPath: other))
    files.close()
  }

  @Test func `two alerts of one rule and one second have a file each, whatever they are about`() throws {
    let place = Place()
    var files = try CaptureFiles(Self.plan(place, size: 1 << 20, files: 5, span: Self.second))
    let names = CaptureNames(place.path + "/heads.pcapng")
    let path = names.file(alert: "5xx", about: ["a.example"], at: Self.second)
    #expect(path == place.path + "/heads.19700101T000001Z.5xx-a.example.pcapng")
    #expect(names.file(alert: "5xx", about: ["b.example"], at: Self.second) != path)
    // The same name: as of a client whose address is written with other signs.
    for id in ["a", "b", "c"] { files.obey(.begin(id: id, path: path, at: Self.second)) }
    for time in 1...3 as ClosedRange<UInt64> { files.write(try Self.blocks(time)) }
    files.obey(.end(id: "a"))
    files.obey(.end(id: "b"))
    files.write(try Self.blocks(4))
    files.close()
    let size = try Self.blocks(1).bytes.count
    let first = place.size("heads.19700101T000001Z.5xx-a.example.pcapng")
    #expect(place.names.count == 3 && files.account.fault == nil)
    #expect(place.size("heads.19700101T000001Z.5xx-a.example.2.pcapng") == first)
    #expect(place.size("heads.19700101T000001Z.5xx-a.example.3.pcapng") == first + size)
  }

  @Test func `a file whose alert lasts gives way last, and with a line that says so`() throws {
    let place = Place()
    var files = try CaptureFiles(Self.plan(place, size: 1 << 20, files: 2, span: Self.second))
    let names = CaptureNames(place.path + "/heads.pcapng")
    func begin(_ id: String, _ time: UInt64) -> String {
      let path = names.file(alert: id, at: time * Self.second)
      files.obey(.begin(id: id, path: path, at: time * Self.second))
      return path
    }
    func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
    let lasting = begin("a", 100), short = begin("b", 101)
    files.obey(.end(id: "b"))
    let third = begin("c", 102)
    #expect(exists(lasting) && !exists(short) && exists(third) && files.account.fault == nil)
    let fourth = begin("d", 103)
    #expect(!exists(lasting) && exists(third) && exists(fourth))
    let fault = "\(lasting) was the oldest of --write-files and gave way to that of a newer alert"
    #expect(files.account.fault == fault + ": it ends before its alert")
    // Other files are well, and that says nothing of this one.
    files.write(try Self.blocks(104))
    #expect(files.account.fault?.hasPrefix(fault) == true && files.account.written == 2)
    files.obey(.end(id: "a"))
    #expect(files.account.fault == nil)
    files.close()
  }

  @Test func `more alerts at once than files may be open end the oldest one's, and say so`() throws {
    let place = Place()
    var files = try CaptureFiles(Self.plan(place, size: 1 << 20, files: 100, span: Self.second))
    let names = CaptureNames(place.path + "/heads.pcapng")
    for number in 0...CaptureFiles.openLimit {
      files.obey(
        .begin(
          id: "\(number)", path: names.file(alert: "a\(number)", at: Self.second), at: Self.second))
    }
    #expect(place.names.count == CaptureFiles.openLimit + 1)
    #expect(files.account.fault?.contains(".a0.pcapng is one of more than 16 files") == true)
    files.write(try Self.blocks(2))
    #expect(files.account.written == UInt64(CaptureFiles.openLimit))
    files.obey(.end(id: "0"))
    #expect(files.account.fault == nil)
    files.close()
  }

  @Test func `an alert has no file while none of the old ones can be removed, and one later`() throws {
    let place = Place()
    var files = try CaptureFiles(Self.plan(place, size: 1 << 20, files: 1, span: Self.second))
    let names = CaptureNames(place.path + "/heads.pcapng")
    let first = names.file(alert: "a", at: Self.second), second = names.file(alert: "b", at: Self.second)
    files.obey(.begin(id: "a", path: first, at: Self.second))
    files.obey(.end(id: "a"))
    // A folder cannot be removed as a file.
    try FileManager.default.removeItem(atPath: first)
    try FileManager.default.createDirectory(atPath: first, withIntermediateDirectories: false)
    for _ in 0..<2 { files.obey(.begin(id: "b", path: second, at: Self.second)) }
    #expect(files.account.fault?.hasPrefix("cannot remove \(first): ") == true)
    #expect(!FileManager.default.fileExists(atPath: second))
    try FileManager.default.removeItem(atPath: first)
    files.obey(.begin(id: "c", path: second, at: Self.second))
    #expect(FileManager.default.fileExists(atPath: second))
    files.close()
  }

  @Test func `an alert that lasts too long has a file that ends, and a line that says so`() throws {
    let place = Place()
    var files = try CaptureFiles(Self.plan(place, size: 2_000, files: 2, span: Self.second))
    let path = CaptureNames(place.path + "/heads.pcapng").file(alert: "a", at: Self.second)
    files.obey(.begin(id: "a", path: path, at: Self.second))
    for time in 1...50 as ClosedRange<UInt64> { files.write(try Self.blocks(time)) }
    let fault = files.account.fault
    #expect(fault == "\(path) has reached --write-size: it ends before its alert")
    #expect(place.size(place.names[0]) <= 2_000)
    files.close()
  }

  @Test func `packets that no file takes are counted, and later ones are written again`() throws {
    let place = Place()
    var files = try CaptureFiles(Self.plan(place, size: 1_000, files: 2))
    // What is in the way of the second file is a folder.
    try FileManager.default.createDirectory(
      atPath: place.path + "/heads.1.pcapng", withIntermediateDirectories: false)
    for time in 1...20 as ClosedRange<UInt64> { files.write(try Self.blocks(time)) }
    let stuck = files.account
    #expect(stuck.failed > 0 && stuck.written + stuck.failed == 20)
    #expect(stuck.fault == "cannot write \(place.path)/heads.1.pcapng: is a directory")
    try FileManager.default.removeItem(atPath: place.path + "/heads.1.pcapng")
    files.write(try Self.blocks(21))
    let account = files.account
    #expect(account.fault == nil && account.failed == stuck.failed && account.written == stuck.written + 1)
    files.close()
  }

  @Test func `a file that was moved away is left, and a new one begins`() throws {
    let place = Place()
    var files = try CaptureFiles(Self.plan(place, size: 1 << 20, files: 2))
    files.write(try Self.blocks(1))
    files.obey(.reopen)
    files.write(try Self.blocks(2))
    let length = place.size("heads.pcapng")
    try FileManager.default.moveItem(
      atPath: place.path + "/heads.pcapng", toPath: place.path + "/moved")
    files.obey(.reopen)
    files.write(try Self.blocks(3))
    #expect(place.size("moved") == length && place.size("heads.pcapng") < length)
    files.close()
  }

  @Test(arguments: [
    ("heads", "heads.1", "."), ("a.b/heads", "a.b/heads.1", "a.b"), ("/x.pcapng", "/x.1.pcapng", "/"),
    (".hidden", ".hidden.1", "."), ("d/a.b.pcapng", "d/a.b.1.pcapng", "d"),
  ])
  func `the next file is beside the first one`(path: String, next: String, directory: String) {
    let names = CaptureNames(path)
    #expect(names.file(0) == path && names.file(1) == next && names.directory == directory)
  }

  @Test func `a link is not followed`() throws {
    let place = Place()
    try FileManager.default.createSymbolicLink(
      atPath: place.path + "/heads.pcapng", withDestinationPath: place.path + "/target")
    #expect(throws: SystemError.self) { _ = try CaptureFiles(Self.plan(place, size: 1 << 20, files: 1)) }
    #expect(!FileManager.default.fileExists(atPath: place.path + "/target"))
  }

  @Test func `the last seconds are bounded in bytes too`() throws {
    let size = try Self.blocks(1).bytes.count
    var recent = RecentBlocks(span: 1_000 * Self.second, room: 10 * size)
    for time in 1...300 as ClosedRange<UInt64> { recent.append(try Self.blocks(time)) }
    let kept = recent.since(0)
    #expect(kept.count == 10 && kept.last?.last == 300 * Self.second)
    #expect(recent.since(299 * Self.second).count == 2)
  }
}
