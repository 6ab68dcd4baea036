// SPDX-License-Identifier: Apache-2.0

import Capture
import Synchronization
import System

/// A worker on a thread of its own, from its start to its end.
///
/// Everything the worker owns is touched by its thread alone until `join` has returned.
final class WorkerThread: @unchecked Sendable {
  // Sendable because the worker belongs to the thread between start and join, and the rest is atomic.
  private let worker: TrafficWorker
  private let isStopping = Atomic<Bool>(false)
  private let hasFailed = Atomic<Bool>(false)
  private let number: Int
  private var thread: SystemThread?
  /// The reason why the worker ended before it was asked to; read it after `hasEndedEarly` or `join`.
  private(set) var failure: CaptureError?

  /// Milliseconds a worker waits for segments before it looks whether some came that nobody woke it for. Each look
  /// finds cold caches: docs/performance.md has what it costs.
  private static let patience: Int32 = 80

  /// - Parameter number: from 1 on, for the thread's name.
  init(_ worker: TrafficWorker, number: Int) { (self.worker, self.number) = (worker, number) }

  /// Starts the thread; throws when the system has none left.
  func start() throws(SystemError) { thread = try SystemThread("wt-worker-\(number)") { [self] in work() } }

  /// Whether the source has failed; then `failure` says why.
  var hasEndedEarly: Bool { hasFailed.load(ordering: .acquiring) }

  /// Asks the worker to drain its source and end.
  func stop() {
    // What the source was given before must be seen by the worker that sees this.
    isStopping.store(true, ordering: .releasing)
  }

  /// The same, and waits until it has.
  func join() {
    stop()
    thread.take()?.join()
  }

  private func work() {
    do throws(CaptureError) {
      while !isStopping.load(ordering: .acquiring) {
        // A source that has ended does not wait: the worker would only keep a processor busy.
        if case .ended = try worker.step(timeout: Self.patience) { break }
      }
      // The source has been stopped: what it still holds is all there is.
      while case .delivered(let count) = try worker.step(timeout: 0), count > 0 {}
    } catch {
      failure = error
      // Publishes `failure`.
      hasFailed.store(true, ordering: .releasing)
    }
    worker.finish()
  }
}
