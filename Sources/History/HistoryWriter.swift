// SPDX-License-Identifier: Apache-2.0

package import System

/// The appending to a history: intervals go through a bounded queue to a thread that writes them, or, where the caller
/// may wait, are written at once.
///
///     caller ── append ──▶ [interval][interval] ── thread ──▶ write(2)
///                  └ no room: dropped and counted
package final class HistoryWriter: Sendable {
  /// Bytes that may wait for a slow file.
  private static let capacity = 16 << 20
  /// Milliseconds between two looks, at the end, at whether all is written.
  private static let pace: Int32 = 10

  /// The state of writing.
  package struct Account: Sendable, Equatable {
    /// Intervals that are in no file: no room in the queue, or writing failed.
    package fileprivate(set) var dropped: UInt64 = 0
    /// What is wrong, for the reader of the page; nil while all is written.
    package fileprivate(set) var warning: String?
    fileprivate var waiting = 0
    /// The files at the paths are not those that are written.
    fileprivate var isReopening = false
  }

  private struct Item {
    var body: [UInt8]
    var head: HistoryHead
  }

  private struct Queue {
    var items: [Item] = []
    var bytes = 0
    var wantsReopening = false
    var isClosing = false
  }

  /// What the operator is to know of what was found at the start.
  package let notices: [String]
  package let index: HistoryIndex
  private let path: String
  private let limit: Int
  private let run: HistoryRun
  private let files: Locked<HistoryFiles>
  private let queue = Locked(Queue())
  private let state = Locked(Account())
  private let pipe = WakePipe()
  /// Nobody writes to it.
  private let pause = WakePipe()
  private let isQueued: Bool

  /// Opens the history and begins a watch in it.
  ///
  /// - Parameters:
  ///   - limit: bytes of both files.
  ///   - owner: who writes them later on; what is made here is made for them.
  ///   - isQueued: the caller must not wait; `start` starts the thread.
  package init(
    _ path: String, limit: Int, run: HistoryRun, owner: LogOwner? = nil, isQueued: Bool
  ) throws(HistoryError) {
    (self.path, self.limit, self.run, self.isQueued) = (path, limit, run, isQueued)
    let index = HistoryIndex()
    do throws(SystemError) {
      try LogFile.makeDirectories(above: path, owner: owner)
    } catch {
      throw .system(path: path, doing: "write", error)
    }
    var files = try HistoryFiles(path, limit: limit, owner: owner, index: index)
    notices = files.notices
    do throws(SystemError) {
      try files.begin(run)
    } catch {
      throw .system(path: path, doing: "write", error)
    }
    self.index = index
    self.files = Locked(files)
  }

  /// Starts the thread that writes.
  package func start() throws(SystemError) {
    guard isQueued else { return }
    // It ends by itself, after `finish`.
    _ = try SystemThread("wt-history") { [self] in work() }
  }

  package var account: Account { state.withLock { $0 } }

  /// Appends an interval, or queues it.
  package func append(_ interval: HistoryInterval) {
    let item = Item(body: interval.body(run), head: HistoryHead(interval.snapshot))
    guard item.body.count <= HistoryFormat.longestBody else {
      return drop("an interval is too large to be kept")
    }
    guard isQueued else { return write(item) }
    let isAdded = queue.withLock { queue in
      guard queue.bytes + item.body.count <= Self.capacity else { return false }
      queue.items.append(item)
      queue.bytes += item.body.count
      return true
    }
    if !isAdded { return drop("cannot write the history \(path): the file is too slow") }
    state.withLock { $0.waiting += 1 }
    pipe.wake()
  }

  /// Opens the files again that lie at the paths now (SIGHUP).
  package func reopen() {
    guard isQueued else { return reopenFiles() }
    queue.withLock { $0.wantsReopening = true }
    pipe.wake()
  }

  /// Waits until all is written, for at most this many milliseconds, and lets the thread end; returns how many intervals
  /// still wait.
  @discardableResult
  package func finish(limit: Int, isInterrupted: () -> Bool) -> Int {
    let end = Deadline(milliseconds: limit)
    while account.waiting > 0, !end.isOver, !isInterrupted() { pause.wait(Self.pace) }
    queue.withLock { $0.isClosing = true }
    pipe.wake()
    return account.waiting
  }

  private func drop(_ warning: String) {
    state.withLock { state in
      state.dropped += 1
      state.warning = "\(warning); \(state.dropped) intervals are not in it"
    }
  }

  // MARK: The thread's side

  private func work() {
    while true {
      let (items, wantsReopening, isClosing) = queue.withLock { queue in
        defer { (queue.items, queue.bytes, queue.wantsReopening) = ([], 0, false) }
        return (queue.items, queue.wantsReopening, queue.isClosing)
      }
      if wantsReopening { reopenFiles() }
      for item in items {
        write(item)
        state.withLock { $0.waiting -= 1 }
      }
      if items.isEmpty, !wantsReopening {
        if isClosing { return }
        pipe.wait(-1)
      }
    }
  }

  private func write(_ item: Item) {
    if files.withLock({ !$0.areInPlace }) { reopenFiles() }
    do throws(SystemError) {
      try files.withLock { files throws(SystemError) in try files.append(item.body, item.head) }
      // One that could not be reopened takes them all the same.
      state.withLock { if !$0.isReopening { $0.warning = nil } }
    } catch {
      drop("cannot write the history \(path): \(error.reason)")
    }
  }

  /// Continues in the files that lie at the paths now, unless they are others' or cannot be made: then in the old ones.
  private func reopenFiles() {
    do throws(HistoryError) {
      if files.withLock({ $0.areInPlace }) {
        state.withLock { ($0.warning, $0.isReopening) = (nil, false) }
        return
      }
      let found = HistoryIndex(), before = files.withLock { $0 }
      var opened = try HistoryFiles(path, limit: limit, index: found, after: before)
      do throws(SystemError) {
        try opened.begin(run)
      } catch {
        throw .system(path: path, doing: "write", error)
      }
      opened.fill(index, from: found)
      files.withLock { $0 = opened }
      state.withLock { ($0.warning, $0.isReopening) = (nil, false) }
    } catch {
      state.withLock { state in
        state.isReopening = true
        state.warning = "\(error); the history continues in the files that were taken away"
      }
    }
  }
}
