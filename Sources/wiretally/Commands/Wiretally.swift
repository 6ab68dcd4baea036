// SPDX-License-Identifier: Apache-2.0

import AlertDelivery
import ArgumentParser
import Settings
import Glibc
import KernelCapture

/// The command line: watching live is what it does by default.
@main
struct Wiretally: ParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "wiretally",
    abstract: "Watch a machine's HTTP traffic off the wire, and say when it is too much.",
    discussion: """
      Reads the heads of HTTP/1, HTTP/2 and gRPC from the network by an eBPF socket filter (or libpcap), \
      and of HTTPS with --tls. It shows the sites that are asked for, their answers and latencies, and \
      alerts: on a full screen, as a page every 10 seconds, or as JSON.

      Examples:
        sudo wiretally -t 100/s                  alert above 100 requests a second
        sudo wiretally -t 100 -i eth0            one interface; 100 per interval
        sudo wiretally --no-alert                only look
        sudo wiretally -t 5 --format json | jq   one JSON object per interval
        wiretally read capture.pcap              the same from a capture file
        wiretally replay history                 what --history history has kept
        sudo wiretally doctor                    what a watch would use here
        sudo wiretally bench                     what this machine can watch

      Exit status: 0 normal end (q, SIGINT, SIGTERM, --duration), 64 usage, 65 a capture file is \
      broken, 66 no such interface or file, 70 internal error, 77 not permitted.
      """,
    version: "wiretally \(version) (filter: \(BuiltInFilter.compiler))",
    subcommands: [
      WatchCommand.self, ReadCommand.self, ReplayCommand.self, DoctorCommand.self, BenchCommand.self,
      DeliverCommand.self, AttachCommand.self, PrepareCommand.self,
    ],
    defaultSubcommand: WatchCommand.self
  )

  static func main() {
    StandardDescriptors.secure()
    Interruption.ignoreFailedWrites()
    // Swift reads its arguments there; without them it would complain about a missing threshold.
    guard unsafe access("/proc/self/cmdline", R_OK) == 0 else {
      Failure.say("the arguments cannot be read: /proc is not mounted", hint: "mount -t proc proc /proc")
      Glibc.exit(70)
    }
    let arguments = withFilesNamed(Array(CommandLine.arguments.dropFirst()))
    if let script = CompletionScript(for: arguments) {
      print(script.text)
      return
    }
    do {
      let options = try OptionSources(arguments, variables: ChildProcess.environment)
      Failure.locate(by: options)
      // Other programs' -V; the parser knows the long name alone.
      var command = try parseAsRoot(arguments.first == "-V" ? ["--version"] : options.arguments)
      if let fault = UsageFault(doubledIn: arguments) { refuse(fault) }
      try command.run()
    } catch let error as ConfigurationError {
      Failure.say(error.description, hint: error.hint, .error)
      exit(withError: ExitCode.validationFailure)
    } catch {
      // Requests for help, and ends that were reported, are the parser's.
      guard exitCode(for: error) == .validationFailure, !(error is ExitCode) else { exit(withError: error) }
      refuse(UsageFault(message(for: error), help: help(after: error)))
    }
  }

  /// The names of the commands that operators type.
  static var commandNames: [String] { commands.compactMap { $0.configuration.commandName } }

  private static var commands: [any ParsableCommand.Type] {
    configuration.subcommands.filter { $0.configuration.shouldDisplay }
  }

  /// The names of the commands that have an option, by the lists in their help.
  static func commands(with option: String) -> [String] {
    commands.filter { command in
      command.helpMessage().split(separator: "\n").contains { line in
        let names = line.drop { $0 == " " }
        return names.hasPrefix("-")
          && names.split { $0 == " " || $0 == "," }.prefix { $0.hasPrefix("-") }.contains(option[...])
      }
    }.compactMap { $0.configuration.commandName }
  }

  /// The arguments with tcpdump's and tshark's `-r FILE` in the place of `read FILE`.
  private static func withFilesNamed(_ arguments: [String]) -> [String] {
    let command = arguments.first.flatMap { first in
      configuration.subcommands.contains { $0.configuration.commandName == first } ? first : nil
    }
    guard command ?? "read" == "read", let place = arguments.firstIndex(of: "-r") else { return arguments }
    var rest = arguments
    rest.remove(at: place)
    return command == nil ? ["read"] + rest : rest
  }

  /// Ends the program: its command line is wrong.
  private static func refuse(_ fault: UsageFault) -> Never {
    Failure.say(fault.message, hint: fault.hint, .error)
    exit(withError: ExitCode.validationFailure)
  }

  /// The command that lists the options of the command that was asked for; the parser names it after its message.
  private static func help(after error: any Error) -> String {
    UsageFault.match(fullMessage(for: error), ["", "See '", "' for more information", ""])?[1]
      ?? "wiretally --help"
  }
}
