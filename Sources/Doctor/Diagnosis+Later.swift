// SPDX-License-Identifier: Apache-2.0

import Backends
package import Capture
import Glibc
package import System

/// Whether TLS text would be read of what appears while a watch runs, by its helper process.
extension Diagnosis {
  /// Starts a helper process for this with these descriptors as its first ones; its number.
  package typealias HelperStart = (LibraryHelperRole, [Int32]) -> Result<Int32, SystemError>

  /// Milliseconds that it has for giving up its privileges, and how often that is looked at.
  private static let (settling, pause): (Int32, Int32) = (2_000, 20)

  /// Has one started as a watch does, and looks at what it keeps once it is sandboxed.
  static func later(_ backend: KernelBackend, _ start: HelperStart) -> Check {
    var process: Int32?
    backend.startLibraryHelper { role, descriptors in
      switch start(role, descriptors) {
      case .success(let number):
        if role == .attaching { process = number }
        return nil
      case .failure(let fault): return fault
      }
    }
    var kept: [String]?
    var left = settling
    while let process, kept == nil, left > 0 {
      let status = SmallFile.text(of: "/proc/\(process)/status") ?? ""
      if field("Seccomp", of: status) == "2" { kept = capabilities(field("CapEff", of: status) ?? "") }
      left -= pause
      _ = poll(nil, 0, pause)
    }
    // Whether it is there still.
    _ = backend.followLibraries()
    return later(kept: kept, fault: backend.laterTLSFault)
  }

  /// What it means that the helper process runs with these capabilities, nil when it did not come so far.
  package static func later(kept: [String]?, fault: String?) -> Check {
    let name = "TLS text, files to come"
    if let fault {
      return Check(
        name: name, state: .slow,
        found: "not read: \(fault); what is there at a watch's start is",
        hint: fault.contains("CAP_")
          ? "sudo setcap cap_bpf,cap_net_raw,cap_perfmon,cap_lease,cap_sys_ptrace,cap_dac_read_search+ep $(command -v wiretally)"
          : nil)
    }
    guard let kept else {
      return Check(
        name: name, state: .unknown,
        found: "the helper process that attaches to them was not ready within two seconds")
    }
    let list = kept.isEmpty ? "no capability" : kept.joined(separator: ",")
    return Check(
      name: name, state: .fine,
      found: "read too: a helper process attaches to them, sees no text, and keeps \(list)")
  }

  /// A field of /proc/PID/status.
  package static func field(_ name: String, of status: String) -> String? {
    status.split(separator: "\n").first { $0.hasPrefix(name + ":") }
      .map { $0.dropFirst(name.count + 1).trimmingPrefix { $0 == "\t" || $0 == " " } }.map(String.init)
  }

  /// The names of the capabilities in a set that is written in hexadecimal; those that it may have here, others by number.
  package static func capabilities(_ text: String) -> [String] {
    let names = [
      2: "cap_dac_read_search", 13: "cap_net_raw", 19: "cap_sys_ptrace", 21: "cap_sys_admin", 28: "cap_lease",
      38: "cap_perfmon", 39: "cap_bpf",
    ]
    let set = UInt64(text, radix: 16) ?? 0
    return (0..<64).filter { set >> UInt64($0) & 1 == 1 }.map { names[$0] ?? "capability \($0)" }
  }
}
