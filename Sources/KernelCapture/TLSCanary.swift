// SPDX-License-Identifier: Apache-2.0
internal import Capture
internal import CTLSFilter
internal import Glibc
internal import System

/// The proof that probes do no harm on this kernel: a child of our own runs a probed function where almost no system
/// call is allowed, before any other process gets a probe.
enum TLSCanary {
  /// The end of the child.
  enum Verdict: Equatable {
    case alive
    /// A signal ended it: the kernel kills probed processes that filter system calls.
    case killed(signal: Int32)
    /// The probes were not run, or the child could not be.
    case unknown
  }

  /// Probes the canary's function and runs the child; throws what it means when the child did not come to its end.
  static func check(_ object: TLSObject, hits: () -> UInt64) throws(CaptureError) {
    let before = hits()
    let status: Int32
    do throws(SystemError) {
      let (path, offset) = try place()
      let links = try UprobeLinks(object.programs, path: path, .init(canary: offset))
      status = withExtendedLifetime(links) { wt_tls_canary_run(0) }
    } catch {
      throw CaptureError(.unavailable, "cannot attach probes: \(reason(error, object.way))")
    }
    // Each call is seen at its beginning and at its end; so are those of other watches' children, if they start now.
    let isProbed = hits() &- before >= 2 * UInt64(WT_TLS_CANARY_CALLS)
    if let fault = fault(verdict(status, isProbed: isProbed)) { throw CaptureError(.unavailable, fault) }
  }

  /// What the status of the child, as waitpid(2) tells it, means.
  static func verdict(_ status: Int32, isProbed: Bool) -> Verdict {
    if status > 0, status & 0x7f != 0 { return .killed(signal: status & 0x7f) }
    return status == 0 && isProbed ? .alive : .unknown
  }

  /// The reason why nothing may be probed; nil when it may.
  static func fault(_ verdict: Verdict) -> String? {
    switch verdict {
    case .alive: nil
    case .killed(let signal):
      "this kernel kills processes that filter system calls when they are probed (signal \(signal) ended the trial's): boot one of 6.14 or later, or an update of this one"
    case .unknown: "the trial of probes came to nothing"
    }
  }

  /// The reason why no probe can be attached.
  static func reason(_ error: SystemError, _ way: UprobeLinks.Way) -> String {
    switch (way, error.code) {
    case (.events, EACCES), (.events, EPERM):
      "before Linux 6.6 that takes root (CAP_SYS_ADMIN), or events that root has made (wiretally prepare-tls)"
    case (.prepared, ENOENT):
      "the events that root has made (wiretally prepare-tls) are of another program than this"
    case (.prepared, EPERM): "perf_event_open(2) is refused (SystemCallFilter=perf_event_open in the unit)"
    case (.prepared, EACCES):
      "perf_event_open(2) is refused (sysctl kernel.perf_event_paranoid=2, where Debian's kernels have 3)"
    case (.events, ENOSYS), (.events, ENOENT): "this kernel has no events of programs (CONFIG_UPROBE_EVENTS)"
    default: error.reason
    }
  }

  /// Where the canary's function is: the file that this code was loaded from, and the offset there.
  static func place() throws(SystemError) -> (path: String, offset: UInt64) {
    let function: @convention(c) (Int32) -> Int32 = wt_tls_canary_function
    // A function's pointer is its address.
    let address = unsafe UInt64(unsafeBitCast(function, to: UInt.self))
    guard let maps = SmallFile.text(of: "/proc/self/maps") else { throw SystemError(ENOENT) }
    for line in maps.split(separator: "\n") {
      // Range, rights, offset, device, inode, path.
      let parts = line.split(separator: " ", maxSplits: 5)
      let ends = parts[0].split(separator: "-").compactMap { UInt64($0, radix: 16) }
      guard parts.count == 6, ends.count == 2, ends[0] <= address, address < ends[1],
        let offset = UInt64(parts[2], radix: 16)
      else { continue }
      let path = String(parts[5].drop { $0 == " " }), program = "/proc/self/exe"
      // It may lie where this user cannot look for it.
      return (SymbolicLink.target(of: program) == path ? program : path, address - ends[0] + offset)
    }
    throw SystemError(ENOENT)
  }
}
