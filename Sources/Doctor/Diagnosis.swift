// SPDX-License-Identifier: Apache-2.0

import Backends
package import Capture
import Glibc
package import KernelCapture
package import PcapCapture
import Sandbox

/// A diagnosis of this machine: what it offers to a capture, which backend would be used, and what fixes the rest.
package struct Diagnosis: Sendable {
  /// One thing that was looked at.
  package struct Check: Sendable {
    package enum State: String, Sendable { case fine, slow, missing, unknown }
    package var name: String
    package var state: State
    package var found: String
    /// The command that fixes it, or nil when there is nothing to fix or no command for it.
    package var hint: String?
  }

  /// The trial of one backend: what it saw of the traffic while it was tried, or why it cannot be used.
  package struct Trial: Sendable {
    package var name: String
    package var counters: CaptureCounters?
    package var fault: CaptureError?

    package init(name: String, counters: CaptureCounters? = nil, fault: CaptureError? = nil) {
      self.name = name
      self.counters = counters
      self.fault = fault
    }
  }

  /// Milliseconds for which each backend watches.
  static let patience: Int32 = 1_000

  package let checks: [Check]
  package let interfaces: [InterfaceState]
  package let trials: [Trial]
  /// The interfaces that were asked for; none for all.
  package let asked: [String]

  package init(
    checks: [Check], interfaces: [InterfaceState], trials: [Trial], asked: [String] = []
  ) {
    self.checks = checks
    self.interfaces = interfaces
    self.trials = trials
    self.asked = asked
  }

  /// Probes the kernel and has each backend watch for a second, which takes two seconds in all.
  ///
  /// - Parameters:
  ///   - asked: the interfaces to watch; none for all.
  ///   - startHelper: starts the helper process of a watch with `--tls`.
  package static func measure(
    ports: PortSet, interfaces asked: [String], startHelper: @escaping HelperStart
  ) -> Diagnosis {
    let request = LiveRequest(
      backend: .auto, interfaces: asked, ports: ports, depth: .auto, direction: .both, workers: 1,
      ringBytes: 1 << 20)
    // It samples while the backends are tried.
    let scout = try? PortScout(interfaces: asked, besides: ports)
    scout?.listen(true)
    let trials = [
      attempt("eBPF") { () throws(CaptureError) in try KernelBackend(request) },
      attempt("libpcap") { () throws(CaptureError) in try PcapBackend(request, insteadOf: nil) },
    ]
    scout?.read()
    return Diagnosis(
      checks: checks(KernelProbe.ask()) + [processes(request)] + sandbox() + [otherPorts(scout?.ports)]
        + [coverage(.https)] + text(request, startHelper) + libraries(),
      interfaces: InterfaceState.all(), trials: trials, asked: asked)
  }

  /// Where else HTTP was seen; `found` is nil when nobody could look.
  package static func otherPorts(_ found: [UInt16]?) -> Check {
    let name = "HTTP on other ports"
    guard let found else {
      return Check(name: name, state: .unknown, found: "cannot be looked for: needs CAP_NET_RAW")
    }
    guard !found.isEmpty else { return Check(name: name, state: .fine, found: "none seen") }
    let list = found.sorted().map(String.init).joined(separator: ",")
    return Check(
      name: name, state: .fine, found: "seen on port \(list)", hint: "wiretally --port \(list) ...")
  }

  /// The backend that a watch would use: the first one that works.
  package var chosen: Trial? { trials.first { $0.counters != nil } }

  /// As a watch would end: 0 when a backend works, 66 when there is no such interface, 77 when this process may not
  /// capture, 70 otherwise.
  package var status: Int32 {
    if chosen != nil { return 0 }
    if trials.contains(where: { $0.fault?.reason == .notFound }) { return 66 }
    return trials.contains { $0.fault?.reason == .notPermitted } ? 77 : 70
  }

  /// Opens a backend and has it watch for a second.
  private static func attempt(
    _ name: String, _ open: () throws(CaptureError) -> any LiveBackend
  ) -> Trial {
    do throws(CaptureError) {
      let backend = try open()
      var left = patience
      while left > 0 {
        for source in backend.sources { _ = try source.receive(timeout: 100) { _, _ in } }
        // What a busy source delivers at once counts as well: this is no measurement of time.
        left -= 100
        _ = poll(nil, 0, 1)
      }
      backend.stop()
      return Trial(name: name, counters: backend.counters)
    } catch {
      return Trial(name: name, fault: error)
    }
  }

  /// What the kernel offers and this process may do, in words.
  package static func checks(_ probe: KernelProbe) -> [Check] {
    let grant = "sudo setcap cap_bpf,cap_net_raw,cap_perfmon+ep $(command -v wiretally)"
    var checks = [
      Check(name: "kernel", state: .fine, found: probe.release),
      Check(name: "filter", state: .fine, found: "compiled by \(BuiltInFilter.compiler)"),
    ]
    if let fault = probe.ringBufferFault {
      let isOld = !probe.isRingBufferForbidden
      checks.append(
        Check(
          name: "BPF ring buffer", state: .missing,
          found: isOld ? "\(fault) (needs 5.8)" : "cannot be tried: \(fault)",
          hint: isOld ? "boot a kernel of 5.8 or later (see: uname -r)" : "sudo wiretally doctor"))
    } else {
      checks.append(Check(name: "BPF ring buffer", state: .fine, found: "available"))
    }
    func capability(_ name: String, _ isThere: Bool, _ use: String, _ otherwise: Check.State) {
      checks.append(
        Check(
          name: name, state: isThere ? .fine : otherwise, found: isThere ? "yes" : "no: \(use)",
          hint: isThere ? nil : grant))
    }
    capability("CAP_BPF", probe.mayLoadBPF, "the filter cannot be loaded", .missing)
    capability("CAP_NET_RAW", probe.mayOpenPacketSockets, "no packet can be seen", .missing)
    capability(
      "CAP_PERFMON", probe.mayMonitorPerformance,
      "the filter takes about twice as long, and processes are not known", .slow)
    let enable = "sudo sysctl -w net.core.bpf_jit_enable=1"
    switch probe.jit {
    case .some(0):
      checks.append(
        Check(name: "BPF JIT", state: .slow, found: "off: the filter is interpreted", hint: enable))
    case .some(let mode):
      checks.append(Check(name: "BPF JIT", state: .fine, found: mode > 1 ? "on, with traces" : "on"))
    case nil:
      checks.append(
        Check(name: "BPF JIT", state: .unknown, found: "cannot be read here (net.core.bpf_jit_enable)"))
    }
    let unprivileged: String
    switch probe.unprivilegedBPFDisabled {
    case .some(0): unprivileged = "0: any user may load BPF"
    case .some(1): unprivileged = "1: only with CAP_BPF, until the next boot"
    case .some(let number): unprivileged = "\(number): only with CAP_BPF"
    case nil: unprivileged = "not available"
    }
    checks.append(Check(name: "unprivileged_bpf_disabled", state: .fine, found: unprivileged))
    checks.append(Check(name: "libpcap", state: .fine, found: PcapLibrary.version))
    return checks
  }

  /// What a watch can give up here: it watches all the same without.
  private static func sandbox() -> [Check] {
    func check(_ name: String, _ fault: String?, _ there: String, _ otherwise: String, _ hint: String)
      -> Check
    {
      Check(
        name: name, state: fault == nil ? .fine : .missing,
        found: fault.map { "\($0): \(otherwise)" } ?? there, hint: fault == nil ? nil : hint)
    }
    return [
      check(
        "seccomp", Sandbox.seccompFault, "available", "a watch keeps all system calls",
        "boot a kernel built with CONFIG_SECCOMP_FILTER"),
      check(
        "Landlock", Sandbox.landlockFault, "version \(Sandbox.landlockVersion ?? 0)",
        "a watch keeps all files of its user",
        "boot a kernel of 5.13 or later with landlock among lsm= (see: cat /sys/kernel/security/lsm)"),
    ]
  }
}
