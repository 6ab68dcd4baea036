// SPDX-License-Identifier: Apache-2.0

import System
import Alerting
import ArgumentParser
import Capture
import CaptureWriting
import Sandbox
import Glibc

/// The options about what a watch gives up once all is open, and how it does.
struct SandboxOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The user to switch to once everything is open, by name or number; requires root. (default: nobody when started by root)",
      valueName: "name"))
  var user: String?

  @Flag(
    name: .customLong("no-sandbox"),
    help: "Keep the user, the capabilities and all system calls: for debugging.")
  var isUnsandboxed = false

  func validate() throws {
    guard let user else { return }
    if isUnsandboxed {
      throw ValidationError(
        "--user and --no-sandbox exclude each other: without sandbox no user is changed",
        hint: "--user \(user) alone")
    }
    if Account(named: user) == nil {
      throw ValidationError("--user: no such user '\(user)'", hint: "getent passwd lists all users")
    }
  }

  /// Who the program becomes; nil when it stays who it is.
  var account: Account? {
    if isUnsandboxed || geteuid() != 0 { return nil }
    return user.flatMap(Account.init(named:)) ?? .nobody
  }

  /// For whom the alert log is made.
  var logOwner: LogOwner? { account.map { LogOwner(user: $0.user, group: $0.group) } }

  /// Throws when a user was asked for who cannot be become.
  func check() throws(CaptureError) {
    guard let user, geteuid() != 0, Account(named: user)?.user != geteuid() else { return }
    throw CaptureError(
      .notPermitted, "cannot switch to user \(user): requires root", hint: "sudo wiretally --user \(user)")
  }

  /// Gives up all that the watch does not need any more, for good, and says so.
  ///
  /// For this thread and those started later: before the workers are. Nothing that needs a privilege can
  /// be opened after it.
  ///
  /// - Parameters:
  ///   - places: what has to stay writable.
  ///   - recording: the files of packets that are still made, and removed.
  func sandbox(
    _ permissions: Permissions, writing places: [WritablePlace], recording: CaptureNames?
  ) throws(CaptureError) {
    if isUnsandboxed { return }
    var policy = Sandbox.Policy()
    let account = account
    policy.account = account
    policy.requiresAccount = user != nil
    policy.permissions = permissions
    policy.writable += places.map(\.allowed)
    if let recording {
      if permissions.contains(.removal) {
        policy.removable.append(recording.directory)
      } else {
        policy.writable.append(recording.directory)
      }
    }
    let applied: Sandbox.Report
    do throws(Sandbox.AccountError) {
      applied = try Sandbox.apply(policy)
    } catch {
      throw CaptureError(.notPermitted, error.message)
    }
    let user = applied.account.map { " as \($0.name)" } ?? ""
    Failure.say("sandboxed\(user): \(applied.restrictions.joined(separator: ", "))")
    SandboxOptions.report(failures: applied.failures)
    let name = account?.name ?? "this user"
    if let folder = recording?.directory, applied.unwritable.contains(folder) {
      Failure.say(
        "\(name) cannot make files in \(folder): --write "
          + (permissions.contains(.removal) ? "has no file of an alert" : "ends with its first file"),
        hint: "a folder of its own: install -d -m 700 -o \(name) FOLDER", .warning)
    }
    for place in places where place.isLog && place.isRotatable && applied.unwritable.contains(place.allowed) {
      Failure.say(
        "\(name) cannot write to \(place.allowed): after rotation logging continues in the old file; "
          + "use logrotate's create or --user")
    }
  }

  /// Reports on standard error the restrictions that the kernel refused, if any.
  static func report(failures: [String]) {
    guard !failures.isEmpty else { return }
    Failure.say("sandbox incomplete: \(failures.joined(separator: ", "))", .warning)
  }
}

/// A file that is written after the privileges are gone.
struct WritablePlace {
  let path: String
  /// Whether it can be taken away and made again, and is no device or pipe.
  let isRotatable: Bool
  /// Whether it is the alert log, which others rotate.
  let isLog: Bool

  /// What has to stay writable: a file that was taken away is made again beside the old one.
  var allowed: String {
    guard isRotatable else { return path }
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
