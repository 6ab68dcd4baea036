// SPDX-License-Identifier: Apache-2.0

import Alerting
import ArgumentParser
import Capture
import Presentation
import Statistics
import Synchronization

/// What the program says and how it ends when it cannot do what it was asked to.
enum Failure {
  /// Prints why, and the remedy, on standard error.
  static func say(_ message: String, details: [String] = [], remedy: String? = nil) {
    // A message may name a file, and a file's name may hold anything.
    var text = "wiretally: \(VisibleText.escaped(message))\n"
    for line in details { text += "  \(VisibleText.escaped(line))\n" }
    if let remedy { text += "  try: \(VisibleText.escaped(remedy))\n" }
    let isHeld = held.withLock { held in
      guard held != nil else { return false }
      held?.append(text)
      // A screen may be on for months.
      if let count = held?.count, count > 100 { held?.removeFirst() }
      return true
    }
    if !isHeld { write(text) }
  }

  /// Keeps what is said until `release`: a full screen is on, and it would be written over it.
  static func hold() { held.withLock { $0 = $0 ?? [] } }

  /// Says what was kept, the last hundred messages of it.
  static func release() {
    let texts = held.withLock { held in
      defer { held = nil }
      return held ?? []
    }
    for text in texts { write(text) }
  }

  private static let held = Mutex<[String]?>(nil)

  private static func write(_ text: String) {
    // There is nobody left to tell when standard error fails.
    try? ByteOutput(descriptor: 2).write(Array(text.utf8))
  }

  /// Says what went wrong and returns the exit status for it (sysexits.h).
  static func end(_ error: CaptureError) -> ExitCode {
    say(error.message, remedy: error.remedy)
    switch error.reason {
    case .badData: return ExitCode(65)
    case .notFound: return ExitCode(66)
    case .unavailable: return ExitCode(70)
    case .notPermitted: return ExitCode(77)
    }
  }

  static func end(_ error: StatisticsError) -> ExitCode {
    say("\(error)")
    return ExitCode(70)
  }

  static func end(_ error: AlertError) -> ExitCode {
    say("\(error)", details: error.details)
    switch error {
    case .log: return ExitCode(77)
    case .ruleFile: return ExitCode(66)
    case .threshold, .window, .rule: return ExitCode(64)
    }
  }
}
