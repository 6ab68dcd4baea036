// SPDX-License-Identifier: Apache-2.0

package import Capture
import Synchronization
package import System

/// Writes the segments that workers read to capture files, on a thread of its own: all of them, or those around alerts.
///
///     worker ── SegmentQueue ──┐
///     worker ── SegmentQueue ──┴─▶ thread ─▶ CaptureBlocks ─▶ files in turn
///                                    ▲                   └──▶ the last seconds ─▶ a file an alert
///     reporter ── orders ────────────┘
///
/// Workers never wait: what finds no room in a queue is dropped and counted, and so is what the disk does not take.
package final class CaptureRecorder: Sendable {
  /// The plan of a recording: what is recorded, and where.
  package struct Plan: Sendable {
    package var names: CaptureNames
    /// Bytes of a file at most, about.
    package var size: UInt64
    /// Files that are kept.
    package var files: Int
    /// Nanoseconds before an alert from which on its file has all packets; nil when all are written.
    package var span: UInt64?
    /// The program and its version; what is watched, for people.
    package var program: String
    package var source: String
    package var depth: CaptureDepth
    /// Who gets the files that are made before the program gives up its user.
    package var owner: LogOwner?

    package init(
      names: CaptureNames, size: UInt64, files: Int, span: UInt64?, program: String, source: String,
      depth: CaptureDepth, owner: LogOwner? = nil
    ) {
      (self.names, self.size, self.files, self.span) = (names, size, files, span)
      (self.program, self.source, self.depth, self.owner) = (program, source, depth, owner)
    }
  }

  /// The counts of the recording so far.
  package struct Account: Sendable, Equatable {
    /// Packets that are in files, or were and gave way to newer ones.
    package internal(set) var written: UInt64 = 0
    /// Packets that no file took.
    package internal(set) var failed: UInt64 = 0
    /// What went wrong last, and with which file; nil while all works.
    package internal(set) var fault: String?
  }

  enum Order: Sendable {
    case reopen
    /// An alert was raised at a time, nanoseconds since 1970.
    case begin(id: String, path: String, at: UInt64)
    case end(id: String)
    case finish
  }

  private struct State {
    var account = Account()
    var orders: [Order] = []
    var isDone = false
  }

  package let plan: Plan
  /// One for each worker.
  package let queues: [SegmentQueue]
  private let pipe: WakePipe
  private let labels: LabelClock?
  private let state = Locked(State())

  /// Reserves the queues' memory.
  ///
  /// - Parameter labels: what the wall clock has become since the start, whose times segments have; nil for files.
  package init(
    _ plan: Plan, workers: Int, labels: LabelClock?, places: Int = SegmentQueue.places,
    room: Int = SegmentQueue.room
  ) throws(SystemError) {
    self.plan = plan
    self.labels = labels
    let pipe = WakePipe()
    self.pipe = pipe
    var queues: [SegmentQueue] = []
    for _ in 0..<workers { queues.append(try SegmentQueue(pipe, places: places, room: room)) }
    self.queues = queues
  }

  package var account: Account { state.withLock { $0.account } }

  /// Packets that are in no file: those that found no room in a queue, and those that no file took.
  package var dropped: UInt64 { queues.reduce(account.failed) { $0 &+ $1.dropped } }

  /// Starts the thread, which has the privileges of the calling one. Files that are open by now are in `files`.
  package func start(_ files: consuming CaptureFiles) throws(SystemError) {
    let files = Files(files)
    _ = try SystemThread("wt-write") { [self] in work(files) }
  }

  /// Opens the current file again, if it was moved away.
  package func reopen() { give(.reopen) }

  /// An alert was raised at a time, nanoseconds since 1970: its file begins.
  package func begin(id: String, path: String, at time: UInt64) {
    give(.begin(id: id, path: path, at: time))
  }

  /// An alert is over: its file ends.
  package func end(id: String) { give(.end(id: id)) }

  /// Has the thread write what waits and end.
  package func finish() { give(.finish) }

  /// Whether the thread has ended.
  package var isDone: Bool { state.withLock { $0.isDone } }

  private func give(_ order: Order) {
    state.withLock { $0.orders.append(order) }
    pipe.wake()
  }

  // MARK: The thread's side

  /// Hands the files to the thread, which alone uses them.
  private final class Files: @unchecked Sendable {
    var files: CaptureFiles
    init(_ files: consuming CaptureFiles) { self.files = files }
  }

  /// Milliseconds that the thread sleeps when nothing comes: a wake-up may be missed.
  private static let patience: Int32 = 1_000
  /// Bytes that are written at once.
  private static let piece = 256 << 10

  private func work(_ box: Files) {
    var blocks = CaptureBlocks(capacity: Self.piece + (64 << 10))
    while true {
      let orders = state.withLock { state in
        let orders = state.orders
        state.orders = []
        return orders
      }
      // What was read before an order is in the file that the order is about.
      drain(&blocks, box)
      var isOver = false
      for order in orders {
        if case .finish = order { isOver = true } else { box.files.obey(order) }
      }
      // No worker runs any more then.
      while isOver, queues.contains(where: { $0.waiting > 0 }) { drain(&blocks, box) }
      let account = box.files.account
      state.withLock { $0.account = account }
      if isOver { break }
      rest()
    }
    box.files.close()
    let account = box.files.account
    state.withLock {
      $0.account = account
      $0.isDone = true
    }
  }

  /// Pieces after which orders are looked at, however much waits.
  private static let pieces = 64

  /// Writes what waits now, in the order of time as far as it has come in.
  private func drain(_ blocks: inout CaptureBlocks, _ box: Files) {
    let shift = labels?.shift ?? 0
    var pieces = 0
    while pieces < Self.pieces {
      var earliest: UInt64?
      var chosen = 0
      for index in queues.indices {
        guard let time = queues[index].nextTime else { continue }
        if let best = earliest, best <= time { continue }
        (earliest, chosen) = (time, index)
      }
      guard earliest != nil else { break }
      queues[chosen].take(into: &blocks, shift: shift)
      guard blocks.bytes.count >= Self.piece else { continue }
      box.files.write(blocks)
      blocks.clear()
      pieces += 1
    }
    if blocks.packets > 0 { box.files.write(blocks) }
    blocks.clear()
  }

  /// Sleeps until a worker or an order wakes the thread.
  private func rest() {
    var maySleep = true
    for queue in queues where !queue.sleep() { maySleep = false }
    if maySleep { pipe.wait(Self.patience) }
  }
}
