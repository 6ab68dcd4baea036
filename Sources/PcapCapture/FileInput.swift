// SPDX-License-Identifier: Apache-2.0

import CMapping
package import Capture
import Decompression
import Glibc
import System

/// A file, seen through a mapping, or a stream, read from front to back through one buffer, decompressed where it is
/// compressed: the only file of this target that reads descriptors.
@safe
package final class FileInput {
  /// The name for messages.
  package let name: String
  /// Bytes of a regular file; nil for a pipe.
  package let size: UInt64?
  /// Bytes before the buffer's first unread one: of the file, or of what a compressed one holds.
  package private(set) var position: UInt64 = 0
  /// The read failed in the middle: why, in words.
  var fault: String? { isCut ? Self.becameShorter : readFault ?? compressed?.fault }
  private var readFault: String?
  /// Others shortened the file since it was opened, and bytes that are gone were asked for.
  private var isCut: Bool { isMapped && wt_mapping_is_cut(mapping) }

  private let descriptor: Int32
  private let closes: Bool
  // Owned by this object; [start, end) holds bytes that were read and not yet consumed.
  private var buffer: UnsafeMutableRawPointer
  private var capacity: Int
  /// The number of the mapping whose bytes `buffer` are, which must not be written to; -1 for none.
  private var mapping: Int32 = -1
  private var isMapped: Bool { mapping >= 0 }
  private var start = 0
  private var end = 0
  private var hasEnded = false
  /// What decompresses the file.
  private var compressed: CompressedInput?

  /// Opens `path`, or standard input for `-`.
  package init(path: String) throws(CaptureError) {
    name = path == "-" ? "standard input" : path
    if path == "-" {
      descriptor = 0
      closes = false
    } else {
      // The path is a string that ends in zero for the time of the call.
      descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
      closes = true
      guard descriptor >= 0 else {
        let error = SystemError.last
        throw CaptureError(
          error.isPermission ? .notPermitted : .notFound, "cannot open \(path): \(error.reason)")
      }
    }
    var status = stat()
    // fstat fills the value it is given; a failure leaves it as it is.
    let isRegular = unsafe fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    size = isRegular ? UInt64(status.st_size) : nil
    capacity = 512 * 1024
    unsafe buffer = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 64)
    if status.st_mode & S_IFMT == S_IFDIR {
      throw CaptureError(.notFound, "cannot read \(path): it is a directory")
    }
    findCompression()
  }

  /// Decompresses from here on where the first bytes say so.
  private func findCompression() {
    let count = available(CompressionFormat.magicLength)
    guard let format = CompressionFormat(beginning: bytes(count)) else { return }
    compressed = CompressedInput(format, beginning: bytes(end))
    (start, end) = (0, 0)
    hasEnded = false
  }

  deinit {
    if isMapped { wt_mapping_close(mapping) } else { unsafe buffer.deallocate() }
    if closes { close(descriptor) }
  }

  /// Whether any byte can be read again, as in regular files that are not compressed.
  package var canSeek: Bool { size != nil && compressed == nil }
  /// The bytes of the file that were read.
  var progress: UInt64 { compressed?.consumed ?? position }
  /// Whether what is read was compressed in the file.
  var isCompressed: Bool { compressed != nil }

  /// Maps a file that is going to be read to and fro. From front to back, reading through the buffer takes
  /// a third of the time of the mapping's page faults, and a thousandth of its memory.
  func map() {
    guard let size, !isMapped, size > 0 else { return }
    mapping = wt_mapping_open(descriptor, Int(size))
    guard mapping >= 0, let base = unsafe wt_mapping_bytes(mapping) else { return }
    unsafe buffer.deallocate()
    // The mapping lives as long as this object, and is only read.
    unsafe buffer = UnsafeMutableRawPointer(mutating: base)
    capacity = Int(size)
    start = Int(min(position, size))
    end = capacity
  }

  /// Bytes that are there, at least `count` of them unless the input ends before.
  package func available(_ count: Int) -> Int {
    if end - start < count { fill(count) }
    return isCut ? 0 : end - start
  }

  /// Goes to a byte of a file that `canSeek`.
  package func seek(to position: UInt64) {
    precondition(canSeek)
    if isMapped {
      precondition(position <= UInt64(capacity))
      start = Int(position)
      end = max(start, end)
    } else {
      lseek(descriptor, off_t(position), SEEK_SET)
      start = 0
      end = 0
      hasEnded = false
    }
    self.position = position
  }

  /// Whether all that a pipe has brought so far was consumed; a regular file has always more.
  package var isDrained: Bool { start == end && size == nil }

  /// The next `count` bytes, which must be available; valid until the next call that reads.
  @_lifetime(borrow self)
  package func bytes(_ count: Int) -> RawSpan {
    precondition(count >= 0 && count <= end - start)
    let span = unsafe RawSpan(_unsafeStart: buffer + start, byteCount: count)
    return unsafe _overrideLifetime(span, borrowing: self)
  }

  /// Steps over `count` bytes, which must be available.
  package func consume(_ count: Int) {
    precondition(count >= 0 && count <= end - start)
    start += count
    position += UInt64(count)
  }

  private func fill(_ count: Int) {
    if hasEnded { return }
    if isMapped {
      end = capacity
      return
    }
    if start > 0 {
      // [start, end) moves to the front; the ranges may overlap.
      unsafe memmove(buffer, buffer + start, end - start)
      end -= start
      start = 0
    }
    if count > capacity { grow(to: count) }
    while end < count {
      // In bounds: end < count <= capacity.
      let got = unsafe readMore(buffer + end, capacity - end)
      end += got
      if got == 0 {
        if compressed == nil, readFault == nil, let size, position + UInt64(end - start) < size {
          readFault = Self.becameShorter
        }
        hasEnded = true
        return
      }
    }
  }

  /// Reads up to `count` bytes of the file, or of what it holds; 0 at the end or at a fault.
  private func readMore(_ place: UnsafeMutableRawPointer, _ count: Int) -> Int {
    guard let compressed else { return unsafe readFile(place, count) }
    // As long as the caller says, for the time of the call.
    var output = unsafe MutableRawSpan(_unsafeStart: place, byteCount: count)
    return compressed.read(into: &output) { room in
      unsafe room.withUnsafeMutableBufferPointer { bytes in
        guard let place = bytes.baseAddress else { return 0 }
        return unsafe readFile(place, bytes.count)
      }
    }
  }

  /// Reads up to `count` bytes of the file; 0 at its end or at a fault.
  private func readFile(_ place: UnsafeMutableRawPointer, _ count: Int) -> Int {
    while true {
      let got = unsafe Glibc.read(descriptor, place, count)
      if got >= 0 { return got }
      if errno == EINTR { continue }
      readFault = SystemError.last.reason
      return 0
    }
  }

  private func grow(to count: Int) {
    let larger = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 64)
    unsafe larger.copyMemory(from: buffer, byteCount: end)
    unsafe buffer.deallocate()
    unsafe buffer = larger
    capacity = count
  }

  private static var becameShorter: String { "the file became shorter while it was read" }
}
