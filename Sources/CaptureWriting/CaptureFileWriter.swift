// SPDX-License-Identifier: Apache-2.0

import System

/// One file of a recording, written block by block. A block that the disk took in part is finished before the next one begins, so
/// that the file stays one that can be read.
struct CaptureFileWriter: ~Copyable {
  let path: String
  private let file: OutputFile
  /// What the file has, and what it will have.
  private(set) var length: UInt64 = 0
  /// What was begun and is not written yet.
  private var rest: ArraySlice<UInt8> = []

  /// Opens the file, with what it begins with; one that `isNew` must not be there yet.
  init(path: String, head: [UInt8], owner: LogOwner? = nil, isNew: Bool = false) throws(SystemError) {
    self.path = path
    file = try OutputFile(path: path, owner: owner, isNew: isNew)
    rest = head[...]
    length = UInt64(head.count)
  }

  /// Whether the path leads to this file still.
  var isInPlace: Bool { LogFile.isInPlace(file.identity, at: path) }

  /// Writes whole blocks. Throws why nothing more can be written now: they are kept when a part of them was, or else given up.
  mutating func write(_ blocks: [UInt8]) throws(SystemError) {
    try flush()
    rest = blocks[...]
    do throws(SystemError) {
      try flush()
    } catch {
      // Nothing of them is in the file: they are lost, and the file is whole.
      if rest.count == blocks.count { rest = [] } else { length += UInt64(blocks.count) }
      throw error
    }
    length += UInt64(blocks.count)
  }

  /// Writes what was begun.
  mutating func flush() throws(SystemError) {
    while !rest.isEmpty { rest = rest.dropFirst(try file.write(rest)) }
    // Not an empty part of the caller's memory, which it uses again.
    rest = []
  }
}
