// SPDX-License-Identifier: Apache-2.0

import Alerting
import Text
import ArgumentParser
import Capture
import Exporting
import Glibc
import History
import PcapCapture
import Reporting
import System
import Statistics

/// The messages and exit statuses of the program when it cannot do what it was asked to.
enum Failure {
  private static let errors = ByteOutput(descriptor: 2, isEnding: { Interruption.isEnding })

  /// The priority of a message: the journal's priorities (syslog(3)).
  enum Priority: Int {
    case error = 3
    case warning = 4
    case notice = 5
    case information = 6
  }

  /// Whether standard error is the journal's, by the device and file number that systemd names.
  static let isJournal: Bool = {
    var status = stat()
    // fstat fills the value it is given.
    guard let stream = Environment.value("JOURNAL_STREAM"), unsafe fstat(2, &status) == 0 else {
      return false
    }
    return stream == "\(status.st_dev):\(status.st_ino)"
  }()

  /// Prints why, and the hint, on standard error; the journal knows the program and wants a priority.
  static func say(
    _ message: String, details: [String] = [], hint: String? = nil, _ priority: Priority = .information
  ) {
    // A message may name a file, and a file's name may hold anything.
    let message = sources.withLock { $0 }?.located(message) ?? message
    var lines = [isJournal ? message : "wiretally: \(message)"]
    lines += details.map { "  \($0)" }
    if let hint { lines.append("  hint: \(hint)") }
    let mark = isJournal ? "<\(priority.rawValue)>" : ""
    let text = lines.reduce("") { $0 + mark + VisibleText.escaped($1) + "\n" }
    let isHeld = held.withLock { held in
      guard held != nil else { return false }
      held?.append(text)
      // A screen may be on for months.
      if let count = held?.count, count > 100 { held?.removeFirst() }
      return true
    }
    if !isHeld { write(text) }
  }

  /// Messages about an option that was not typed name the place where it was written.
  static func locate(by sources: OptionSources) { self.sources.withLock { $0 = sources } }

  private static let sources = Locked<OptionSources?>(nil)

  /// Keeps messages until `release`: a full screen is on, and it would be written over it.
  static func hold() { held.withLock { $0 = $0 ?? [] } }

  /// Says what was kept, the last hundred messages of it.
  static func release() {
    let texts = held.withLock { held in
      defer { held = nil }
      return held ?? []
    }
    for text in texts { write(text) }
  }

  private static let held = Locked<[String]?>(nil)

  private static func write(_ text: String) {
    let bytes = Array(text.utf8)
    if let queue = queue.withLock({ $0 }) {
      // What finds no room is lost: standard error has been full for as long.
      queue.add(bytes)
    } else {
      // Nobody learns of it when standard error fails.
      try? errors.write(bytes)
    }
  }

  // MARK: Standard error that nobody waits for

  private static let queue = Locked<OutputQueue?>(nil)
  /// Bytes of messages that wait for a standard error that takes none.
  private static let queueCapacity = 64 << 10

  /// From now on nothing waits for standard error, which may be the terminal that an operator has stopped: a thread
  /// writes the messages. To be called once the process is sandboxed; the pipe is opened before (`prepareQueue`).
  static func startQueue() {
    guard let prepared = prepared.withLock({ $0 }) else { return }
    do throws(SystemError) {
      try prepared.start()
      queue.withLock { $0 = prepared }
    } catch {
      // Without a thread, messages are written as before.
    }
  }

  private static let prepared = Locked<OutputQueue?>(nil)

  /// Opens what the queue needs.
  static func prepareQueue() {
    let made = OutputQueue(ByteOutput(descriptor: 2), capacity: queueCapacity, name: "wt-stderr")
    prepared.withLock { $0 = made }
  }

  /// Waits until the queued messages are written, for at most a second without progress; later ones are queued as well.
  static func drain() {
    guard let ending = queue.withLock({ $0 }) else { return }
    _ = ending.drain()
  }

  /// Does a command's work, and reports what stops it.
  ///
  /// - Throws: the exit status of an error that has one here; any other error as it is.
  static func reporting(_ work: () throws -> Void) throws {
    do {
      try work()
    } catch let error as CaptureError {
      throw end(error)
    } catch let error as StatisticsError {
      throw end(error)
    } catch let error as ListenError {
      throw end(error)
    } catch let error as HistoryError {
      throw end(error)
    } catch let error as AlertError {
      throw end(error)
    } catch let error as ExchangeFilterError {
      throw end(error)
    } catch let error as SegmentFilterError {
      throw end(error)
    }
  }

  /// Says what went wrong and returns the exit status for it (sysexits.h).
  static func end(_ error: CaptureError) -> ExitCode {
    say(error.message, hint: error.hint, .error)
    switch error.reason {
    case .badData: return ExitCode(65)
    case .notFound: return ExitCode(66)
    case .unavailable: return ExitCode(70)
    case .notPermitted: return ExitCode(77)
    }
  }

  static func end(_ error: StatisticsError) -> ExitCode {
    say("\(error)", .error)
    return ExitCode(70)
  }

  static func end(_ error: ListenError) -> ExitCode {
    say(error.message, hint: error.hint, .error)
    return ExitCode(error.isNotPermitted ? 77 : 70)
  }

  /// Says what is wrong with a history, and which file to name.
  static func end(_ error: HistoryError) -> ExitCode {
    switch error {
    case .system(_, _, let reason):
      say("\(error)", hint: reason.hint, .error)
      return ExitCode(reason.isPermission ? 77 : reason == .noSuchFile ? 66 : 70)
    case .inUse:
      say("\(error)", hint: "a file of its own for each watch: --history FILE", .error)
      return ExitCode(70)
    case .version, .foreign, .damaged:
      say("\(error)", hint: "it is left as it is; name another file", .error)
      return ExitCode(65)
    case .damagedRecord:
      say("\(error)", .error)
      return ExitCode(65)
    }
  }

  static func end(_ error: ExchangeFilterError) -> ExitCode {
    say(
      "\(error.option): \(error.message)", details: error.details, hint: "\(error.option) '\(error.example)'",
      .error)
    return ExitCode(64)
  }

  static func end(_ error: SegmentFilterError) -> ExitCode {
    say(error.message, hint: error.hint, .error)
    return ExitCode(64)
  }

  static func end(_ error: AlertError) -> ExitCode {
    say("\(error)", details: error.details, hint: error.hint, .error)
    switch error {
    case .log(_, let error): return ExitCode(error.hint == nil ? 77 : 70)
    case .ruleFile: return ExitCode(66)
    case .owners(_, _, let isUnavailable): return ExitCode(isUnavailable ? 70 : 64)
    case .threshold, .window, .rule: return ExitCode(64)
    }
  }
}
