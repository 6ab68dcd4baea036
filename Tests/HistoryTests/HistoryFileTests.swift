// SPDX-License-Identifier: Apache-2.0
import Foundation
import Statistics
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
    // No number comes after it.
    let last = HistoryFormat.header(sequence: .max)
    let cases: [([UInt8], (String) -> HistoryError)] = [
      (Array("{\"not\": \"a history\"}".utf8) + [UInt8](repeating: 32, count: 40), { .foreign(path: $0) }),
      (Array("short".utf8), { .foreign(path: $0) }), (later, { .version(path: $0, 2) }),
      (damaged, { .damaged(path: $0) }), (last, { .damaged(path: $0) }),
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

  @Test func `an interval that is too long empties no file`() throws {
    let folder = Folder()
    let run = try Samples.run()
    let intervals = Samples.intervals(40, run, sites: 10)
    let writer = try HistoryWriter(folder.file(), limit: 100_000, run: run, isQueued: false)
    for interval in intervals { writer.append(interval) }
    let before = [folder.bytes(), folder.bytes("history.1")]
    #expect(!before[0].isEmpty && !before[1].isEmpty)
    for _ in 0..<3 { writer.append(Samples.interval(41, sites: 400)) }
    #expect(writer.account.dropped == 3)
    #expect([folder.bytes(), folder.bytes("history.1")] == before)
    writer.append(Samples.interval(42, sites: 1))
    #expect(writer.account.dropped == 3)
  }

  @Test func `watches that end before their first interval do not let the history grow`() throws {
    let folder = Folder()
    let run = try Samples.run()
    let intervals = Samples.intervals(2, run)
    _ = try keep([intervals[0]], of: run, in: folder.file())
    let bytes = folder.bytes()
    for number in 0..<50 {
      var next = run
      next.start += UInt64(number + 1)
      _ = try keep([], of: next, in: folder.file())
    }
    #expect(folder.bytes() == bytes)
    var last = run
    last.start += 1_000
    _ = try keep([intervals[1]], of: last, in: folder.file())
    let reading = try HistoryReading(folder.file())
    #expect(try reading.read { _ in } == [])
    let source = reading.source
    #expect(everything(source) == intervals)
    #expect(source.range.compactMap { source.interval($0)?.run } == [run, last])
  }

  @Test func `runs without intervals, as others may have written them, take no memory`() throws {
    let index = HistoryIndex()
    var run = try Samples.run()
    let head = HistoryHead(Samples.snapshot(1))
    for number in 0..<1_000 {
      run.start += 1
      index.add(run)
      if number == 500 { index.add(slot: 0, offset: 100, length: 1, head) }
    }
    index.add(slot: 0, offset: 200, length: 1, head)
    #expect(index.runs == 2)
    #expect(index.entry(0)?.run.start == Samples.start + 501 && index.entry(1)?.run == run)
  }

  @Test func `what too much damage hides stays where it is, and the other file continues`() throws {
    let folder = Folder()
    let run = try Samples.run()
    let intervals = Samples.intervals(3, run, sites: 1)
    _ = try keep([intervals[0]], of: run, in: folder.file())
    var bytes = folder.bytes()
    let begin = bytes.count
    let noRecord = HistoryFormat.marker + [0, 1, 0, 0, 1, 2, 3, 4] + [UInt8](repeating: 7, count: 40)
    for _ in 0..<10 { bytes += noRecord }
    bytes += HistoryFormat.record(intervals[1].body(run))
    folder.write(bytes)
    let index = HistoryIndex()
    var files = try HistoryFiles(folder.file(), limit: 1 << 20, index: index, extraWork: 600)
    #expect(
      files.notices == [
        "\(folder.file()): too much is damaged from byte \(begin) on: \(bytes.count - begin) bytes were not "
          + "read; they stay, and the history continues in the other file"
      ])
    try files.begin(run)
    try files.append(intervals[2].body(run), HistoryHead(intervals[2].snapshot))
    #expect(folder.bytes() == bytes)
    #expect(folder.bytes("history.1").count > 100)
    // A reader that works more finds them all.
    #expect(try reread(folder.file()).intervals == intervals)
  }

  @Test func `a reading that is interrupted ends at once`() throws {
    let folder = Folder()
    let run = try Samples.run()
    _ = try keep(Samples.intervals(20, run), of: run, in: folder.file())
    let reading = try HistoryReading(folder.file())
    var asked = 0
    let notices = try reading.read(
      isInterrupted: {
        asked += 1
        return asked > 5
      }, progress: { _ in })
    #expect(notices.isEmpty && asked < 10 && reading.source.range.count < 5)
  }

  @Test func `a record that a watch is writing is waited for, and is no damage`() throws {
    let folder = Folder()
    let run = try Samples.run()
    let intervals = Samples.intervals(3, run)
    _ = try keep(intervals, of: run, in: folder.file())
    let bytes = folder.bytes()
    folder.write(Array(bytes[..<(bytes.count - 20)]))
    let reading = try HistoryReading(folder.file(), patience: 60_000)
    var asked = 0
    let notices = try reading.read(
      isInterrupted: {
        asked += 1
        // The rest comes when all that there is has been read.
        if asked == 20 {
          let file = FileHandle(forWritingAtPath: folder.file())
          file?.seekToEndOfFile()
          file?.write(Data(bytes.suffix(20)))
        }
        return false
      }, progress: { _ in })
    #expect(notices.isEmpty && asked > 20)
    #expect(everything(reading.source) == intervals)
  }

  @Test func `files that take turns while they are read are read again`() throws {
    let folder = Folder()
    let run = try Samples.run()
    let intervals = Samples.intervals(60, run, sites: 20)
    let writer = try HistoryWriter(folder.file(), limit: 200_000, run: run, isQueued: false)
    for interval in intervals[..<20] { writer.append(interval) }
    let reading = try HistoryReading(folder.file())
    var asked = 0
    let notices = try reading.read(
      isInterrupted: {
        asked += 1
        if asked == 5 { for interval in intervals[20...] { writer.append(interval) } }
        return false
      }, progress: { _ in })
    let read = everything(reading.source)
    #expect(notices.isEmpty && read.count > 5 && read == intervals.suffix(read.count))
    #expect(try read == reread(folder.file()).intervals)
  }

  @Test func `places that are damaged are counted, and the first are named`() throws {
    let folder = Folder()
    let run = try Samples.run()
    let intervals = Samples.intervals(20, run, sites: 1)
    _ = try keep(intervals, of: run, in: folder.file())
    var bytes = folder.bytes(), place = bytes.count
    for interval in intervals.reversed() {
      place -= HistoryFormat.record(interval.body(run)).count
      // Every second one.
      if interval.snapshot.start / Samples.second / 10 % 2 == 0 { bytes[place + 20] ^= 1 }
    }
    folder.write(bytes)
    let notices = try reread(folder.file()).notices
    #expect(notices.filter { $0.contains("are damaged and were passed over") }.count == 5)
    #expect(notices.contains { $0.hasSuffix("damaged places in all") })
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
