// SPDX-License-Identifier: Apache-2.0

import System

/// Intervals that can be looked at again, each by its position: those of files, or those in memory.
package protocol HistorySource: AnyObject {
  /// The positions of the intervals there are; a position stays an interval's own.
  var range: Range<Int> { get }
  /// The interval's first numbers and its run; nil when it is gone.
  func head(_ position: Int) -> (head: HistoryHead, run: HistoryRun, bytes: Int)?
  /// The interval; nil when it is gone, or damaged.
  func interval(_ position: Int) -> (interval: HistoryInterval, run: HistoryRun)?
}

/// The intervals in a history's files.
package final class FileHistory: HistorySource {
  private let path: String
  private let index: HistoryIndex
  private var files: [StoreFile?]

  /// Opens the files for reading; `index` is the one that a writer fills.
  package init(_ path: String, index: HistoryIndex) {
    self.path = path
    self.index = index
    files = HistoryFiles.paths(path).map { try? StoreFile(reading: $0) }
  }

  /// The files are open already.
  init(_ path: String, index: HistoryIndex, files: [StoreFile?]) {
    (self.path, self.index, self.files) = (path, index, files)
  }

  /// Opens the files that lie at the paths now.
  package func reopen() {
    for (slot, path) in HistoryFiles.paths(path).enumerated() {
      if let file = try? StoreFile(reading: path) { files[slot] = file }
    }
  }

  package var range: Range<Int> { index.range }

  package func head(_ position: Int) -> (head: HistoryHead, run: HistoryRun, bytes: Int)? {
    index.entry(position).map { ($0.entry.head, $0.run, $0.entry.length) }
  }

  package func interval(_ position: Int) -> (interval: HistoryInterval, run: HistoryRun)? {
    guard let (entry, run) = index.entry(position) else { return nil }
    if let interval = interval(entry, run) { return (interval, run) }
    // The writer may have begun other files at the paths.
    reopen()
    return interval(entry, run).map { ($0, run) }
  }

  private func interval(_ entry: HistoryIndex.Entry, _ run: HistoryRun) -> HistoryInterval? {
    guard let file = files[entry.slot] else { return nil }
    let start = entry.offset - HistoryFormat.recordHeader
    // The writer may empty the file meanwhile: the checksum tells.
    guard let bytes = try? file.read(at: start, count: HistoryFormat.recordHeader + entry.length),
      bytes.count == HistoryFormat.recordHeader + entry.length, bytes.starts(with: HistoryFormat.marker),
      RecordReader.little32(bytes, at: 4) == UInt32(entry.length)
    else { return nil }
    let body = bytes[HistoryFormat.recordHeader...]
    let checksum = CRC32C.checksum(body, after: CRC32C.checksum(bytes[4..<8]))
    guard checksum == RecordReader.little32(bytes, at: 8) else { return nil }
    return try? HistoryInterval(body: body, run)
  }
}

/// The last intervals of a watch that keeps no file, as bytes.
package final class MemoryHistory: HistorySource {
  /// Bytes of all of them at most.
  package static let limit = 8 << 20

  private let run: HistoryRun
  private let limit: Int
  private var bodies: [(head: HistoryHead, body: [UInt8])] = []
  private var gone = 0
  private var base = 0
  private var bytes = 0

  package init(_ run: HistoryRun, limit: Int = MemoryHistory.limit) { (self.run, self.limit) = (run, limit) }

  package func append(_ interval: HistoryInterval) {
    let body = interval.body(run)
    bodies.append((HistoryHead(interval.snapshot), body))
    bytes += body.count
    while bytes > limit, gone < bodies.count {
      bytes -= bodies[gone].body.count
      bodies[gone].body = []
      gone += 1
    }
    guard gone > 64, gone * 2 >= bodies.count else { return }
    base += gone
    bodies.removeFirst(gone)
    gone = 0
  }

  package var range: Range<Int> { base + gone..<base + bodies.count }

  package func head(_ position: Int) -> (head: HistoryHead, run: HistoryRun, bytes: Int)? {
    guard range.contains(position) else { return nil }
    let entry = bodies[position - base]
    return (entry.head, run, entry.body.count)
  }

  package func interval(_ position: Int) -> (interval: HistoryInterval, run: HistoryRun)? {
    guard range.contains(position) else { return nil }
    return (try? HistoryInterval(body: bodies[position - base].body[...], run)).map { ($0, run) }
  }
}
