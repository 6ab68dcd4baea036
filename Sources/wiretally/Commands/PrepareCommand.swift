// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import KernelCapture
import System

/// `wiretally prepare-tls`: what a unit has root do before and after a watch with `--tls` that is not root, before Linux 6.6
/// (docs/guide.md).
struct PrepareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prepare-tls",
    abstract: "Make the events at which a unit's watch reads TLS before Linux 6.6, as root.",
    shouldDisplay: false)

  @Flag(help: "Remove them again.")
  var remove = false

  func run() throws {
    do throws(ProbeEventFolder.Fault) {
      let folder = try ProbeEventFolder()
      if remove { return try folder.remove() }
      if ProbeEventFolder.isNeedless {
        Failure.say("prepare-tls: this kernel (Linux 6.6 or later) needs no events")
        return
      }
      let outcome = try folder.make()
      let files = outcome.files == 1 ? "1 file" : "\(outcome.files) files"
      Failure.say("prepare-tls: \(outcome.events) events at \(files)")
      for refusal in outcome.refusals { Failure.say("prepare-tls: none at \(refusal)", .warning) }
    } catch {
      Self.say(error)
      throw ExitCode(error.status)
    }
  }

  fileprivate static func isNotPermitted(_ error: SystemError) -> Bool {
    error.code == EACCES || error.code == EPERM
  }

  private static func say(_ fault: ProbeEventFolder.Fault) {
    switch fault {
    case .noUnit:
      Failure.say(
        "prepare-tls makes events for a unit, and RUNTIME_DIRECTORY names no folder of one",
        hint: "RuntimeDirectory=wiretally/%i and ExecStartPre=-+wiretally prepare-tls in the unit", .error)
    case .noFolder:
      Failure.say(
        "there is no list of events at programs' code (tracefs)",
        hint: "mount -t tracefs tracefs /sys/kernel/tracing", .error)
    case .file(let path, let error):
      Failure.say(
        "\(path): \(error.reason)",
        hint: Self.isNotPermitted(error) ? "as root: ExecStartPre=-+wiretally prepare-tls" : nil, .error)
    }
  }
}

extension ProbeEventFolder.Fault {
  /// What the program ends with.
  fileprivate var status: Int32 {
    switch self {
    case .noUnit: 64
    case .noFolder: 66
    case .file(_, let error): PrepareCommand.isNotPermitted(error) ? 77 : 70
    }
  }
}
