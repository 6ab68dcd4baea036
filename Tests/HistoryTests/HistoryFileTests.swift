// SPDX-License-Identifier: Apache-2.0
import Foundation
import System
import Testing

@testable import History

@Suite struct HistoryFileTests {
  @Test func `what was kept is read, by another watch as well, which continues it`() throws {
    let folder = Folder()
    let run = try Samples.run(rules: RecordTests.rules), next = try Samples.run("eth1")
    let first = Samples.intervals(5, run), second = Samples.intervals(8, next)
    #expect(try keep(first, of: run, in: folder.file()).isEmpty)
    #expect(try keep(second, of: next, in: folder.file()).isEmpty)
    let reading = try HistoryReading(folder.file())
    var progress: [Int] = []
    #expect(try reading.read { progress.append($0) } == [])
    let source = reading.source
    #expect(everything(source) == first + second)
    #expect(
      source.range.compactMap { source.interval($0)?.run } == Array(repeating: run, count: 5)
        + Array(repeating: next, count: 8))
    #expect(source.head(source.range.lowerBound)?.head == HistoryHead(first[0].snapshot))
  }

  @Test func `a torn last record is cut at every byte, and the next watch appends after the last whole one`()
    throws
  {
    let folder = Folder()
    let run = try Samples.run()
    let intervals = Samples.intervals(3, run, sites: 1)
    _ = try keep(Array(intervals[..<2]), of: run, in: folder.file())
    let whole = folder.bytes().count
    _ = try keep([], of: run, in: folder.file())
    let begun = folder.bytes().count
    folder.write(Array(folder.bytes()[..<whole]))
    _ = try keep([], of: run, in: folder.file())
    let writer = try HistoryWriter(folder.file(), limit: 64 << 20, run: run, isQueued: false)
    writer.append(intervals[2])
    let bytes = folder.bytes()
    let last = bytes.count - HistoryFormat.record(intervals[2].body(run)).count
    #expect(last > begun)
    for end in last..<bytes.count {
      let torn = Folder()
      torn.write(Array(bytes[..<end]))
      let (read, notices) = try reread(torn.file())
      #expect(read == Array(intervals[..<2]))
      #expect(notices.count == (end == last ? 0 : 1))
      let found = try keep([intervals[2]], of: run, in: torn.file())
      #expect(
        found
          == (end == last
            ? []
            : ["\(torn.file()): the last record is torn: \(end - last) bytes at byte \(last) were cut off"]))
      #expect(try reread(torn.file()) == (intervals, []))
    }
  }

  @Test func `a record that is damaged in the midst is passed over, and those after it are read`() throws {
    let run = try Samples.run()
    let intervals = Samples.intervals(3, run, sites: 1)
    let folder = Folder()
    _ = try keep(intervals, of: run, in: folder.file())
    let bytes = folder.bytes()
    let lengths = intervals.map { HistoryFormat.record($0.body(run)).count }
    let middle = bytes.count - lengths[2] - lengths[1]
    // Its marker, length, checksum, body and last byte.
    for place in [0, 4, 5, 7, 8, 11, 12, 40, lengths[1] - 1] {
      for change in [UInt8(1), 0x80, 0xff] {
        var damaged = bytes
        damaged[middle + place] ^= change
        folder.write(damaged)
        let (read, notices) = try reread(folder.file())
        #expect(read == [intervals[0], intervals[2]], "byte \(place)")
        #expect(
          notices == [
            "\(folder.file()): \(lengths[1]) bytes at byte \(middle) are damaged and were passed over"
          ])
        // Nothing of it is changed by the next watch.
        #expect(try keep([], of: run, in: folder.file()) == notices)
      }
    }
  }

  @Test func `two files take turns, the oldest intervals give way, and none is there twice`() throws {
    let folder = Folder()
    let run = try Samples.run()
    let intervals = Samples.intervals(200, run, sites: 10)
    let limit = 100_000
    let writer = try HistoryWriter(folder.file(), limit: limit, run: run, isQueued: false)
    let live = FileHistory(folder.file(), index: writer.index)
    for (number, interval) in intervals.enumerated() {
      writer.append(interval)
      #expect(folder.bytes().count + folder.bytes("history.1").count <= limit)
      // A screen of the same watch finds the newest one at once.
      #expect(live.interval(live.range.upperBound - 1)?.interval == intervals[number])
    }
    #expect(writer.account.dropped == 0 && writer.account.warning == nil)
    let (read, notices) = try reread(folder.file())
    #expect(read == intervals.suffix(read.count) && notices.isEmpty)
    #expect(read.count > 5 && read.count < 200)
    #expect(everything(live) == read)
  }

  @Test func `the next watch continues where the last one ended, whichever file that is`() throws {
    let folder = Folder()
    let run = try Samples.run()
    let intervals = Samples.intervals(90, run, sites: 10)
    for start in stride(from: 0, to: 90, by: 9) {
      _ = try keep(Array(intervals[start..<start + 9]), of: run, in: folder.file(), limit: 100_000)
      let (read, notices) = try reread(folder.file())
      #expect(read == intervals[..<(start + 9)].suffix(read.count) && notices.isEmpty)
    }
  }

  @Test func `a file of another format is refused and left as it is`() throws {
    let run = try Samples.run()
    let header = HistoryFormat.header(sequence: 1)
    var later = header, damaged = header
    later[8] = 2
    damaged[31] ^= 1
    let cases: [([UInt8], (String) -> HistoryError)] = [
      (Array("{\"not\": \"a history\"}".utf8) + [UInt8](repeating: 32, count: 40), { .foreign(path: $0) }),
      (Array("short".utf8), { .foreign(path: $0) }), (later, { .version(path: $0, 2) }),
      (damaged, { .damaged(path: $0) }),
    ]
    for (bytes, error) in cases {
      for name in ["history", "history.1"] {
        let folder = Folder()
        folder.write(bytes, to: name)
        #expect(throws: error(folder.file(name))) { try keep([], of: run, in: folder.file()) }
        #expect(folder.bytes(name) == bytes)
        if name == "history" { #expect(throws: error(folder.file())) { _ = try reread(folder.file()) } }
      }
    }
    let folder = Folder()
    #expect(throws: HistoryError.system(path: folder.file(), doing: "read", .noSuchFile)) {
      _ = try reread(folder.file())
    }
    #expect(throws: HistoryError.foreign(path: folder.path)) { _ = try reread(folder.path) }
  }

  @Test func `a header that was cut off in the making is begun again`() throws {
    let run = try Samples.run()
    let intervals = Samples.intervals(2, run)
    for end in 0..<HistoryFormat.headerLength {
      let folder = Folder()
      folder.write(Array(HistoryFormat.header(sequence: 1)[..<end]))
      #expect(try keep(intervals, of: run, in: folder.file()).isEmpty)
      #expect(try reread(folder.file()) == (intervals, []))
    }
  }

  @Test func `two watches cannot have one history`() throws {
    let folder = Folder()
    let run = try Samples.run()
    let writer = try HistoryWriter(folder.file(), limit: 64 << 20, run: run, isQueued: false)
    #expect(throws: HistoryError.inUse(path: folder.file())) { try keep([], of: run, in: folder.file()) }
    writer.append(Samples.intervals(1, run)[0])
    #expect(try reread(folder.file()).intervals.count == 1)
  }

  @Test func `what is no record costs no more than a few times its length`() throws {
    let folder = Folder()
    var bytes = HistoryFormat.header(sequence: 1)
    // Markers, each of a record that continues to the end.
    while bytes.count < 400_000 {
      bytes += HistoryFormat.marker
      bytes += [0, 0, 4, 0, 1, 2, 3, 4]
    }
    folder.write(bytes)
    let started = ContinuousClock.now
    let (read, notices) = try reread(folder.file())
    #expect(read.isEmpty && notices.count == 1)
    #expect(ContinuousClock.now - started < .seconds(60))
  }
}

/// Tuples are not `Equatable`.
private func == (
  a: (intervals: [HistoryInterval], notices: [String]), b: ([HistoryInterval], [String])
) -> Bool { a.intervals == b.0 && a.notices == b.1 }
