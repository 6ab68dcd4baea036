// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Measuring
import System
import Text

/// `wiretally bench`: what this machine can watch, measured without touching its traffic.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure what this machine can watch, without touching its traffic.",
    discussion: """
      Measures the filter in the kernel's own test run, the worker's pipeline, and loss at rising rates by \
      eBPF and by libpcap, on a veth pair in a network of its own that is gone when the program ends. \
      As root everything is measured; without, what can be, and it says what is missing. \
      Exit status: 0 when anything was measured, 77 when nothing was permitted.
      """)

  @Option(help: "How long it takes, about.")
  var duration = TimeSpan(seconds: 30)

  @Option(help: "What is printed: page (plain text) or json (one object).")
  var format = DoctorCommand.Format.page

  func validate() throws {
    guard duration.nanoseconds >= 2_000_000_000, duration.nanoseconds <= 3_600_000_000_000 else {
      throw ValidationError("--duration must be 2s to 1h, got \(duration)")
    }
  }

  func run() throws {
    var findings = BenchFindings()
    findings.measure(seconds: Double(duration.nanoseconds) / 1e9) { step in
      Failure.say("measuring \(step)")
    }
    // Nobody is left to tell when standard output fails.
    switch format {
    case .page: try? ByteOutput(descriptor: 1).write(findings.page.bytes)
    case .json: try? ByteOutput(descriptor: 1).write(findings.json.text.bytes)
    }
    if findings.stages.isEmpty { throw ExitCode(77) }
  }
}
