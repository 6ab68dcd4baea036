// SPDX-License-Identifier: Apache-2.0

import Alerting
import Text
import Capture
import Exchanges
import ExchangeStream
import Glibc
import Reporting
import System
import Statistics

/// `--follow`: a line an exchange on standard output, from the exchange stream of all workers.
///
/// Live, nothing here waits for the reader of the output: what is not accepted stays in the exchange stream's queue, and
/// what does not fit there is dropped by the worker, counted, and reported.
final class Follower {
  let stream: ExchangeReader
  /// The reader of standard output has gone.
  private(set) var hasReader = true

  /// Lines are made ahead of a slow reader up to this many bytes; the rest waits in the queue.
  private static let bufferLimit = 65_536
  /// Nanoseconds between two warnings of dropped exchanges.
  private static let warnEvery: UInt64 = 10_000_000_000

  private let output = ByteOutput(descriptor: 1)
  private var lines: ExchangeLines
  private var text = ByteText()
  /// Bytes of `text` that have been written.
  private var written = 0
  private var record = ExchangeRecord()
  private var isFull = false
  private var shown: UInt64 = 0
  private var leftOut: UInt64 = 0
  /// Lines that were made and not written, and records of which no line was made.
  private var unwritten: UInt64 = 0
  private var unread: UInt64 = 0
  private var droppedBefore: UInt64 = 0
  private var nextWarning: UInt64 = 0

  /// - Parameter workers: each gets one of `feed.writers`.
  init(_ format: ExchangeLines.Format, workers: Int, limits: ExchangeLimits) {
    lines = ExchangeLines(format)
    stream = ExchangeReader(workers: workers, pendingExchanges: limits.pendingRequests)
    stream.listen()
  }

  /// Whether lines wait for the reader of the output.
  var isBehind: Bool { written < text.bytes.count }

  /// Writes what has come, as far as the output takes it without waiting; `now` is capture time.
  func writeAvailable(at now: UInt64) {
    warn(at: now)
    repeat {
      fill()
      let before = written
      attempt { () throws(ByteOutput.Failure) in
        written += try output.writeAvailable(text.bytes[written...])
      }
      if written == before { return }
    } while hasReader
  }

  /// Writes what is left at the end; a reader that takes nothing for a second is waited for no longer.
  func writeLast(at now: UInt64) {
    var patience = 50
    while hasReader, patience > 0 {
      let before = written
      writeAvailable(at: now)
      guard isBehind else { return }
      patience = written == before ? patience - 1 : 50
      // An interrupted sleep is a shorter one.
      _ = poll(nil, 0, 20)
    }
  }

  /// Writes all that has come, however long the output takes.
  func writeAll() {
    while true {
      fill()
      guard isBehind, hasReader else { return }
      attempt { () throws(ByteOutput.Failure) in
        try output.write(Array(text.bytes[written...]))
        written = text.bytes.count
      }
    }
  }

  /// An alert's change: a line of its own in JSON, on standard error otherwise.
  func tell(_ change: AlertTransition, json: [UInt8]) {
    if lines.format == .json {
      text.append(json[...])
    } else if !Failure.isJournal {
      Failure.say(change.sentence(.local))
    }
  }

  /// Says on standard error what was written and what was not; after the last write.
  func summarize(_ life: Snapshot, _ label: CaptureLabel) {
    giveUpBuffer()
    while stream.next(into: &record) { unread += 1 }
    let count = shown - min(shown, unwritten)
    let exchanges = "\(count) \(count == 1 ? "exchange" : "exchanges")"
    var parts: [String] = []
    if unwritten + unread > 0 {
      parts.append("\(unwritten + unread) not written, since the output took no more")
    }
    if leftOut > 0 { parts.append("\(leftOut) without a request or an answer left out") }
    if stream.dropped > 0 { parts.append("\(stream.dropped) dropped, since the output was read too slowly") }
    if life.capture.lost > 0 { parts.append("\(life.capture.lost) heads lost before they were read") }
    parts += life.capture.preCaptureDropTexts(label)
    Failure.say(parts.isEmpty ? exchanges : exchanges + ", " + parts.joined(separator: ", "))
  }

  /// Makes lines of records until there are enough of them.
  private func fill() {
    if written == text.bytes.count {
      text.clear()
      written = 0
    }
    while text.bytes.count < Self.bufferLimit, stream.next(into: &record) {
      if lines.append(record, to: &text) { shown += 1 } else { leftOut += 1 }
    }
  }

  private func giveUpBuffer() {
    unwritten += UInt64(text.bytes[written...].count { $0 == UInt8(ascii: "\n") })
    written = text.bytes.count
  }

  private func warn(at now: UInt64) {
    let dropped = stream.dropped
    guard dropped > droppedBefore, now >= nextWarning else { return }
    nextWarning = now &+ Self.warnEvery
    let count = dropped - droppedBefore
    droppedBefore = dropped
    if let line = lines.dropped(count) { text.append(line[...]) }
    Failure.say(
      "\(count) exchanges were dropped: the output is read too slowly, or too many wait for answers",
      .warning)
  }

  private func attempt(_ write: () throws(ByteOutput.Failure) -> Void) {
    do throws(ByteOutput.Failure) {
      try write()
      isFull = false
    } catch {
      // What cannot be written is lost, whether the reader has gone or the disk is full.
      giveUpBuffer()
      if error == .closed || error == .system(EIO) {
        hasReader = false
      } else if !isFull {
        isFull = true
        Failure.say(
          "cannot write to standard output: \(error); lines are lost until it works again", .warning)
      }
    }
  }
}
