// SPDX-License-Identifier: Apache-2.0
internal import CLibbpf
internal import Glibc
internal import System

/// The abilities of this kernel and of this process, each looked at on its own.
package struct KernelProbe: Sendable {
  /// The kernel's release, as `uname -r` has it.
  package let release: String
  /// The reason why no ring buffer can be made; nil when one can.
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

  package init(
    release: String, ringBufferFault: String?, isRingBufferForbidden: Bool, mayLoadBPF: Bool,
    mayOpenPacketSockets: Bool, mayMonitorPerformance: Bool, jit: Int?, unprivilegedBPFDisabled: Int?
  ) {
    self.release = release
    self.ringBufferFault = ringBufferFault
    self.isRingBufferForbidden = isRingBufferForbidden
    self.mayLoadBPF = mayLoadBPF
    self.mayOpenPacketSockets = mayOpenPacketSockets
    self.mayMonitorPerformance = mayMonitorPerformance
    self.jit = jit
    self.unprivilegedBPFDisabled = unprivilegedBPFDisabled
  }

  /// Asks this kernel; for that it makes a ring buffer of a page and closes it again.
  package static func ask() -> KernelProbe {
    let effective = Capabilities.effective
    let fault = ringBufferError()
    return KernelProbe(
      release: line("/proc/sys/kernel/osrelease") ?? "unknown",
      ringBufferFault: fault.map { $0.code == EINVAL ? "this kernel has none" : $0.reason },
      isRingBufferForbidden: fault?.isPermission ?? false,
      mayLoadBPF: effective.contains(.bpf), mayOpenPacketSockets: effective.contains(.netRaw),
      mayMonitorPerformance: effective.contains(.perfmon),
      jit: line("/proc/sys/net/core/bpf_jit_enable").flatMap { Int($0) },
      unprivilegedBPFDisabled: line("/proc/sys/kernel/unprivileged_bpf_disabled").flatMap { Int($0) })
  }

  /// The reason why no ring buffer can be made; nil when one was made.
  private static func ringBufferError() -> SystemError? {
    wt_bpf_log_begin()
    // The name is copied; no options.
    let number = unsafe bpf_map_create(
      BPF_MAP_TYPE_RINGBUF, "wiretally_probe", 0, 0, UInt32(getpagesize()), nil)
    let fault = SystemError.last
    guard number >= 0 else { return fault }
    close(number)
    return nil
  }

  /// The first line of a small file; nil when it cannot be read.
  private static func line(_ path: String) -> String? {
    SmallFile.text(of: path).map { String($0.prefix { $0 != "\n" }) }
  }
}
