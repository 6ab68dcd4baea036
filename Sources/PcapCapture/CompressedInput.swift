// SPDX-License-Identifier: Apache-2.0

import Decompression
import System

/// The content of a compressed file, read from front to back.
final class CompressedInput {
  /// The bytes read of the file in one go.
  private static let chunk = 256 * 1024

  let format: CompressionFormat
  /// Bytes of the compressed file that were decoded.
  private(set) var consumed: UInt64 = 0
  /// The reason why no more can be decoded, in words.
  private(set) var fault: String?

  private let decompressor: Decompressor
  /// Bytes of the file; those in `unread` were not decoded yet.
  private var held: [UInt8]
  private var unread: Range<Int>
  private var hasEnded = false

  /// - Parameter beginning: the bytes of the file that were read already.
  init(_ format: CompressionFormat, beginning: RawSpan) {
    self.format = format
    decompressor = Decompressor(format)
    held = (0..<beginning.byteCount).map { beginning.byte($0) }
    unread = held.indices
    held += [UInt8](repeating: 0, count: max(0, Self.chunk - held.count))
  }

  /// Decodes to the front of `output`, which must not be empty; returns the number of bytes, 0 at the end or at a fault.
  ///
  /// - Parameter readFile: reads from the file, and returns the number of bytes: 0 at its end or when it cannot be read.
  func read(into output: inout MutableRawSpan, _ readFile: (inout MutableSpan<UInt8>) -> Int) -> Int {
    while fault == nil {
      if unread.isEmpty, !hasEnded {
        refill(readFile)
        hasEnded = unread.isEmpty
      }
      // As in `refill`.
      let bytes = held
      let step = decompressor.decode(bytes.rawSpan.slice(unread.lowerBound, unread.upperBound), into: &output)
      unread = (unread.lowerBound + step.consumed)..<unread.upperBound
      consumed += UInt64(step.consumed)
      fault = describe(step)
      if step.produced > 0 { return step.produced }
      if fault == nil, unread.isEmpty, hasEnded {
        if !decompressor.isBetweenMembers { fault = "its \(format) data end in the middle" }
        break
      }
    }
    return 0
  }

  /// Fills the buffer from the file.
  private func refill(_ readFile: (inout MutableSpan<UInt8>) -> Int) {
    // A span of a variable lives as long as it; that of a class's property would not.
    var bytes = held
    // The variable's alone, so that it is written to and not copied.
    held = []
    var room = bytes.mutableSpan
    unread = 0..<readFile(&room)
    held = bytes
  }

  private func describe(_ step: Decompressor.Step) -> String? {
    switch step.fault {
    case .damaged: "its \(format) data are damaged"
    case .tooLarge: "decompressing it would take more than \(Decompressor.memory >> 20) MiB of memory"
    // A decoder that has input and room and does nothing would do so forever.
    case nil where step.consumed == 0 && step.produced == 0 && !unread.isEmpty:
      "its \(format) data are damaged"
    case nil: nil
    }
  }
}
