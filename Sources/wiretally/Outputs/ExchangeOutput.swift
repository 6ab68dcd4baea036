// SPDX-License-Identifier: Apache-2.0

import Alerting
import Capture
import ExchangeStream
import Glibc
import Reporting
import Statistics
import Text

/// Single exchanges on standard output, a line each, from the exchange stream of all workers (`--follow`, access logs).
///
/// Live, nothing here waits for the reader: lines are made ahead of it up to a limit, the rest stays in the exchange
/// stream's queue, and what finds no room there is dropped by the worker, counted, and reported.
final class ExchangeOutput: Output {
  let pace: Int32 = 20

  /// Bytes of lines that are made ahead of a slow reader.
  private static let aheadLimit = 65_536
  /// Bytes of a unit that is written at once, beside its last line (PIPE_BUF on Linux).
  private static let unitSize = 4_096
  /// Units made at one go: a flood must not keep everything else waiting.
  private static let unitsPerTick = 256
  /// Nanoseconds between two warnings of dropped exchanges.
  private static let warnEvery: UInt64 = 10_000_000_000

  private let output: StandardOutput
  private let stream: ExchangeReader
  private var lines: ExchangeLines
  private var text = ByteText()
  private var record = ExchangeRecord()
  private var shown: UInt64 = 0
  private var leftOut: UInt64 = 0
  private let filter: ExchangeFilter?
  /// Lines after which the output is complete; nil for none.
  private let limit: UInt64?
  /// Exchanges that the filter does not show.
  private var filtered: UInt64 = 0
  private var droppedBefore: UInt64 = 0
  private var nextWarning: UInt64 = 0

  init(
    _ lines: ExchangeLines, filter: ExchangeFilter? = nil, limit: UInt64? = nil, _ output: StandardOutput,
    _ stream: ExchangeReader
  ) {
    self.lines = lines
    self.filter = filter
    self.limit = limit
    self.output = output
    self.stream = stream
    stream.listen()
    // One thread reads and writes: it makes room by itself, and nothing is dropped.
    if !output.isQueued {
      for writer in stream.writers { writer.whenFull = { [weak self] in self?.write(units: .max) } }
    }
  }

  /// A reader who has asked for a number of exchanges has had enough with them.
  var hasReader: Bool { limit.map { shown < $0 } ?? true }

  var dropped: OutputCounters {
    var counters = OutputCounters()
    counters.exchanges = stream.dropped
    return counters
  }

  func tick(_ reporter: Reporter, at now: UInt64) {
    warn(at: now)
    write(units: output.isQueued ? Self.unitsPerTick : .max)
  }

  func interval(_ report: IntervalReport, _ reporter: Reporter) {
    guard lines.format == .json else { return }
    for change in report.changes { output.write(change.json, records: 0) }
  }

  func finish(_ reporter: Reporter, at now: UInt64) {
    warn(at: now)
    // The workers have ended: as much as the reader takes within its time.
    var rounds = 50
    while output.hasReader, hasReader, rounds > 0 {
      let before = shown + leftOut + filtered
      if write(units: .max) { return }
      rounds = shown + leftOut + filtered == before ? rounds - 1 : 50
      // A pause of 20 ms; a signal makes it a shorter one.
      _ = poll(nil, 0, 20)
    }
  }

  /// Reports on standard error what was written and what was not.
  func summary(_ life: Snapshot, _ reporter: Reporter) {
    output.drain()
    var unread: UInt64 = 0
    while stream.next(into: &record) { unread += 1 }
    let unwritten = min(shown, output.unwrittenRecords)
    let count = shown - unwritten
    let exchanges = "\(count) \(count == 1 ? "exchange" : "exchanges")"
    var parts: [String] = []
    // What came after the last one that was asked for was not to be written.
    if !hasReader { unread = 0 }
    if unwritten + unread > 0 {
      parts.append("\(unwritten + unread) not written (output closed or too slow)")
    }
    if filtered > 0 { parts.append("\(filtered) not shown by --where") }
    if leftOut > 0 { parts.append("\(leftOut) without a request or an answer left out") }
    if stream.dropped > 0 { parts.append("\(stream.dropped) dropped (output too slow)") }
    if life.capture.lost > 0 { parts.append("\(life.capture.lost) heads lost before they were read") }
    parts += life.capture.preCaptureDropTexts(reporter.label)
    Failure.say(parts.isEmpty ? exchanges : exchanges + ", " + parts.joined(separator: ", "))
  }

  /// Makes lines of records and writes them, while there is room; true when no record is left.
  @discardableResult
  private func write(units: Int) -> Bool {
    var made = 0
    while made < units, hasReader, output.hasReader, output.hasRoom(below: Self.aheadLimit) {
      made += 1
      text.clear()
      var count = 0
      var isEmpty = false
      while text.bytes.count < Self.unitSize, !isEmpty, limit.map({ shown + UInt64(count) < $0 }) ?? true {
        guard stream.next(into: &record) else {
          isEmpty = true
          break
        }
        if let filter, !filter.passes(record) {
          filtered += 1
        } else if lines.append(record, to: &text) {
          count += 1
        } else {
          leftOut += 1
        }
      }
      shown += UInt64(count)
      if count > 0 { output.write(text.bytes, records: count) }
      if isEmpty { return true }
    }
    return false
  }

  private func warn(at now: UInt64) {
    let dropped = stream.dropped
    guard dropped > droppedBefore, now >= nextWarning else { return }
    nextWarning = now &+ Self.warnEvery
    let count = dropped - droppedBefore
    droppedBefore = dropped
    if let line = lines.dropped(count) { output.write(line, records: 0) }
    Failure.say(
      "\(count) exchanges dropped: output too slow or too many requests outstanding",
      .warning)
  }
}
