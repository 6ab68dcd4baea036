// SPDX-License-Identifier: Apache-2.0
internal import Capture
internal import Glibc
internal import System

/// The reason why the kernel refused BPF, in an operator's words.
enum BPFRefusal {
  /// What capturing with the filter takes, as a command.
  static let hint =
    "run it with sudo, or give it the capabilities once: "
    + "sudo setcap cap_bpf,cap_net_raw,cap_perfmon+ep $(command -v wiretally)"

  /// The error for a BPF call that failed while `what` was being done.
  static func error(_ what: String, _ fault: SystemError, log: String = "") -> CaptureError {
    switch fault.code {
    case EPERM where !Capabilities.effective.contains(.bpf):
      return CaptureError(
        .notPermitted, "permission denied: capturing by eBPF needs root or CAP_BPF and CAP_NET_RAW",
        hint: hint)
    case EPERM where chargesLockedMemory && lockedMemory != rlim_t.max:
      return CaptureError(
        .notPermitted,
        "\(what): \(fault.reason): kernels before 5.11 charge it to the locked memory, "
          + "and that is limited to \(lockedMemory >> 10) KiB",
        hint:
          "raise the limit (ulimit -l unlimited, or LimitMEMLOCK=infinity in a unit), or run it with sudo")
    case E2BIG where isLackingPerfmon(log), EACCES where isLackingPerfmon(log):
      // Then it also goes every way that a processor might guess wrongly, which only later ones cut short.
      return CaptureError(
        .unavailable,
        "\(what): this kernel's verifier refused it without CAP_PERFMON: \(lastLine(log))", hint: hint)
    case EPERM, EACCES:
      return CaptureError(
        fault.code == EACCES && log.contains("processed") ? .unavailable : .notPermitted,
        fault.code == EACCES && log.contains("processed")
          ? "\(what): the kernel's verifier refused it: \(lastLine(log))"
          : "\(what): BPF refused by policy (kernel.unprivileged_bpf_disabled / seccomp / LSM): \(fault.reason)",
        hint: fault.code == EPERM ? hint : nil)
    case ENOSYS:
      return CaptureError(.unavailable, "\(what): this kernel has no bpf() call")
    case ENOMEM:
      return CaptureError(
        .unavailable, "\(what): \(fault.reason)",
        hint: "ask for a smaller ring, or raise the memory limit (ulimit -l, control group)")
    case E2BIG, EINVAL:
      let line = lastLine(log)
      return CaptureError(.unavailable, "\(what): \(fault.reason)" + (line.isEmpty ? "" : ": \(line)"))
    default:
      return CaptureError(.unavailable, "\(what): \(fault.reason)")
    }
  }

  /// Whether the verifier refused, and was stricter than it is with CAP_PERFMON.
  private static func isLackingPerfmon(_ log: String) -> Bool {
    log.contains("processed") && !Capabilities.effective.contains(.perfmon)
  }

  /// Whether this kernel charges BPF's memory to the locked memory of the user.
  private static var chargesLockedMemory: Bool { KernelRelease.isBefore(5, 11) }

  /// The limit on locked memory in bytes.
  private static var lockedMemory: rlim_t {
    var limit = rlimit()
    // Fills in one local variable.
    return unsafe getrlimit(__rlimit_resource_t(__RLIMIT_MEMLOCK.rawValue), &limit) == 0
      ? limit.rlim_cur : .max
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
