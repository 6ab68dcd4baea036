// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Signals as bytes in a pipe, so that they can be waited for like everything else.
@safe
final class Interruption {
  enum Signal: Sendable {
    /// SIGINT, SIGTERM: end now, with the summary.
    case end
    /// SIGHUP: the alert log was rotated, or the terminal has gone.
    case hangUp
  }

  /// Readable when a signal has come.
  let descriptor: Int32

  /// The writing end, for the handler: a signal handler has no other way to reach it.
  private static let target = Atomic<Int32>(-1)

  /// Takes the signals over for the life of the process.
  init() {
    var ends: [Int32] = [-1, -1]
    // pipe fills two descriptors; without them signals end the process as usual.
    _ = unsafe pipe(&ends)
    for end in ends where end >= 0 {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    descriptor = ends[0]
    // The handler may run as soon as it is installed: the descriptor comes first.
    Self.target.store(ends[1], ordering: .sequentiallyConsistent)
    guard ends[1] >= 0 else { return }
    var handled = sigset_t()
    // The set is filled by sigemptyset and sigaddset before it is used.
    _ = unsafe sigemptyset(&handled)
    for number in [SIGINT, SIGTERM, SIGHUP] {
      var action = sigaction()
      // Only write(2) is called in the handler, which is async-signal-safe; errno is put back.
      unsafe action.__sigaction_handler.sa_handler = { number in
        let before = errno
        var byte = UInt8(truncatingIfNeeded: number)
        _ = unsafe Glibc.write(Interruption.target.load(ordering: .relaxed), &byte, 1)
        errno = before
      }
      action.sa_flags = SA_RESTART
      _ = unsafe sigaction(number, &action, nil)
      _ = unsafe sigaddset(&handled, number)
    }
    // Whoever started us may have had them blocked, and that is inherited.
    _ = unsafe pthread_sigmask(SIG_UNBLOCK, &handled, nil)
  }

  /// The next signal that has come; nil when none has.
  func next() -> Signal? {
    var byte: UInt8 = 0
    // One byte is read into one byte.
    guard unsafe Glibc.read(descriptor, &byte, 1) == 1 else { return nil }
    return Int32(byte) == SIGHUP ? .hangUp : .end
  }

  /// A reader that goes away is seen as an error of write(2) instead of ending the process.
  static func ignoreBrokenPipes() {
    _ = signal(SIGPIPE, SIG_IGN)
  }
}
