// SPDX-License-Identifier: Apache-2.0

import System
import Alerting
import Text
internal import Glibc

/// The operator's command, run by the shell once for each change of an alert: the values are in its
/// environment and, as the alert's JSON line, on its standard input; none is ever a part of the command.
package struct AlertCommand: Sendable {
  /// Bytes of its output that are kept, the last ones; all of it is read, so that it never waits for us.
  private static let outputKept = 512
  /// Milliseconds from the first signal to the one that cannot be ignored.
  private static let lastWords: Int64 = 1_000

  package let command: String
  /// Nanoseconds that it may take.
  package let timeout: UInt64

  package init(_ command: String, timeout: UInt64) {
    self.command = command
    self.timeout = timeout
  }

  /// Runs it to its end; nil when it has ended with status 0, else what went wrong.
  package func run(_ notice: DeliveryMessage) -> String? {
    let input: Pipe, output: Pipe
    let process: ChildProcess
    do throws(SystemError) {
      (input, output) = (try Pipe(), try Pipe())
      // A notice is smaller than a pipe's buffer: this never waits, even when nobody reads it.
      input.write(Array((notice["json"] ?? "").utf8))
      process = try ChildProcess(
        program: "/bin/sh", arguments: ["sh", "-c", command], environment: Self.environment(notice),
        descriptors: [input.reader, output.writer, output.writer])
    } catch {
      return "cannot be started: \(error.reason)"
    }
    input.close()
    output.closeWriter()
    return wait(process, output)
  }

  private func wait(_ process: ChildProcess, _ output: Pipe) -> String? {
    var kept: [UInt8] = []
    var elapsed = Deadline(after: timeout)
    var isOverdue = false
    var isReading = true
    while true {
      // Output first: a process that has ended may have left some.
      if isReading { isReading = output.read(&kept, keeping: Self.outputKept, timeout: 20) }
      if let end = process.ended() {
        if !isOverdue, end == .exited(0) { return nil }
        // One read takes all that a pipe holds; what others still write is not waited for.
        _ = output.read(&kept, keeping: Self.outputKept, timeout: 0)
        // Whatever it has left behind in its group.
        if isOverdue { process.signal(SIGKILL) }
        return words(end, isOverdue, kept)
      }
      if !isReading { usleep(20_000) }
      if elapsed.isOver {
        process.signal(isOverdue ? SIGKILL : SIGTERM)
        isOverdue = true
        elapsed = Deadline(after: UInt64(Self.lastWords) * 1_000_000)
      }
    }
  }

  private func words(_ end: ChildProcess.End, _ isOverdue: Bool, _ output: [UInt8]) -> String {
    let what =
      switch end {
      case _ where isOverdue: "timed out after \(DecimalText.duration(timeout))"
      case .exited(126): "cannot be executed (exit status 126)"
      case .exited(127): "command not found (exit status 127)"
      case .exited(let status): "exit status \(status)"
      case .killed(let signal): "was killed by signal \(signal)"
      }
    let lines = String(decoding: output, as: UTF8.self).split(whereSeparator: \.isNewline)
    guard let line = lines.last(where: { !$0.allSatisfy(\.isWhitespace) }) else { return what }
    return "\(what): \(line.suffix(200))"
  }

  /// Ours, with the notice's values as `WIRETALLY_NAME`.
  private static func environment(_ notice: DeliveryMessage) -> [String] {
    let values = notice.fields.filter { $0.name != "json" }.map {
      "WIRETALLY_\($0.name.uppercased())=\($0.value)"
    }
    return ChildProcess.environment.filter { !$0.hasPrefix("WIRETALLY_") } + values
  }
}
