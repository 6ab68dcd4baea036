// SPDX-License-Identifier: Apache-2.0
internal import Capture
internal import Glibc

/// How often and how long the kernel ran the filter, as it tells beside the program's descriptor.
///
/// The file is opened once, at start: reading it again needs no privilege and no bpf(2). The kernel
/// measures only while `kernel.bpf_stats_enabled` is 1.
final class FilterRuns: Sendable {
  private let descriptor: Int32

  /// - Parameter program: the filter's descriptor.
  init(program: Int32) {
    // -1 when there is no such file; reading it fails then.
    descriptor = unsafe open("/proc/self/fdinfo/\(program)", O_RDONLY | O_CLOEXEC)
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Nil when the kernel does not measure.
  var runs: CaptureGauges.Runs? {
    var bytes = [UInt8](repeating: 0, count: 1024)
    // Reads into the local array, no more than it holds.
    let count = unsafe bytes.withUnsafeMutableBytes { unsafe pread(descriptor, $0.baseAddress, $0.count, 0) }
    guard count > 0 else { return nil }
    let text = String(decoding: bytes.prefix(count), as: UTF8.self)
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
