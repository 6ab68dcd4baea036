// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The number of workers on the command line: a number, or `auto`.
enum WorkerCount: ExpressibleByArgument, Equatable, CustomStringConvertible {
  case number(Int)
  /// As many as the processors of the machine can keep busy.
  case auto

  init?(argument: String) {
    if argument == "auto" {
      self = .auto
    } else if let number = Int(argument) {
      self = .number(number)
    } else {
      return nil
    }
  }

  /// The number, for a machine with this many processors: one worker takes what about twelve of them send and receive
  /// (docs/performance.md, Workers), and each has memory and a timer of its own.
  func count(processors: Int) -> Int {
    switch self {
    case .number(let number): number
    case .auto: min(max(1, (processors + 11) / 12), 8)
    }
  }

  var description: String {
    switch self {
    case .number(let number): String(number)
    case .auto: "auto"
    }
  }
  var defaultValueDescription: String { description }
}
