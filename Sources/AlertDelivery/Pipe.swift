// SPDX-License-Identifier: Apache-2.0

import System
internal import Glibc

/// A pipe between us and a process, and the C calls for it; what is open is closed with it.
final class Pipe {
  private(set) var reader: Int32
  private(set) var writer: Int32

  init() throws(SystemError) {
    let ends = try PipeEnds(blocks: true)
    (reader, writer) = (ends.reading, ends.writing)
  }

  deinit { close() }

  /// Writes what fits at once.
  func write(_ bytes: [UInt8]) {
    _ = fcntl(writer, F_SETFL, O_NONBLOCK)
    // The buffer lives through the call, and its own length bounds it.
    unsafe bytes.withUnsafeBytes { buffer in
      while unsafe Glibc.write(writer, buffer.baseAddress, buffer.count) < 0, errno == EINTR {}
    }
    closeWriter()
  }

  func closeWriter() {
    if writer >= 0 { Glibc.close(writer) }
    writer = -1
  }

  func close() {
    closeWriter()
    if reader >= 0 { Glibc.close(reader) }
    reader = -1
  }

  /// Reads once, waiting for at most this many milliseconds, and keeps the last bytes; false at the end.
  func read(_ kept: inout [UInt8], keeping limit: Int, timeout: Int32) -> Bool {
    guard isReadable(timeout) else { return true }
    var block = [UInt8](repeating: 0, count: 64 * 1024)
    let count = unsafe block.withUnsafeMutableBytes { buffer in
      // As above.
      unsafe Glibc.read(reader, buffer.baseAddress, buffer.count)
    }
    guard count > 0 else { return false }
    kept += block[..<count]
    if kept.count > limit { kept.removeFirst(kept.count - limit) }
    return true
  }

  private func isReadable(_ timeout: Int32) -> Bool {
    var item = pollfd(fd: reader, events: Int16(POLLIN), revents: 0)
    // One entry, a local value.
    return unsafe poll(&item, 1, timeout) > 0
  }
}

/// /dev/null, open for writing.
struct NullDevice: ~Copyable {
  let descriptor: Int32

  init() throws(SystemError) {
    // The path is passed as a C string for the call alone.
    let opened = unsafe open("/dev/null", O_WRONLY | O_CLOEXEC)
    guard opened >= 0 else { throw SystemError.last }
    descriptor = opened
  }

  deinit { close(descriptor) }
}
