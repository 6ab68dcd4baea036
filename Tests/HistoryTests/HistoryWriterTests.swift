// SPDX-License-Identifier: Apache-2.0
import Alerting
import Foundation
import System
import Testing

@testable import History

@Suite struct HistoryWriterTests {
  @Test func `the thread writes what is queued, in order, before the end`() throws {
    let folder = Folder()
    let run = try Samples.run()
    let intervals = Samples.intervals(40, run)
    let writer = try HistoryWriter(folder.file(), limit: 64 << 20, run: run, isQueued: true)
    try writer.start()
    for interval in intervals { writer.append(interval) }
    #expect(writer.finish(limit: 60_000) { false } == 0)
    #expect(writer.account.dropped == 0 && writer.account.warning == nil)
    #expect(try reread(folder.file()).intervals == intervals)
  }

  @Test func `what finds no room in the queue is dropped and counted`() throws {
    let folder = Folder()
    let run = try Samples.run()
    // Its thread is not started: nothing is taken.
    let writer = try HistoryWriter(folder.file(), limit: 64 << 20, run: run, isQueued: true)
    let interval = Samples.interval(1, sites: 4_000)
    let fitting = (16 << 20) / interval.body(run).count
    for _ in 0..<fitting + 3 { writer.append(interval) }
    #expect(writer.account.dropped == 3)
    // What nobody takes before the end is reported as well.
    #expect(writer.finish(limit: 0) { false } == fitting)
    #expect(writer.account.warning?.contains("3 intervals are not in it") == true)
  }

  @Test func `a file that was taken away is made again, by the next interval or by SIGHUP`() throws {
    let folder = Folder()
    let run = try Samples.run()
    let intervals = Samples.intervals(4, run)
    let writer = try HistoryWriter(folder.file(), limit: 64 << 20, run: run, isQueued: false)
    let live = FileHistory(folder.file(), index: writer.index)
    writer.append(intervals[0])
    try FileManager.default.moveItem(atPath: folder.file(), toPath: folder.file("old"))
    writer.append(intervals[1])
    #expect(writer.account.warning == nil)
    live.reopen()
    #expect(everything(live) == [intervals[1]])
    #expect(try reread(folder.file("old")).intervals == [intervals[0]])
    try FileManager.default.removeItem(atPath: folder.file())
    try FileManager.default.removeItem(atPath: folder.file("history.1"))
    writer.reopen()
    live.reopen()
    writer.append(intervals[2])
    #expect(everything(live) == [intervals[2]])
    #expect(try reread(folder.file()).intervals == [intervals[2]])
  }

  @Test func `a place that somebody else has taken is a warning, and what is kept continues in the old file`()
    throws
  {
    let folder = Folder()
    let run = try Samples.run()
    let intervals = Samples.intervals(3, run)
    let writer = try HistoryWriter(folder.file(), limit: 64 << 20, run: run, isQueued: false)
    writer.append(intervals[0])
    try FileManager.default.moveItem(atPath: folder.file(), toPath: folder.file("old"))
    folder.write(Array("another program's file, which is to stay as it is".utf8))
    writer.append(intervals[1])
    #expect(writer.account.warning?.contains("is no history of wiretally") == true)
    #expect(folder.bytes() == Array("another program's file, which is to stay as it is".utf8))
    #expect(try reread(folder.file("old")).intervals == Array(intervals[..<2]))
    #expect(writer.account.dropped == 0)
    try FileManager.default.removeItem(atPath: folder.file())
    writer.append(intervals[2])
    #expect(writer.account.warning == nil)
    #expect(try reread(folder.file()).intervals == [intervals[2]])
  }

  @Test func `an interval that no file can hold is dropped`() throws {
    let folder = Folder()
    let run = try Samples.run()
    let writer = try HistoryWriter(folder.file(), limit: 20_000, run: run, isQueued: false)
    writer.append(Samples.interval(1, sites: 200))
    #expect(writer.account.dropped == 1 && writer.account.warning?.contains("file too large") == true)
    writer.append(HistoryInterval(Samples.snapshot(2, sites: 1), alerts: .init(threshold: run.rules[0])))
    #expect(writer.account.dropped == 1 && writer.account.warning == nil)
    #expect(try reread(folder.file()).intervals.count == 1)
  }

  @Test func `the last intervals are in memory, as far as they have room there`() throws {
    let run = try Samples.run()
    let intervals = Samples.intervals(300, run)
    let memory = MemoryHistory(run, limit: 50_000)
    for interval in intervals { memory.append(interval) }
    let kept = everything(memory)
    #expect(kept == intervals.suffix(kept.count) && kept.count > 10 && kept.count < 300)
    #expect(memory.range.upperBound == 300)
    #expect(memory.interval(memory.range.lowerBound - 1) == nil)
    #expect(memory.interval(300) == nil)
    #expect(memory.head(299)?.head == HistoryHead(intervals[299].snapshot))
  }
}
