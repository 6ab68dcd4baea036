// SPDX-License-Identifier: Apache-2.0
#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Writing to a descriptor that somebody else owns, such as standard output: whole, or with an error.
///
/// Swift's `print` loses everything silently on a full disk; this does not. The process ignores SIGPIPE.
package struct ByteOutput: Sendable {
  /// Why the bytes could not be written.
  package enum Failure: Error, Equatable, Sendable {
    /// The reader has gone (EPIPE): a normal end.
    case closed
    /// The end was asked for, and the reader takes no more.
    case stuck
    /// No space, or no quota, is left, or the file may not grow.
    case full
    /// Any other error number of the system's.
    case system(Int32)
  }

  private let descriptor: Int32
  private let isEnding: @Sendable () -> Bool

  /// Bytes a call: a pipe that is ready accepts at least this many without blocking (PIPE_BUF).
  private static let piece = 4096
  /// Milliseconds between two looks at whether the end was asked for; a signal ends a wait at once.
  private static let pace: Int32 = 100
  /// The number of times that it looks then, until it gives up a reader that takes nothing.
  private static let patience = 10

  /// - Parameter isEnding: whether the program is to end; a reader that takes no more is then waited for
  ///   only a second, and otherwise for ever.
  package init(descriptor: Int32, isEnding: @escaping @Sendable () -> Bool = { false }) {
    self.descriptor = descriptor
    self.isEnding = isEnding
  }

  /// Writes all bytes, however many calls it takes; waits when the other side is slow.
  package func write(_ bytes: [UInt8]) throws(Failure) {
    var start = 0
    while start < bytes.count {
      try waitForRoom()
      let end = min(bytes.count, start + Self.piece)
      let written = unsafe bytes[start..<end].withUnsafeBytes { buffer in
        // The buffer lives through the call, and its own length bounds it.
        unsafe Self.write(descriptor, buffer.baseAddress, buffer.count)
      }
      if written >= 0 {
        start += written
        continue
      }
      switch errno {
      case EINTR, EAGAIN: continue
      case EPIPE: throw Failure.closed
      case ENOSPC, EDQUOT, EFBIG: throw Failure.full
      case let code: throw Failure.system(code)
      }
    }
  }

  /// Waits until the descriptor takes something, or its fault can be seen by writing to it.
  private func waitForRoom() throws(Failure) {
    // poll leaves such an entry out, for ever; write tells its fault.
    if descriptor < 0 { return }
    var looks = 0
    while true {
      var item = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      // One entry, a local value. What cannot be polled is written to.
      let ready = unsafe poll(&item, 1, Self.pace)
      if ready > 0 || (ready < 0 && errno != EINTR) { return }
      if isEnding() {
        looks += 1
        if looks > Self.patience { throw Failure.stuck }
      }
    }
  }

  /// write(2), under a name that this type's own method does not hide.
  private static func write(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    #if canImport(Glibc)
      // The caller vouches for address and length.
      unsafe Glibc.write(descriptor, bytes, count)
    #else
      // As above.
      unsafe Darwin.write(descriptor, bytes, count)
    #endif
  }
}

extension ByteOutput.Failure: CustomStringConvertible {
  package var description: String {
    switch self {
    case .stuck: "its reader takes no more"
    case .closed: "the reader of the output has gone"
    case .full: "no space left for the output"
    case .system(let code): "cannot write the output: error \(code)"
    }
  }
}
