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
    /// SIGTSTP: to be stopped, as by ctrl-z; only while a screen is on.
    case stop
    /// SIGCONT: it goes on; only while a screen is on.
    case goOn
  }

  /// Readable when a signal has come.
  let descriptor: Int32

  /// The writing end, for the handler: a signal handler has no other way to reach it.
  private static let target = Atomic<Int32>(-1)

  /// Takes the signals over for the life of the process.
  /// - Parameter handlesStops: the terminal has to be put back before the process is stopped.
  init(handlesStops: Bool = false) {
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
    for number in [SIGINT, SIGTERM, SIGHUP] + (handlesStops ? [SIGTSTP, SIGCONT] : []) {
      Self.take(number)
      _ = unsafe sigaddset(&handled, number)
    }
    // Whoever started us may have had them blocked, and that is inherited.
    _ = unsafe pthread_sigmask(SIG_UNBLOCK, &handled, nil)
  }

  /// Installs the handler for a signal.
  private static func take(_ number: Int32) {
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
  }

  /// Stops the process, as ctrl-z does when nobody handles it; returns when it goes on.
  static func stop() {
    _ = signal(SIGTSTP, SIG_DFL)
    // To the process: the shell waits for all of it.
    _ = kill(getpid(), SIGTSTP)
    take(SIGTSTP)
  }

  /// The next signal that has come; nil when none has.
  func next() -> Signal? {
    var byte: UInt8 = 0
    // One byte is read into one byte.
    guard unsafe Glibc.read(descriptor, &byte, 1) == 1 else { return nil }
    return switch Int32(byte) {
    case SIGHUP: .hangUp
    case SIGTSTP: .stop
    case SIGCONT: .goOn
    default: .end
    }
  }

  /// A reader that goes away is seen as an error of write(2) instead of ending the process.
  static func ignoreBrokenPipes() {
    _ = signal(SIGPIPE, SIG_IGN)
  }
}
