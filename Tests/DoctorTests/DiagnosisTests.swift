// SPDX-License-Identifier: Apache-2.0
import Capture
import KernelCapture
import PcapCapture
import Testing
import Text
import TLSPlaces

@testable import Doctor

/// What a diagnosis makes of the facts: its checks, its verdict, its exit status, its texts.
struct DiagnosisTests {
  /// A kernel and a process that lack nothing but what is passed.
  private static func probe(
    ringBufferFault: String? = nil, isForbidden: Bool = false, mayLoadBPF: Bool = true,
    mayOpenPacketSockets: Bool = true, mayMonitorPerformance: Bool = true, jit: Int? = 1,
    unprivileged: Int? = 2
  ) -> KernelProbe {
    KernelProbe(
      release: "6.18.0", ringBufferFault: ringBufferFault, isRingBufferForbidden: isForbidden,
      mayLoadBPF: mayLoadBPF, mayOpenPacketSockets: mayOpenPacketSockets,
      mayMonitorPerformance: mayMonitorPerformance, jit: jit, unprivilegedBPFDisabled: unprivileged)
  }

  private static func check(_ name: String, of probe: KernelProbe) throws -> Diagnosis.Check {
    try #require(Diagnosis.checks(probe).first { $0.name == name })
  }

  private static func saw(requests: UInt64) -> CaptureCounters {
    var counters = CaptureCounters()
    counters.packets = 20
    counters.onPort = 12
    counters.requestHeads = requests
    counters.responseHeads = 3
    return counters
  }

  private static func diagnosis(_ trials: [Diagnosis.Trial], asked: [String] = []) -> Diagnosis {
    Diagnosis(
      checks: Diagnosis.checks(probe(jit: 0)),
      interfaces: [
        InterfaceState(name: "lo", index: 1, isUp: true, isRunning: true, kind: 772),
        InterfaceState(name: "eth0", index: 2, isUp: true, isRunning: false, kind: 1),
        InterfaceState(name: "wg0", index: 3, isUp: false, isRunning: false, kind: 65534),
      ], trials: trials, asked: asked)
  }

  private static let worked = [
    Diagnosis.Trial(name: "eBPF", counters: saw(requests: 4)),
    Diagnosis.Trial(name: "libpcap", counters: saw(requests: 5)),
  ]
  private static let refused = [
    Diagnosis.Trial(name: "eBPF", fault: CaptureError(.unavailable, "this kernel has no bpf() call")),
    Diagnosis.Trial(name: "libpcap", fault: CaptureError(.notPermitted, "no packet sockets")),
  ]

  @Test func `a machine that lacks nothing has only fine checks, without commands`() {
    let checks = Diagnosis.checks(Self.probe())
    #expect(checks.count == 9)
    for check in checks {
      #expect(check.state == .fine, "\(check)")
      #expect(check.hint == nil, "\(check)")
    }
  }

  @Test func `whether processes are known, and what it takes`() {
    let known = Diagnosis.processes(listFault: nil)
    #expect(known.state == .fine && known.found == "known: who serves and who asks" && known.hint == nil)
    let late = Diagnosis.processes(listFault: "no iterator")
    #expect(
      late.state == .slow
        && late.found.hasSuffix("is read from /proc, of other users as root alone: no iterator"))
    #expect(late.hint == "boot a kernel of 5.8 or later (see: uname -r)")
    let forbidden = CaptureError(.notPermitted, "that takes CAP_PERFMON", hint: "sudo setcap")
    for hasTypes in [true, false] {
      let check = Diagnosis.processes(fault: forbidden, hasTypes: hasTypes)
      #expect(check.state == .missing && check.found == "not known: that takes CAP_PERFMON")
      #expect(check.hint == "sudo setcap")
    }
    let refused = CaptureError(.unavailable, "cannot load the program of owners")
    #expect(Diagnosis.processes(fault: refused, hasTypes: true).hint == nil)
    #expect(
      Diagnosis.processes(fault: refused, hasTypes: false).hint?.contains("CONFIG_DEBUG_INFO_BTF") == true)
  }

  @Test func `a TLS library has the places of its code, or the reason why it has none`() {
    var library = TLSLibrary(
      kind: .openSSL, path: "/usr/lib/libssl.so.3", identity: .init(device: 1, inode: 2), processes: 1)
    let places = [ProbePlace(.read, offset: 0x35290), ProbePlace(.write, offset: 0x355a0)]
    let known = Diagnosis.library(library, places: places, fault: nil)
    #expect(known.name == "TLS library" && known.state == .fine && known.hint == nil)
    #expect(
      known.found
        == "/usr/lib/libssl.so.3, mapped by 1 process: attachable at read 0x35290, write 0x355a0")
    library.processes = 0
    let unknown = Diagnosis.library(library, places: nil, fault: "it exports no names")
    #expect(unknown.state == .unknown)
    #expect(
      unknown.found == "/usr/lib/libssl.so.3, mapped by 0 processes: not attachable: it exports no names")
    #expect(Diagnosis.text(libraries: 1, fault: nil).found == "readable at 1 library")
    #expect(Diagnosis.text(libraries: 2, fault: nil).found == "readable at 2 libraries")
    #expect(
      Diagnosis.text(libraries: 2, fault: nil, way: "by links").found == "readable at 2 libraries, by links")
    let refused = Diagnosis.text(libraries: 0, fault: "that takes CAP_PERFMON")
    #expect(refused.state == .missing && refused.found == "not readable: that takes CAP_PERFMON")
    let later = Diagnosis.later(kept: Diagnosis.capabilities("000000c010080004"), fault: nil)
    #expect(later.state == .fine)
    #expect(later.found.hasSuffix("keeps cap_dac_read_search,cap_sys_ptrace,cap_lease,cap_perfmon,cap_bpf"))
    let old = Diagnosis.later(kept: nil, fault: "that takes Linux 6.6")
    #expect(old.state == .slow && old.hint == nil)
    #expect(old.found == "not read: that takes Linux 6.6; what is there at a watch's start is")
    let poor = Diagnosis.later(kept: [], fault: "that takes CAP_LEASE")
    #expect(poor.hint?.contains("setcap") == true && poor.hint?.contains("cap_lease") == true)
    #expect(Diagnosis.later(kept: nil, fault: nil).state == .unknown)
    #expect(Diagnosis.field("Seccomp", of: "Name:\ta\nSeccomp:\t2\nSeccomp_filters:\t1\n") == "2")
    #expect(Diagnosis.field("CapEff", of: "Name:\tCapEff\n") == nil)
    let go = Diagnosis.library(
      library, places: [.init(.goRead, offset: 16), .init(.goRead, offset: 32, isEnd: true)], fault: nil)
    #expect(go.found.hasSuffix("attachable at goRead 0x10, and at 1 ends"))
    library.kind = .rustls
    let other = Diagnosis.library(library, places: nil, fault: TLSLibrary.Kind.rustls.limit)
    #expect(
      other.found.contains("not attachable: rustls is part of it") && other.hint?.contains("proxy") == true)
    let replaced = Diagnosis.replaced("/usr/lib/libssl.so.3")
    #expect(replaced.found.contains("replaced while") && replaced.hint?.contains("(deleted)") == true)
  }

  @Test func `an old kernel needs another one, a forbidden probe needs root`() throws {
    let old = try Self.check("BPF ring buffer", of: Self.probe(ringBufferFault: "this kernel has none"))
    #expect(old.state == .missing)
    #expect(old.found == "this kernel has none (needs 5.8)")
    #expect(old.hint?.contains("5.8") == true)
    let forbidden = try Self.check(
      "BPF ring buffer", of: Self.probe(ringBufferFault: "operation not permitted", isForbidden: true))
    #expect(forbidden.state == .missing)
    #expect(forbidden.hint == "sudo wiretally doctor")
  }

  @Test func `a capability that is missing gets the command that grants it`() throws {
    let probe = Self.probe(mayLoadBPF: false, mayOpenPacketSockets: false, mayMonitorPerformance: false)
    for (name, state) in [("CAP_BPF", "missing"), ("CAP_NET_RAW", "missing"), ("CAP_PERFMON", "slow")] {
      let check = try Self.check(name, of: probe)
      #expect(check.state.rawValue == state)
      #expect(check.hint?.contains("setcap cap_bpf,cap_net_raw,cap_perfmon+ep") == true)
    }
  }

  @Test(arguments: [(0, "slow"), (1, "fine"), (2, "fine"), (nil, "unknown")] as [(Int?, String)])
  func `an interpreted filter is slow, and only that gets a command`(mode: Int?, state: String) throws {
    let check = try Self.check("BPF JIT", of: Self.probe(jit: mode))
    #expect(check.state.rawValue == state)
    #expect((check.hint != nil) == (mode == 0))
  }

  @Test(arguments: [(0, "0: any user"), (1, "1: only with CAP_BPF, until"), (2, "2: only with CAP_BPF")])
  func `the number decides who may load BPF`(number: Int, found: String) throws {
    let check = try Self.check("unprivileged_bpf_disabled", of: Self.probe(unprivileged: number))
    #expect(check.found.hasPrefix(found))
  }

  @Test func `the first backend that works is the one that would be used`() {
    let both = Self.diagnosis(Self.worked)
    #expect(both.chosen?.name == "eBPF")
    #expect(both.status == 0)
    #expect(both.verdict.contains("eBPF") && !both.verdict.contains("because"))
    let second = Self.diagnosis([Self.refused[0], Self.worked[1]])
    #expect(second.chosen?.name == "libpcap")
    #expect(second.status == 0)
    #expect(second.verdict.contains("libpcap, because this kernel has no bpf() call"))
  }

  @Test func `without a backend the status says whether permission is what is missing`() {
    let neither = Self.diagnosis(Self.refused)
    #expect(neither.chosen == nil)
    #expect(neither.status == 77)
    #expect(neither.verdict == "Nothing can be captured here.")
    #expect(Self.diagnosis([Self.refused[0]]).status == 70)
    let unknown = Diagnosis.Trial(name: "eBPF", fault: CaptureError(.notFound, "no such interface: x"))
    #expect(Self.diagnosis([unknown]).status == 66)
  }

  @Test func `the page has a line for each check and interface, and the commands that fix them`() {
    let page = Self.diagnosis([Self.worked[0], Self.refused[1]]).page(ports: "80,8080").string
    let lines = page.split(separator: "\n").map { $0.split(separator: " ", omittingEmptySubsequences: true) }
    let firsts = lines.compactMap(\.first)
    for name in ["kernel", "CAP_BPF", "libpcap", "lo", "eth0", "wg0", "eBPF"] {
      #expect(firsts.contains(Substring(name)), "\(name) in \(page)")
    }
    #expect(page.contains("up, no carrier") && page.contains("raw IP (tunnel), down"))
    #expect(page.contains("sudo sysctl -w net.core.bpf_jit_enable=1"))
    // A device is advised about only when it was asked for, and down.
    #expect(!page.contains("ip link set"))
    for (name, isAdvised) in [("wg0", true), ("eth0", false)] {
      let asked = Self.diagnosis(Self.worked, asked: [name]).page(ports: "80").string
      #expect(asked.contains("sudo ip link set \(name) up") == isAdvised)
    }
    #expect(page.contains("port 80,8080, 4 requests and 3 responses"))
    #expect(page.contains("no packet sockets"))
  }

  @Test func `the object has the same facts`() {
    let json = Self.diagnosis([Self.refused[0], Self.worked[1]]).json.text.string
    #expect(json.hasPrefix("{\"schema\":1,\"type\":\"doctor\",\"checks\":["))
    #expect(json.contains("{\"name\":\"kernel\",\"state\":\"fine\",\"found\":\"6.18.0\"}"))
    #expect(json.contains("{\"name\":\"wg0\",\"link\":\"raw IP (tunnel)\",\"state\":\"down\"}"))
    #expect(
      json.contains(
        "{\"name\":\"eBPF\",\"works\":false,\"fault\":\"this kernel has no bpf() call\"},{\"name\":\"libpcap\","
          + "\"works\":true,\"packets\":20,\"onPort\":12,\"requestHeads\":5,\"responseHeads\":3}"))
    #expect(json.contains("\"backend\":\"libpcap\""))
    #expect(Self.diagnosis(Self.refused).json.text.string.contains("\"backend\":null"))
  }
}
