// SPDX-License-Identifier: Apache-2.0

import System

/// A history's files opened to be read whole, while a watch appends to them perhaps.
package final class HistoryReading {
  /// The part of a file's state that a watch changes.
  private struct Stand: Equatable {
    var sequence: UInt64?
    var size: Int
  }

  /// Milliseconds between two looks at whether a watch writes.
  private static let pace: Int32 = 10
  /// Readings at most: each but the last one is given up because a watch has changed what was read.
  private static let attempts = 4

  private let path: String
  private let patience: Int
  private let files: [StoreFile?]
  private var index = HistoryIndex()
  /// Nobody writes to it.
  private let pause = WakePipe()

  /// Opens the files at a path: its second one may be missing, or not begun.
  ///
  /// - Parameter patience: milliseconds that a watch is given to finish the record that it writes.
  package init(_ path: String, patience: Int = 500) throws(HistoryError) {
    (self.path, self.patience) = (path, patience)
    var files: [StoreFile?] = []
    for (slot, path) in HistoryFiles.paths(path).enumerated() {
      do throws(SystemError) {
        files.append(try StoreFile(reading: path))
      } catch {
        if error == StoreFile.notRegular { throw .foreign(path: path) }
        guard slot == 1, error == .noSuchFile else { throw .system(path: path, doing: "read", error) }
        files.append(nil)
      }
    }
    self.files = files
    if try stands().allSatisfy({ $0.sequence == nil }) { throw .foreign(path: path) }
  }

  /// Bytes of both files.
  package var size: Int { files.reduce(0) { $0 + ((try? $1?.size()) ?? 0) } }

  /// Reads all records; returns what is wrong with the files, in sentences. What a watch writes meanwhile is no damage: a
  /// record that is there in part is waited for, and files whose order has changed are read again.
  ///
  /// - Parameters:
  ///   - isInterrupted: asked now and then; true ends the reading.
  ///   - progress: called now and then with the bytes read so far.
  package func read(
    isInterrupted: @escaping () -> Bool = { false }, progress: (Int) -> Void
  ) throws(HistoryError) -> [String] {
    var attempt = 1
    while true {
      let before = try stands()
      let notices = try readOnce(before, isInterrupted, progress)
      if attempt == Self.attempts || isInterrupted() { return notices }
      guard try isOvertaken(before, isWrong: !notices.isEmpty, isInterrupted) else { return notices }
      attempt += 1
    }
  }

  /// The number of intervals, the oldest ones, that are left out because there are too many.
  package var leftOut: Int { index.leftOut }

  /// What was read.
  package var source: FileHistory { FileHistory(path, index: index, files: files) }

  private func readOnce(
    _ stands: [Stand], _ isInterrupted: @escaping () -> Bool, _ progress: (Int) -> Void
  ) throws(HistoryError) -> [String] {
    var notices: [String] = [], before = 0
    index = HistoryIndex()
    for (slot, _) in HistoryContents.order(stands.map(\.sequence)) {
      guard let file = files[slot] else { continue }
      let name = HistoryFiles.paths(path)[slot]
      do throws(SystemError) {
        let contents = try HistoryContents(file, slot: slot, index, isInterrupted: isInterrupted) {
          progress(before + $0)
        }
        notices += contents.notices(name, isCut: false)
        before += contents.size
      } catch {
        throw .system(path: name, doing: "read", error)
      }
    }
    return notices
  }

  /// Whether a watch has written over what was read; where something is wrong, whether it writes at all.
  private func isOvertaken(
    _ before: [Stand], isWrong: Bool, _ isInterrupted: () -> Bool
  ) throws(HistoryError) -> Bool {
    let now = try stands()
    if now.map(\.sequence) != before.map(\.sequence) { return true }
    guard isWrong else { return false }
    let end = Deadline(milliseconds: patience)
    while !end.isOver, !isInterrupted() {
      if try stands() != before { return true }
      pause.wait(Self.pace)
    }
    return false
  }

  private func stands() throws(HistoryError) -> [Stand] {
    try zip(HistoryFiles.paths(path), files).map { path, file throws(HistoryError) in
      guard let file else { return Stand(sequence: nil, size: 0) }
      let sequence = try HistoryContents.sequence(of: file, path)
      do throws(SystemError) {
        return Stand(sequence: sequence, size: try file.size())
      } catch {
        throw .system(path: path, doing: "read", error)
      }
    }
  }
}
