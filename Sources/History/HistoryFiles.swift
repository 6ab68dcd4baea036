// SPDX-License-Identifier: Apache-2.0

import System

/// The two files of a history, which take turns: when one has reached half of the limit, the other is emptied and continues.
///
/// Nothing is renamed, so that a sandboxed process, which may write the files and not their folder, keeps them as well.
struct HistoryFiles {
  /// The paths: the one that was given, and that with `.1`.
  static func paths(_ path: String) -> [String] { [path, path + ".1"] }

  let path: String
  /// Bytes that a file may have.
  private let limit: Int
  private let extraWork: Int
  private var files: [StoreFile]
  /// Bytes in the file that is appended to.
  private var size = 0
  /// Which one that is.
  private var current = 0
  private var sequence: UInt64 = 0
  private var index: HistoryIndex
  /// The record that each file begins with.
  private var run: HistoryRun?
  /// Whether it stands in the file that is appended to.
  private var hasRun = false
  /// What was found, for the operator: a torn end that was cut, damage.
  private(set) var notices: [String] = []

  /// Opens both files, takes them for this process, and reads what is in them.
  ///
  /// - Parameters:
  ///   - limit: bytes of both together.
  ///   - before: files that are this process's already; one that still lies at its path is used as it is.
  init(
    _ path: String, limit: Int, owner: LogOwner? = nil, index: HistoryIndex,
    after before: HistoryFiles? = nil, extraWork: Int = HistoryScan.extraWork
  ) throws(HistoryError) {
    self.path = path
    self.extraWork = extraWork
    self.limit = limit / 2
    self.index = index
    files = []
    for (slot, path) in Self.paths(path).enumerated() {
      if let file = before?.files[slot], LogFile.isInPlace(file.identity, at: path) {
        files.append(file)
        continue
      }
      do throws(SystemError) {
        let file = try StoreFile(appendingTo: path, owner: owner)
        files.append(file)
        guard try file.lock() else { throw SystemError.busy }
      } catch {
        if error == .busy { throw .inUse(path: path) }
        throw error == StoreFile.notRegular
          ? .foreign(path: path) : .system(path: path, doing: "write", error)
      }
    }
    // Both are looked at before one is changed.
    let found = try zip(Self.paths(path), files).map { path, file throws(HistoryError) in
      try HistoryContents.sequence(of: file, path)
    }
    for (slot, sequence) in HistoryContents.order(found) {
      do throws(SystemError) {
        try take(slot, sequence)
      } catch {
        throw .system(path: Self.paths(path)[slot], doing: "write", error)
      }
    }
  }

  /// Reads a file, and cuts what is torn at its end. One that was not read to its end stays, as if it were full.
  private mutating func take(_ slot: Int, _ sequence: UInt64) throws(SystemError) {
    let contents = try HistoryContents(files[slot], slot: slot, index, extraWork: extraWork)
    notices += contents.notices(Self.paths(path)[slot], isCut: true)
    (current, size, self.sequence) = (slot, contents.end, sequence)
    if contents.hasGivenUp {
      size = max(contents.size, limit)
    } else if contents.end < contents.size {
      try files[slot].cut(to: contents.end)
    }
  }

  /// Whether both files are still those at their paths.
  var areInPlace: Bool {
    zip(Self.paths(path), files).allSatisfy { LogFile.isInPlace($1.identity, at: $0) }
  }

  /// Fills another index from now on, which takes over what was found.
  mutating func fill(_ index: HistoryIndex, from found: HistoryIndex) {
    index.take(over: found)
    self.index = index
  }

  /// Begins a watch: what its intervals have in common stands before them, in each file. In one that has others' it is
  /// written with the first interval: watches that end before they have one, again and again, fill no file.
  mutating func begin(_ run: HistoryRun) throws(SystemError) {
    (self.run, hasRun) = (run, false)
    guard HistoryFormat.headerLength + beginning.count <= limit else { throw .tooLarge }
    if size == 0 { try turn() }
  }

  /// The record of the watch.
  private var beginning: [UInt8] { run.map { HistoryFormat.record($0.body) } ?? [] }

  /// Appends an interval's record.
  mutating func append(_ body: [UInt8], _ head: HistoryHead) throws(SystemError) {
    let record = HistoryFormat.record(body)
    let beginning = beginning, before = hasRun ? [] : beginning
    // First: nothing gives way to what no file can hold.
    guard HistoryFormat.headerLength + beginning.count + record.count <= limit else { throw .tooLarge }
    // Nothing was written yet, or a file could not be begun.
    if size == 0 || size + before.count + record.count > limit { try turn() }
    let first = hasRun ? [] : before
    let start = size + first.count + HistoryFormat.recordHeader
    try append(first + record)
    if !hasRun, let run { index.add(run) }
    hasRun = true
    index.add(slot: current, offset: start, length: body.count, head)
  }

  /// Empties the other file and begins it; the same one, when it could not be begun before.
  private mutating func turn() throws(SystemError) {
    let other = size == 0 ? current : 1 - current
    index.drop(slot: other)
    try files[other].cut(to: 0)
    (current, size, sequence) = (other, 0, sequence + 1)
    // Together: intervals never stand without what they have in common.
    try append(HistoryFormat.header(sequence: sequence) + beginning)
    hasRun = true
    if let run { index.add(run) }
  }

  /// Appends all bytes, or none: what is there of them is cut again.
  private mutating func append(_ bytes: [UInt8]) throws(SystemError) {
    do throws(SystemError) {
      try files[current].append(bytes)
      size += bytes.count
    } catch {
      // Where that fails as well, the next start cuts it.
      try? files[current].cut(to: size)
      throw error
    }
  }
}

extension SystemError {
  /// Another process has the file.
  fileprivate static let busy = SystemError(-1)
}
