// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Capture
import Doctor
import System
import Text

/// `wiretally doctor`: what would be used here and why, and the exact command that fixes what is missing.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Show what wiretally would use on this machine, and how to fix what is missing.",
    // The parser's own line is longer than a terminal is wide.
    usage: "wiretally doctor [<options>]",
    discussion: """
      Tries both backends for a second each. Exit status: 0 when one of them works, 66 when there is no \
      such interface, 77 when this process is not permitted to capture, 70 otherwise.
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable { case page, json }

  @OptionGroup var interfaces: InterfaceOptions

  @Option(name: .customLong("port"), help: "TCP ports that would be watched: a list of ports and ranges.")
  var ports = PortList(.http)

  @Option(help: "What is printed: page (plain text) or json (one object).")
  var format = Format.page

  func validate() throws {
    if ports.isAutomatic {
      throw ValidationError(
        "doctor looks for HTTP on all ports, and needs no --port auto", hint: "wiretally doctor")
    }
  }

  func run() throws {
    let diagnosis = Diagnosis.measure(
      ports: ports.ports, interfaces: interfaces.names, startHelper: AttachCommand.start(_:_:))
    // Nobody is left to tell when standard output fails.
    switch format {
    case .page:
      try? ByteOutput(descriptor: 1).write(diagnosis.page(ports: ports.description).bytes)
    case .json: try? ByteOutput(descriptor: 1).write(diagnosis.json.text.bytes)
    }
    if diagnosis.status != 0 { throw ExitCode(diagnosis.status) }
  }
}
