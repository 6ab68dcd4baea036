// SPDX-License-Identifier: Apache-2.0

package import System
internal import Glibc

/// One end of a pair of sockets that keep messages apart (SOCK_SEQPACKET), and the C calls for it.
///
/// The sandboxed program only reads, writes and polls its end: calls that it is left with anyway.
package final class DeliverySocket: Sendable {
  /// The result of a look for a message.
  package enum Received: Equatable {
    case message(DeliveryMessage)
    /// None has come within the time.
    case nothing
    /// The other side has gone.
    case ended
  }

  let descriptor: Int32

  /// Takes over an open descriptor.
  package init(_ descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// Two ends of one pair; both close on exec.
  package static func pair() throws(SystemError) -> (DeliverySocket, DeliverySocket) {
    var ends: [Int32] = [-1, -1]
    // socketpair fills two descriptors.
    let kind = Int32(SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue)
    guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw SystemError.last }
    return (DeliverySocket(ends[0]), DeliverySocket(ends[1]))
  }

  /// Sends a message whole, waiting for space for at most this many milliseconds (-1: for ever); false when
  /// there is none, or when the other side has gone.
  package func send(_ message: DeliveryMessage, timeout: Int32 = 0) -> Bool {
    // Room for a part of a buffer is room for a message, which is smaller; the process ignores SIGPIPE.
    guard isReady(POLLOUT, timeout: timeout) else { return false }
    let bytes = message.bytes
    let sent = unsafe bytes.withUnsafeBytes { buffer in
      // The buffer lives through the call, and its own length bounds it.
      unsafe write(descriptor, buffer.baseAddress, buffer.count)
    }
    return sent == bytes.count
  }

  /// The next message, waiting for at most this many milliseconds; -1 waits for ever.
  package func receive(timeout: Int32) -> Received {
    guard isReady(POLLIN, timeout: timeout) else { return .nothing }
    var bytes = [UInt8](repeating: 0, count: DeliveryMessage.limit)
    let count = unsafe bytes.withUnsafeMutableBytes { buffer in
      // As above.
      unsafe read(descriptor, buffer.baseAddress, buffer.count)
    }
    if count > 0 { return .message(DeliveryMessage(Array(bytes[..<count]))) }
    return count < 0 && errno == EINTR ? .nothing : .ended
  }

  private func isReady(_ events: Int32, timeout: Int32) -> Bool {
    var item = pollfd(fd: descriptor, events: Int16(events), revents: 0)
    // One entry, a local value.
    return unsafe poll(&item, 1, timeout) > 0
  }
}
