// SPDX-License-Identifier: Apache-2.0
internal import Capture
internal import System

/// The number and time of the filter's runs, as the kernel reports them beside the program's descriptor.
///
/// The file is opened once, at start: reading it again needs no privilege and no bpf(2). The kernel
/// measures only while `kernel.bpf_stats_enabled` is 1.
final class FilterRuns: Sendable {
  private let file: SmallFile?

  /// - Parameter program: the filter's descriptor.
  init(program: Int32) { file = try? SmallFile("/proc/self/fdinfo/\(program)") }

  /// Nil when the kernel does not measure.
  var runs: CaptureGauges.Runs? {
    guard let bytes = try? file?.read() else { return nil }
    let text = String(decoding: bytes, as: UTF8.self)
    // kernel/bpf/syscall.c, bpf_prog_show_fdinfo: a name, a colon, a tab, a number a line.
    guard let time = Self.number("run_time_ns", text), let runs = Self.number("run_cnt", text), runs > 0
    else {
      return nil
    }
    return CaptureGauges.Runs(count: runs, nanoseconds: time)
  }

  private static func number(_ name: String, _ text: String) -> UInt64? {
    for line in text.split(separator: "\n") where line.hasPrefix(name + ":") {
      return UInt64(line.dropFirst(name.utf8.count + 1).drop { $0 == "\t" || $0 == " " })
    }
    return nil
  }
}
