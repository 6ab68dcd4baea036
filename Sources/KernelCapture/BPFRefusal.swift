// SPDX-License-Identifier: Apache-2.0
internal import Capture
internal import Glibc

/// Why the kernel refused BPF, in an operator's words.
enum BPFRefusal {
  /// What capturing with the filter takes, as a command.
  static let remedy =
    "run it with sudo, or give it the capabilities once: "
    + "sudo setcap cap_bpf,cap_net_raw,cap_perfmon+ep $(command -v wiretally)"

  /// The error for a BPF call that failed while `what` was being done.
  static func error(_ what: String, _ fault: SystemFault, log: String = "") -> CaptureError {
    switch fault.code {
    case EPERM where !Capabilities.effective.contains(.bpf):
      return CaptureError(.notPermitted, "\(what): \(fault.words): needs CAP_BPF", remedy: remedy)
    case EPERM, EACCES:
      return CaptureError(
        fault.code == EACCES && log.contains("processed") ? .unavailable : .notPermitted,
        fault.code == EACCES && log.contains("processed")
          ? "\(what): the kernel's verifier refused it: \(lastLine(log))"
          : "\(what): BPF refused by policy (kernel.unprivileged_bpf_disabled / seccomp / LSM): \(fault.words)",
        remedy: fault.code == EPERM ? remedy : nil)
    case ENOSYS:
      return CaptureError(.unavailable, "\(what): this kernel has no bpf() call")
    case ENOMEM:
      return CaptureError(
        .unavailable, "\(what): \(fault.words)",
        remedy: "ask for a smaller ring, or raise the memory limit (ulimit -l, control group)")
    case E2BIG, EINVAL:
      let line = lastLine(log)
      return CaptureError(.unavailable, "\(what): \(fault.words)" + (line.isEmpty ? "" : ": \(line)"))
    default:
      return CaptureError(.unavailable, "\(what): \(fault.words)")
    }
  }

  /// The last line but the verifier's statistics: it names the fault.
  private static func lastLine(_ log: String) -> String {
    let lines = log.split(separator: "\n").filter { line in
      !line.hasPrefix("processed ") && !line.hasPrefix("libbpf:") && !line.hasPrefix("--")
        && !line.hasPrefix("verification time") && !line.hasPrefix("stack depth")
    }
    return lines.last.map(String.init) ?? ""
  }
}
