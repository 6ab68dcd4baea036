// SPDX-License-Identifier: Apache-2.0

import Capture

/// Everything that a bench has measured, what it could not measure, and what that comes to.
package struct BenchFindings: Sendable {
  package internal(set) var stages: [Stage] = []
  package internal(set) var trials: [RateTrial] = []
  /// What was not measured, and why.
  package private(set) var missing: [String] = []
  /// How to measure what is missing, in the order of the reasons.
  package private(set) var hints: [String] = []

  /// Nothing measured yet.
  package init() {}

  /// Measures for about `seconds`; `note` receives what comes next.
  ///
  /// Afterwards the process is in a network of its own, where it may make one.
  package mutating func measure(seconds: Double, _ note: (String) -> Void) {
    let traffic = HeadTraffic()
    note("the filter")
    // Before the move into another network, where a process without privilege loads no program.
    attempt("the filter") { findings throws(CaptureError) in
      findings.stages += try Stages.filter(traffic, rounds: Int(seconds))
    }
    note("the worker")
    stages += Stages.worker(traffic, seconds: seconds * 0.15)
    var own: OwnNetwork?
    attempt("loss") { _ throws(CaptureError) in own = try OwnNetwork.enter() }
    guard let own else { return }
    attempt("loss") { findings throws(CaptureError) in
      let live = try RateTrials(traffic)
      if own.isUnprivileged {
        findings.miss(
          "loss by eBPF", "attaching the filter in a network of its own requires root", "sudo wiretally bench"
        )
      } else {
        findings.attempt("loss by eBPF") { findings throws(CaptureError) in
          findings.trials += try live.ebpf(seconds: seconds * 0.4) { note("eBPF, \(Self.words($0))") }
        }
      }
      findings.attempt("loss by libpcap") { findings throws(CaptureError) in
        findings.trials += try live.pcap(seconds: seconds * 0.4) { note("libpcap, \(Self.words($0))") }
      }
    }
  }

  private mutating func attempt(_ what: String, _ body: (inout BenchFindings) throws(CaptureError) -> Void) {
    do throws(CaptureError) { try body(&self) } catch { miss(what, error.message, error.hint) }
  }

  mutating func miss(_ what: String, _ why: String, _ hint: String?) {
    missing.append("\(what) was not measured: \(why)")
    if let hint, !hints.contains(hint) { hints.append(hint) }
  }

  private static func words(_ rate: Double) -> String {
    rate > 0 ? "\(count(rate)) heads/s" : "as many heads/s as can be sent"
  }

  /// Heads a second that one core reads by eBPF, by what the fastest trial without loss took; nil when there was none.
  package var ebpfCapacity: Double? { capacity("eBPF") }

  /// The same by libpcap.
  package var pcapCapacity: Double? { capacity("libpcap") }

  /// Both backends are rated by their live trials: what stages cost one by one leaves out how they share a core.
  private func capacity(_ backend: String) -> Double? {
    let whole = trials.filter { $0.backend == backend && $0.isWhole && $0.cost > 0 }
    return whole.last.map { 1e9 / $0.cost }
  }

  /// The highest rate at which a backend counted every head; nil when there was none.
  package func wholeRate(_ backend: String) -> Double? {
    trials.filter { $0.backend == backend && $0.isWhole }.map(\.rate).max()
  }

  /// What it comes to, in words.
  package var verdict: String {
    var parts: [String] = []
    if let ebpf = ebpfCapacity {
      parts.append("this machine can watch about \(Self.count(ebpf)) heads/s on one core by eBPF")
    }
    if let pcap = pcapCapacity {
      let subject = parts.isEmpty ? "this machine can watch" : "libpcap"
      parts.append("\(subject) about \(Self.count(pcap))\(parts.isEmpty ? " heads/s by libpcap" : "")")
    }
    for backend in ["eBPF", "libpcap"] where trials.contains(where: { $0.backend == backend }) {
      let rate = wholeRate(backend)
      parts.append(
        rate.map {
          "\(backend) lost nothing at \(Self.count($0)) heads/s, the highest rate tried without loss"
        }
          ?? "\(backend) lost heads at every rate that was tried")
    }
    if parts.isEmpty { return "Nothing could be measured on this machine." }
    let text = parts.joined(separator: "; ")
    return text.prefix(1).uppercased() + text.dropFirst() + "."
  }

  /// A number of heads in words: `1.9 M`, `420k`.
  static func count(_ number: Double) -> String {
    if number >= 999_500 { return "\((number / 100_000).rounded() / 10) M" }
    if number >= 1_000 { return "\(Int((number / 1_000).rounded()))k" }
    return "\(Int(number.rounded()))"
  }
}
