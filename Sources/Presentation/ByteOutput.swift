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
    /// No space, or no quota, is left.
    case full
    /// Any other error number of the system's.
    case system(Int32)
  }

  private let descriptor: Int32

  package init(descriptor: Int32) { self.descriptor = descriptor }

  /// Writes all bytes, however many calls it takes; waits when the other side is slow.
  package func write(_ bytes: [UInt8]) throws(Failure) {
    var start = 0
    while start < bytes.count {
      let written = unsafe bytes[start...].withUnsafeBytes { buffer in
        // The buffer lives through the call, and its own length bounds it.
        unsafe Self.write(descriptor, buffer.baseAddress, buffer.count)
      }
      if written >= 0 {
        start += written
        continue
      }
      switch errno {
      case EINTR: continue
      case EAGAIN:
        // A non-blocking descriptor: wait until it takes more.
        var item = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        // One entry, a local value; an interrupted wait is tried again by the loop.
        _ = unsafe poll(&item, 1, 1000)
      case EPIPE: throw Failure.closed
      case ENOSPC, EDQUOT: throw Failure.full
      case let code: throw Failure.system(code)
      }
    }
  }

  /// Writes as much of `bytes` as the other side takes now, and returns how many bytes that were: 0 when
  /// it takes none. A pipe never makes it wait.
  package func writeAvailable(_ bytes: ArraySlice<UInt8>) throws(Failure) -> Int {
    var item = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    // One entry, a local value; an error shows in the write that follows.
    guard !bytes.isEmpty, unsafe poll(&item, 1, 0) > 0 else { return 0 }
    // pipe(7): a pipe that polls as writable takes PIPE_BUF bytes (4096 on Linux) at once.
    let written = unsafe bytes.prefix(4_096).withUnsafeBytes { buffer in
      // The buffer lives through the call, and its own length bounds it.
      unsafe Self.write(descriptor, buffer.baseAddress, buffer.count)
    }
    if written >= 0 { return written }
    switch errno {
    case EINTR, EAGAIN: return 0
    case EPIPE: throw Failure.closed
    case ENOSPC, EDQUOT: throw Failure.full
    case let code: throw Failure.system(code)
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
    case .closed: "the reader of the output has gone"
    case .full: "no space left for the output"
    case .system(let code): "cannot write the output: error \(code)"
    }
  }
}
