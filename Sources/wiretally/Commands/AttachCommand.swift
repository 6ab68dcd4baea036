// SPDX-License-Identifier: Apache-2.0

import AlertDelivery
import ArgumentParser
import Capture
import Glibc
import KernelCapture
import Sandbox
import System

/// `wiretally attach`: what the program starts itself as, to attach to TLS libraries that appear while it watches, or to hold
/// its probes until they are out.
struct AttachCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attach", abstract: "Attach to TLS libraries; started by wiretally itself.",
    shouldDisplay: false)

  @Option(help: "The user to become.")
  var user: String?

  @Flag(name: .customLong("no-sandbox"), help: "Keep all privileges.")
  var isUnsandboxed = false

  @Flag(name: .customLong("hold"), help: "Hold probes, and attach to nothing.")
  var holds = false

  func run() throws {
    var status = stat()
    // The call fills a local value.
    guard unsafe fstat(TLSHelper.socket, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else {
      Failure.say(
        "attach is started by wiretally itself, and does nothing alone", hint: "wiretally -t 100 --tls",
        .error)
      throw ExitCode(64)
    }
    // As for a delivery process.
    for descriptor in (holds ? TLSHolder.descriptors : TLSHelper.descriptors)..<1024 { close(descriptor) }
    // Before it can be asked to end.
    if holds { TLSHolder.ignoreSignals() }
    if !isUnsandboxed {
      var policy = Sandbox.Policy()
      policy.permissions = holds ? .holding : .attaching
      policy.account = user.flatMap(Account.init(named:))
      // What could not be given up is on nobody's page; it would be for the watch as well, which reports it.
      _ = try? Sandbox.apply(policy)
    }
    if holds {
      TLSHolder.run()
      return
    }
    if !Sandbox.endWithParent() {
      Failure.say("the process that attaches to TLS libraries may outlive a watch that is killed", .warning)
    }
    TLSHelper.run()
  }

  /// Starts it with these descriptors, and to become whom the watch becomes; why it cannot, nil when it can.
  static func start(
    _ role: LibraryHelperRole, _ descriptors: [Int32], _ sandbox: SandboxOptions
  ) -> SystemError? {
    let options =
      sandbox.isUnsandboxed ? ["--no-sandbox"] : sandbox.account.map { ["--user", $0.name] } ?? []
    do throws(SystemError) {
      _ = try start(role, descriptors, options: options)
      return nil
    } catch {
      return error
    }
  }

  /// The same as a watch without options does; its process's number.
  static func start(_ role: LibraryHelperRole, _ descriptors: [Int32]) -> Result<Int32, SystemError> {
    Result { () throws(SystemError) in
      try start(role, descriptors, options: geteuid() == 0 ? ["--user", Account.nobody.name] : [])
    }
  }

  private static func start(
    _ role: LibraryHelperRole, _ descriptors: [Int32], options: [String]
  ) throws(SystemError) -> Int32 {
    let role = role == .holding ? ["--hold"] : []
    return try ChildProcess(
      program: "/proc/self/exe", arguments: ["wiretally", "attach"] + role + options,
      environment: ChildProcess.environment, descriptors: descriptors
    ).identifier
  }
}
