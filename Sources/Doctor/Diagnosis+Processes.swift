// SPDX-License-Identifier: Apache-2.0

import Backends
package import Capture
import KernelCapture
import System

/// Whether a watch would know which processes serve and ask.
extension Diagnosis {
  /// Loads and attaches the program of owners as a watch does, and lists what is open.
  static func processes(_ request: LiveRequest) -> Check {
    do throws(CaptureError) {
      let owners = try KernelBackend(request).openOwners()
      return processes(listFault: (owners as? OwnerTracing)?.listFault)
    } catch {
      // The kernel checks the program against its own types.
      return processes(fault: error, hasTypes: (try? SmallFile("/sys/kernel/btf/vmlinux")) != nil)
    }
  }

  /// What it means that all works but, perhaps, the list of what is open.
  package static func processes(listFault: String?) -> Check {
    guard let listFault else {
      return Check(name: "processes", state: .fine, found: "known: who serves and who asks")
    }
    return Check(
      name: "processes", state: .slow,
      found:
        "known; what is open at the start is read from /proc, of other users as root alone: \(listFault)",
      hint: "boot a kernel of 5.8 or later (see: uname -r)")
  }

  /// The reason why nobody is named.
  package static func processes(fault: CaptureError, hasTypes: Bool) -> Check {
    let hint =
      hasTypes || fault.reason == .notPermitted
      ? fault.hint : "boot a kernel built with CONFIG_DEBUG_INFO_BTF (see: ls /sys/kernel/btf/vmlinux)"
    return Check(name: "processes", state: .missing, found: "not known: \(fault.message)", hint: hint)
  }
}
