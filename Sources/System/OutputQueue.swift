// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Whole units of bytes on their way to a descriptor. A thread of the queue's own writes them: the caller never waits.
///
///     caller ── add ──▶ [unit][unit][unit] ── thread ──▶ write(2)
///                │
///                └ no room: the whole unit is dropped and counted
///
/// A unit, such as a page or a line, is written whole, unless writing fails or the process ends in the midst of it.
/// Every kind of descriptor can hold up that thread (a pipe that is full, a terminal after Ctrl-S, a file system
/// that hangs), and none the caller.
package final class OutputQueue: Sendable {
  /// The counts of units so far. Records are what the caller says a unit holds: lines, as a rule.
  package struct Account: Sendable, Equatable {
    /// The units, and their bytes and records, that are queued or being written.
    package fileprivate(set) var waiting = 0
    package fileprivate(set) var waitingBytes = 0
    package fileprivate(set) var waitingRecords: UInt64 = 0
    /// The units that found no room.
    package fileprivate(set) var dropped: UInt64 = 0
    /// The units, and the records in them, that could not be written.
    package fileprivate(set) var failed: UInt64 = 0
    package fileprivate(set) var failedRecords: UInt64 = 0
    /// The bytes written.
    package fileprivate(set) var written: UInt64 = 0
    /// The reason why the last unit could not be written; nil while writing works.
    package fileprivate(set) var failure: ByteOutput.Failure?
  }

  private struct Unit {
    var bytes: [UInt8] = []
    var records: UInt64 = 0
  }

  private struct State {
    var account = Account()
    /// The units not begun yet are those from `next` on.
    var units: [Unit] = []
    var next = 0
    var isClosing = false

    mutating func take() -> Unit? {
      guard next < units.count else { return nil }
      let unit = units[next]
      units[next] = Unit()
      next += 1
      // Amortised: each unit is moved at most once for every one taken.
      if next == units.count || next > 256 && next * 2 > units.count {
        units.removeFirst(next)
        next = 0
      }
      return unit
    }
  }

  private let output: ByteOutput
  private let capacity: Int
  private let name: String
  private let state = Locked(State())
  /// What wakes the thread.
  private let pipe = WakePipe()

  /// Bytes a call of write(2), after each of which progress can be seen (PIPE_BUF on Linux).
  private static let piece = 4_096

  /// A queue of `capacity` bytes, whose thread gets `name`. Nothing is written before `start`.
  package init(_ output: ByteOutput, capacity: Int, name: String = "wt-output") {
    self.output = output
    self.capacity = capacity
    self.name = name
  }

  /// Starts the thread, which has the privileges of the calling one; throws when the system has none left.
  package func start() throws(SystemError) {
    // It ends by itself, after `finish`.
    _ = try SystemThread(name) { [self] in work() }
  }

  /// What has become of the units so far.
  package var account: Account { state.withLock { $0.account } }

  /// Queues a unit; false when there is no room and it was dropped. An empty queue takes a unit of any size.
  ///
  /// - Parameters:
  ///   - records: how many records the unit holds, for the account.
  ///   - isLast: the unit is taken whatever is queued.
  @discardableResult
  package func add(_ bytes: [UInt8], records: Int = 1, isLast: Bool = false) -> Bool {
    let isAdded = state.withLock { state in
      let waiting = state.account.waitingBytes
      guard isLast || waiting == 0 || waiting + bytes.count <= capacity else {
        state.account.dropped += 1
        return false
      }
      // Bytes that the thread alone has: the caller's next text goes into the same buffer, which would be copied
      // then while this unit waits. And when the thread is done with a shared one the sanitizer cannot see: it does
      // not know the runtime's reference counts.
      var own: [UInt8] = []
      own.reserveCapacity(bytes.count)
      own.append(contentsOf: bytes)
      state.units.append(Unit(bytes: own, records: UInt64(records)))
      state.account.waiting += 1
      state.account.waitingBytes += bytes.count
      state.account.waitingRecords += UInt64(records)
      return true
    }
    if isAdded { pipe.wake() }
    return isAdded
  }

  /// Waits until all is written, but no longer than `limit`, and no longer than `patience` without a byte being taken
  /// (both in milliseconds); returns the account, whose `waiting` is what was not written.
  package func drain(patience: Int = 1_000, limit: Int = 30_000) -> Account {
    var before = account
    let end = Deadline(milliseconds: limit)
    var standstill = Deadline(milliseconds: patience)
    while before.waiting > 0, !end.isOver, !standstill.isOver {
      // A pause; a signal makes it a shorter one.
      _ = poll(nil, 0, 10)
      let now = account
      if now.written != before.written || now.failed != before.failed {
        standstill = Deadline(milliseconds: patience)
      }
      before = now
    }
    return before
  }

  /// Lets the thread end once nothing is queued.
  package func finish() {
    state.withLock { $0.isClosing = true }
    pipe.wake()
  }

  // MARK: The thread's side

  private func work() {
    while true {
      let (unit, isClosing) = state.withLock { ($0.take(), $0.isClosing) }
      if let unit {
        write(unit)
      } else if isClosing {
        return
      } else {
        pipe.wait(-1)
      }
    }
  }

  private func write(_ unit: Unit) {
    var start = 0
    var failure: ByteOutput.Failure?
    while start < unit.bytes.count, failure == nil {
      let end = min(unit.bytes.count, start + Self.piece)
      do throws(ByteOutput.Failure) {
        try output.write(Array(unit.bytes[start..<end]))
        state.withLock { $0.account.written += UInt64(end - start) }
      } catch {
        failure = error
      }
      start = end
    }
    state.withLock { state in
      state.account.waiting -= 1
      state.account.waitingBytes -= unit.bytes.count
      state.account.waitingRecords -= unit.records
      state.account.failure = failure
      if failure != nil {
        state.account.failed += 1
        state.account.failedRecords += unit.records
      }
    }
  }
}
