// SPDX-License-Identifier: Apache-2.0

import System

/// A history's files opened to be read whole.
package final class HistoryReading {
  private let path: String
  private let index = HistoryIndex()
  private let files: [StoreFile?]
  private let order: [(slot: Int, sequence: UInt64)]

  /// Opens the files at a path: its second one may be missing, or not begun.
  package init(_ path: String) throws(HistoryError) {
    self.path = path
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
    let found = try zip(HistoryFiles.paths(path), files).map { path, file throws(HistoryError) in
      try file.map { file throws(HistoryError) in try HistoryContents.sequence(of: file, path) } ?? nil
    }
    if found.allSatisfy({ $0 == nil }) { throw .foreign(path: path) }
    (self.files, order) = (files, HistoryContents.order(found))
  }

  /// Bytes of both files.
  package var size: Int { files.reduce(0) { $0 + ((try? $1?.size()) ?? 0) } }

  /// Reads all records; returns what is wrong with the files, in sentences.
  ///
  /// - Parameter progress: called now and then with the bytes read so far.
  package func read(progress: (Int) -> Void) throws(HistoryError) -> [String] {
    var notices: [String] = [], before = 0
    for (slot, _) in order {
      guard let file = files[slot] else { continue }
      let name = HistoryFiles.paths(path)[slot]
      do throws(SystemError) {
        let contents = try HistoryContents(file, slot: slot, index) { progress(before + $0) }
        notices += contents.notices(name, isCut: false)
        before += contents.size
      } catch {
        throw .system(path: name, doing: "read", error)
      }
    }
    return notices
  }

  /// What was read.
  package var source: FileHistory { FileHistory(path, index: index, files: files) }
}
