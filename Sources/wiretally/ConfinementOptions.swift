// SPDX-License-Identifier: Apache-2.0

import Alerting
import ArgumentParser
import Capture
import Confinement
import Glibc

/// The options about what a watch gives up once all is open, and how it does.
struct ConfinementOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The user to go on as once everything is open, by name or number; takes root. (default: nobody when started by root)",
      valueName: "name"))
  var user: String?

  @Flag(
    name: .customLong("no-confine"),
    help: "Keep the user, the capabilities and all system calls: for debugging.")
  var isUnconfined = false

  func validate() throws {
    guard let user else { return }
    if isUnconfined {
      throw ValidationError(
        "--user and --no-confine exclude each other: without confinement no user is changed")
    }
    if Account(named: user) == nil {
      throw ValidationError("--user \(user): there is no such user; getent passwd lists them")
    }
  }

  /// Who the program becomes; nil when it stays who it is.
  var account: Account? {
    if isUnconfined || geteuid() != 0 { return nil }
    return user.flatMap(Account.init(named:)) ?? .nobody
  }

  /// For whom the alert log is made.
  var logOwner: LogOwner? { account.map { LogOwner(user: $0.user, group: $0.group) } }

  /// Throws when a user was asked for who cannot be become.
  func check() throws(CaptureError) {
    guard let user, geteuid() != 0, Account(named: user)?.user != geteuid() else { return }
    throw CaptureError(
      .notPermitted, "cannot become user \(user): only root may", remedy: "sudo wiretally --user \(user)")
  }

  /// Gives up all that the watch does not need any more, for good, and says so.
  ///
  /// For this thread and those started later: before the workers are. Nothing that needs a privilege can
  /// be opened after it.
  func confine(_ abilities: Abilities, alertLog: (path: String, isRotatable: Bool)?) throws(CaptureError) {
    if isUnconfined { return }
    var plan = Confinement.Plan()
    let account = account
    plan.account = account
    plan.abilities = abilities
    if let alertLog {
      plan.writable.append(Self.place(of: alertLog))
    }
    let confinement = Confinement(plan)
    if user != nil, !confinement.isAccountChanged {
      throw CaptureError(.notPermitted, "cannot go on: it keeps \(confinement.kept.joined(separator: ", "))")
    }
    Failure.say("confined: \(confinement.given.joined(separator: ", "))")
    if !confinement.kept.isEmpty { Failure.say("it keeps \(confinement.kept.joined(separator: ", "))") }
    if alertLog?.isRotatable == true, let folder = confinement.unwritable.first {
      Failure.say(
        "the alert log's folder \(folder) is not writable for \(account?.name ?? "this user"): once the log is rotated, "
          + "alerts go on into the old file unless the new one is made for that user (logrotate: create)")
    }
  }

  /// What has to stay writable for the log: a rotated one is made anew beside the old one.
  static func place(of alertLog: (path: String, isRotatable: Bool)) -> String {
    alertLog.isRotatable ? folder(of: alertLog.path) : alertLog.path
  }

  private static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
