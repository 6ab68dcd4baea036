// SPDX-License-Identifier: Apache-2.0

import Glibc
import Reporting
import System

/// Standard output, for the outputs that print: whole pages or lines, in order.
///
/// Live, they go through a bounded queue, and what does not fit is dropped and counted. When files are read, the caller
/// waits for the reader, and nothing is dropped.
final class StandardOutput: Output {
  /// The unit that is dropped whole.
  enum Unit: String { case page, line }

  /// Whether somebody reads standard output.
  private(set) var hasReader = true

  /// Bytes that are queued for a slow reader: many pages, or a few of the longest lines of JSON.
  private static let capacity = 1 << 20
  /// Nanoseconds between two reports of what was dropped.
  private static let reportEvery: UInt64 = 10_000_000_000

  /// Whether writing never waits for the reader.
  let isQueued: Bool
  private let unit: Unit
  private let output: ByteOutput
  private var queue: OutputQueue?
  /// A fault of writing was reported and lasts.
  private var isFaulty = false
  private var reported: UInt64 = 0
  private var nextReport: UInt64 = 0
  /// Records of units that could not be written, where nothing is queued.
  private var failedRecords: UInt64 = 0
  /// What was left when the output was drained.
  private var leftRecords: UInt64 = 0
  private var isDrained = false

  /// - Parameters:
  ///   - isQueued: the caller must not wait.
  ///   - descriptor: 1, except in tests.
  init(isQueued: Bool, unit: Unit, descriptor: Int32 = 1) {
    self.isQueued = isQueued
    self.unit = unit
    output = ByteOutput(descriptor: descriptor, isEnding: { Interruption.isEnding })
    // Its thread waits for the reader as long as the process is there.
    queue =
      isQueued
      ? OutputQueue(ByteOutput(descriptor: descriptor), capacity: Self.capacity, name: "wt-stdout") : nil
  }

  func open() {
    // Without a thread the caller waits, as when files are read. The workers' threads come next, and say so.
    do throws(SystemError) { try queue?.start() } catch { queue = nil }
  }

  /// Writes a unit, or queues it; `records` is how many lines of single exchanges it holds.
  func write(_ bytes: [UInt8], records: Int = 1, isLast: Bool = false) {
    guard hasReader, !bytes.isEmpty else {
      failedRecords += UInt64(records)
      return
    }
    if let queue {
      queue.add(bytes, records: records, isLast: isLast)
      return
    }
    do throws(ByteOutput.Failure) {
      try output.write(bytes)
      isFaulty = false
    } catch {
      failedRecords += UInt64(records)
      report(error)
    }
  }

  /// Whether fewer than `limit` bytes are queued.
  func hasRoom(below limit: Int) -> Bool { queue.map { $0.account.waitingBytes < limit } ?? true }

  /// The number of units that were dropped because the reader is too slow.
  var droppedUnits: UInt64 { queue?.account.dropped ?? 0 }

  var dropped: OutputCounters {
    var counters = OutputCounters()
    switch unit {
    case .page: counters.pages = droppedUnits
    case .line: counters.lines = droppedUnits
    }
    return counters
  }

  /// The records that were accepted and not written; final once the output is drained.
  var unwrittenRecords: UInt64 { failedRecords + leftRecords + (queue?.account.failedRecords ?? 0) }

  var warnings: [String] { droppedUnits > 0 ? [droppedText(droppedUnits)] : [] }

  func tick(_ reporter: Reporter, at now: UInt64) { follow(at: now) }

  /// Reports what has become of what was queued; `now` is capture time.
  func follow(at now: UInt64) {
    guard let account = queue?.account else { return }
    if let failure = account.failure { report(failure) } else { isFaulty = false }
    guard account.dropped > reported, now >= nextReport else { return }
    nextReport = now &+ Self.reportEvery
    Failure.say(droppedText(account.dropped - reported), .warning)
    reported = account.dropped
  }

  /// Waits for the reader for a bounded time, and reports what it did not take.
  func drain() {
    guard let queue, !isDrained else { return }
    isDrained = true
    let account = hasReader ? queue.drain() : queue.account
    queue.finish()
    leftRecords = account.waitingRecords
    if let failure = account.failure { report(failure) }
    if account.waiting > 0, hasReader {
      let count = account.waiting
      Failure.say(
        "cannot write to standard output: \(ByteOutput.Failure.stuck); \(count) \(unit.rawValue)\(count == 1 ? " was" : "s were") not written"
      )
    }
  }

  func close(isInterrupted: () -> Bool) { drain() }

  private func droppedText(_ count: UInt64) -> String {
    "\(count) \(unit.rawValue)\(count == 1 ? "" : "s") dropped: standard output is read too slowly"
  }

  private func report(_ failure: ByteOutput.Failure) {
    // EIO: the terminal has gone.
    if failure == .closed || failure == .system(EIO) {
      hasReader = false
      return
    }
    if failure == .stuck { hasReader = false }
    // Reported once until writing works again; the watch and its alerts continue.
    if isFaulty { return }
    isFaulty = true
    Failure.say("cannot write to standard output: \(failure); what was to be shown is lost", .warning)
  }
}
