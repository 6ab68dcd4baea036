// SPDX-License-Identifier: Apache-2.0
internal import CLibbpf
internal import Glibc
internal import System

/// What this kernel offers and this process may do, each looked at on its own.
package struct KernelProbe: Sendable {
  /// The kernel's release, as `uname -r` has it.
  package let release: String
  /// Why no ring buffer can be made; nil when one can.
  package let ringBufferFault: String?
  /// Whether the ring buffer failed for want of permission, so that nothing is known about the kernel.
  package let isRingBufferForbidden: Bool
  package let mayLoadBPF: Bool
  package let mayOpenPacketSockets: Bool
  /// Without it the verifier hardens the filter, which makes it about twice as slow.
  package let mayMonitorPerformance: Bool
  /// net.core.bpf_jit_enable; nil where it cannot be read (not root, or another network namespace).
  package let jit: Int?
  /// kernel.unprivileged_bpf_disabled; nil where there is none.
  package let unprivilegedBPFDisabled: Int?

  package init() {
    let effective = Capabilities.effective
    mayLoadBPF = effective.contains(.bpf)
    mayOpenPacketSockets = effective.contains(.netRaw)
    mayMonitorPerformance = effective.contains(.perfmon)
    release = Self.line("/proc/sys/kernel/osrelease") ?? "unknown"
    jit = Self.line("/proc/sys/net/core/bpf_jit_enable").flatMap { Int($0) }
    unprivilegedBPFDisabled = Self.line("/proc/sys/kernel/unprivileged_bpf_disabled").flatMap { Int($0) }
    wt_bpf_log_begin()
    // The name is copied; no options.
    let number = unsafe bpf_map_create(
      BPF_MAP_TYPE_RINGBUF, "wiretally_probe", 0, 0, UInt32(getpagesize()), nil)
    let fault = SystemError.last
    if number >= 0 {
      close(number)
      ringBufferFault = nil
      isRingBufferForbidden = false
    } else {
      ringBufferFault = fault.code == EINVAL ? "this kernel has none" : fault.reason
      isRingBufferForbidden = fault.isPermission
    }
  }

  /// The first line of a small file; nil when it cannot be read.
  private static func line(_ path: String) -> String? {
    SmallFile.text(of: path).map { String($0.prefix { $0 != "\n" }) }
  }
}
