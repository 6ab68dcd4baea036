// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import System

/// Signals as marks, which none can be lost of, and as bytes in a pipe, so that they can be waited for
/// like everything else.
@safe
final class Interruption {
  enum Signal: Sendable {
    /// SIGINT, SIGTERM: end now, with the summary.
    case end
    /// SIGHUP: the alert log was rotated, or the terminal has gone.
    case hangUp
    /// SIGTSTP: to be stopped, as by ctrl-z; only while a screen is on.
    case stop
    /// SIGCONT: it continues; only while a screen is on.
    case resume

    fileprivate init(_ number: Int32) {
      switch number {
      case SIGHUP: self = .hangUp
      case SIGTSTP: self = .stop
      case SIGCONT: self = .resume
      default: self = .end
      }
    }

    /// Its bit among those that have come.
    fileprivate var mark: UInt32 {
      switch self {
      case .end: 1
      case .hangUp: 2
      case .stop: 4
      case .resume: 8
      }
    }
  }

  /// Readable when a signal has come; -1 when the system had no pipe left.
  let descriptor: Int32

  /// Signals that have come and were not asked for yet, `Signal.mark` each.
  private static let pending = Atomic<UInt32>(0)
  private static let ending = Atomic<Bool>(false)

  /// Whether the end was asked for, by whichever signal.
  static var isEnding: Bool { ending.load(ordering: .relaxed) }

  /// The writing end, for the handler: a signal handler has no other way to reach it.
  private static let target = Atomic<Int32>(-1)

  /// Takes the signals over for the life of the process.
  /// - Parameter handlesStops: the terminal has to be put back before the process is stopped.
  init(handlesStops: Bool = false) {
    // Without a pipe a signal is seen when the next wait is over.
    let ends = try? PipeEnds(blocks: false)
    descriptor = ends?.reading ?? -1
    // The handler may run as soon as it is installed: the descriptor comes first.
    Self.target.store(ends?.writing ?? -1, ordering: .sequentiallyConsistent)
    var handled = sigset_t()
    // The set is filled by sigemptyset and sigaddset before it is used.
    _ = unsafe sigemptyset(&handled)
    for number in [SIGINT, SIGTERM, SIGHUP] + (handlesStops ? [SIGTSTP, SIGCONT] : []) {
      Self.take(number)
      _ = unsafe sigaddset(&handled, number)
    }
    // The parent process may have had them blocked, and that is inherited.
    _ = unsafe pthread_sigmask(SIG_UNBLOCK, &handled, nil)
  }

  /// Installs the handler for a signal.
  private static func take(_ number: Int32) {
    var action = sigaction()
    // Only atomics and write(2), which are async-signal-safe; errno is put back.
    unsafe action.__sigaction_handler.sa_handler = { number in
      let before = errno
      let signal = Interruption.Signal(number)
      Interruption.pending.bitwiseOr(signal.mark, ordering: .relaxed)
      if signal == .end { Interruption.ending.store(true, ordering: .relaxed) }
      var byte = UInt8(truncatingIfNeeded: number)
      _ = unsafe Glibc.write(Interruption.target.load(ordering: .relaxed), &byte, 1)
      errno = before
    }
    action.sa_flags = SA_RESTART
    _ = unsafe sigaction(number, &action, nil)
  }

  /// Stops the process, as ctrl-z does when nobody handles it; returns when it continues.
  static func stop() {
    _ = signal(SIGTSTP, SIG_DFL)
    // To the process: the shell waits for all of it.
    _ = kill(getpid(), SIGTSTP)
    take(SIGTSTP)
  }

  /// The next signal that has come; nil when none has.
  func next() -> Signal? {
    var bytes: (UInt64, UInt64) = (0, 0)
    // The bytes only wake; whatever fits is read into the local value.
    _ = unsafe Glibc.read(descriptor, &bytes, 16)
    let marks = Self.pending.load(ordering: .relaxed)
    // The end comes before all else.
    for signal in [Signal.end, .hangUp, .stop, .resume] where marks & signal.mark != 0 {
      Self.pending.bitwiseAnd(~signal.mark, ordering: .relaxed)
      return signal
    }
    return nil
  }

  /// A reader that goes away, and a file that may not grow (ulimit -f), are seen as errors of write(2)
  /// instead of ending the process.
  static func ignoreFailedWrites() {
    _ = signal(SIGPIPE, SIG_IGN)
    _ = signal(SIGXFSZ, SIG_IGN)
  }
}
