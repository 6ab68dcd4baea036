// SPDX-License-Identifier: Apache-2.0
import Capture
import Foundation
import Testing

@testable import PreCaptureDrops

/// The files as the kernel's stand there: rewritten in place, gone, never there.
@Suite struct PreCaptureDropsTests {
  private final class Files {
    let folder = NSTemporaryDirectory() + "wiretally-" + UUID().uuidString
    init() throws {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: folder) }
    func path(_ name: String) -> String { folder + "/" + name }
    func write(_ name: String, _ text: String) throws {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path(name)))
    }
  }

  private func counts(_ loss: PreCaptureDrops) -> [UInt64?] {
    let counters = loss.added(to: CaptureCounters())
    return [counters.backlogDropped, counters.nicMissed]
  }

  @Test func `what is lost after the start is reported, with what else was counted`() throws {
    let files = try Files()
    try files.write("backlog", "0 5\n0 6\n")
    try files.write("card", "100\n")
    try files.write("other", "20\n")
    let loss = PreCaptureDrops(backlog: files.path("backlog"), cards: ["card", "other"].map(files.path))
    #expect(counts(loss) == [0, 0])
    try files.write("backlog", "0 7\n0 f\n")
    try files.write("card", "103\n")
    try files.write("other", "21\n")
    #expect(counts(loss) == [0, 0], "nobody has looked")
    loss.read()
    var before = CaptureCounters()
    before.packets = 9
    let counters = loss.added(to: before)
    #expect((counters.packets, counters.backlogDropped, counters.nicMissed) == (9, 11, 4))
  }

  @Test func `what is not there is unknown, not 0`() throws {
    let files = try Files()
    #expect(counts(PreCaptureDrops(backlog: files.path("none"), cards: [files.path("none")])) == [nil, nil])
    #expect(counts(PreCaptureDrops(backlog: files.path("none"), cards: [])) == [nil, nil])
    try files.write("empty", "")
    #expect(
      counts(PreCaptureDrops(backlog: files.path("empty"), cards: [files.path("empty")])) == [nil, nil])
    // A folder opens, and cannot be read.
    #expect(counts(PreCaptureDrops(backlog: files.folder, cards: [files.folder])) == [nil, nil])
  }

  @Test func `of an interface that has gone, what it lost stays reported, and that it lost nothing does not`()
    throws
  {
    let files = try Files()
    try files.write("backlog", "0 0\n")
    try files.write("card", "1\n")
    let quiet = PreCaptureDrops(backlog: files.path("backlog"), cards: [files.path("card")])
    let lossy = PreCaptureDrops(backlog: files.path("backlog"), cards: [files.path("card")])
    try files.write("card", "3\n")
    lossy.read()
    try files.write("card", "")
    lossy.read()
    quiet.read()
    #expect(counts(lossy) == [0, 2])
    #expect(counts(quiet) == [0, nil])
  }

  @Test func `another interface in its place does not have its count`() throws {
    let files = try Files()
    try files.write("backlog", "0 0\n")
    try files.write("card", "1\n")
    let loss = PreCaptureDrops(backlog: files.path("backlog"), cards: [files.path("card")])
    try files.write("backlog", "0 1\n")
    try files.write("card", "9\n")
    loss.read(isRenewed: true)
    #expect(counts(loss) == [1, nil])
  }

  @Test func `this machine's own files are read`() throws {
    let loopback = NetworkCards.counters(of: ["lo"])
    #expect(loopback.isEmpty || loopback == ["/sys/class/net/lo/statistics/rx_missed_errors"])
    #expect(NetworkCards.counters(of: ["nowhere0"]) == [])
    #expect(!NetworkCards.counters(of: []).contains { $0.contains("/lo/") })
    let loss = PreCaptureDrops(interfaces: ["lo"])
    loss.read()
    let readable = FileManager.default.isReadableFile(atPath: "/proc/net/softnet_stat")
    #expect((counts(loss)[0] != nil) == readable)
  }
}
