// SPDX-License-Identifier: Apache-2.0

import CThreads
import Glibc

/// A thread of the operating system that does one piece of work, under a name that `top -H` and debuggers show.
///
/// It has the privileges that the calling thread has at that moment. `join` waits for its end; without it the thread
/// is left to itself.
@safe
package struct SystemThread: ~Copyable, Sendable {
  private let thread: pthread_t

  /// The bytes of a name that the kernel keeps (TASK_COMM_LEN, less the end of the text).
  private static let longestName = 15

  /// Starts the thread; throws the system's error when it has none left (EAGAIN).
  ///
  /// - Parameters:
  ///   - name: ASCII; what is longer than 15 bytes is cut.
  ///   - work: kept until it has returned.
  package init(_ name: String, _ work: @escaping @Sendable () -> Void) throws(SystemError) {
    var thread = pthread_t()
    let order = unsafe Unmanaged.passRetained(Order(name: String(name.prefix(Self.longestName)), work: work))
    // The thread takes over the retained reference and releases it at its end.
    let status = unsafe pthread_create(
      &thread, nil,
      { context in
        guard let context = unsafe context else { return nil }
        unsafe Unmanaged<Order>.fromOpaque(context).takeRetainedValue().run()
        return nil
      }, order.toOpaque())
    guard status == 0 else {
      unsafe order.release()
      throw SystemError(status)
    }
    self.thread = thread
  }

  deinit { pthread_detach(thread) }

  /// Waits until the work is done; what it wrote is seen afterwards.
  package consuming func join() {
    // The thread was neither joined nor detached before: this value is used up by either.
    _ = pthread_join(thread, nil)
    discard self
  }

  /// The work that a thread is started with.
  private final class Order: Sendable {
    private let name: String
    private let work: @Sendable () -> Void

    init(name: String, work: @escaping @Sendable () -> Void) { (self.name, self.work) = (name, work) }

    func run() {
      // A thread without its name works as well. The text is terminated and copied by the call.
      _ = unsafe wt_threads_name(name)
      work()
    }
  }
}
