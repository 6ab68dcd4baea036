// SPDX-License-Identifier: Apache-2.0
import Capture
import KernelCapture
import PacketBuilder
import Testing

/// The filter as each compiler makes it.
@Suite(.enabled(if: isRoot, "loading a BPF program requires root"), .serialized)
struct FilterObjectTests {
  /// What kernels before 6.8 allow a socket's filter, unless somebody has set net.core.optmem_max.
  static let limit = 20_480

  @Test(arguments: FilterUnderTest.all, CaptureDepth.allCases)
  func `the attached program leaves a fifth of what old kernels allow`(
    object: FilterUnderTest, depth: CaptureDepth
  ) throws {
    let trial = try object.trial(depth: depth)
    let charge = try trial.filter.charge()
    print("\(object.name), \(depth): \(charge) bytes are charged for the attached program, of \(Self.limit)")
    #expect(charge > 1_000 && charge <= Self.limit * 4 / 5)
  }

  @Test(arguments: FilterUnderTest.all, CaptureDepth.allCases)
  func `verifiers go through every program in few steps`(
    object: FilterUnderTest, depth: CaptureDepth
  ) throws {
    let programs = try object.trial(depth: depth).filter.programs()
    #expect(
      programs.map(\.name).sorted() == [
        "httpf_clock", "httpf_filter", "httpf_follow_frames", "httpf_fragment", "httpf_headers",
        "httpf_hello",
        "httpf_initial", "httpf_methods", "httpf_rest", "httpf_search", "httpf_single", "httpf_stream",
        "httpf_tunnel", "httpf_walk_frames",
      ])
    for program in programs {
      print("\(object.name), \(depth): \(program.name): \(program.bytes) bytes, \(program.steps) steps")
      // Of a million; older verifiers without CAP_PERFMON take up to ten times as many.
      #expect(program.bytes > 0 && program.steps < 30_000, "\(program)")
    }
  }

  /// A request after two IPv6 extension headers.
  private static let extended = Packet().payload(request).ipv6 {
    $0.extensions = [.options(0, more: 0), .options(60, more: 0)]
  }

  @Test(arguments: FilterUnderTest.all, [CaptureDepth.heads, .auto])
  func `heads that continue in other programs pass whole`(
    object: FilterUnderTest, depth: CaptureDepth
  ) throws {
    let trial = try object.trial(depth: depth)
    let rare: [(String, Packet)] = [
      ("a method that is compared in its own program", Packet().payload("PROPFIND / HTTP/1.1\r\n\r\n")),
      ("extension headers", Self.extended),
      ("a body after the head", Packet().payload("POST / HTTP/1.1\r\n\r\nbody")),
      ("a head that continues", Packet().payload("GET / HTTP/1.1\r\nCookie: a")),
      (
        "a head as long as the kernel lets a frame be",
        Packet().payload("GET / HTTP/1.1\r\nCookie: " + String(repeating: "c", count: 3_500))
      ),
    ]
    for (index, (name, packet)) in rare.enumerated() {
      let packet = packet.from(port: UInt16(1000 + index))
      #expect(try trial.records(packet).map(\.payload) == [packet.payload], "\(name)")
    }
    #expect(trial.gained().failedTailCalls == 0)
  }

  @Test(arguments: CaptureDepth.allCases)
  func `a tail call that fails is counted, and the packet goes no further`(depth: CaptureDepth) throws {
    let trial = try FilterUnderTest.all[0].trial(depth: depth)
    let rare = [
      Packet().payload("PROPFIND / HTTP/1.1\r\n\r\n"), Self.extended,
      Packet().payload("GET / HTTP/1.1\r\nCookie: a"),
    ]
    #expect(try trial.records(rare).count == 3)
    #expect(trial.gained().failedTailCalls == 0)
    trial.filter.removePrograms()
    #expect(try trial.records(rare).isEmpty)
    let counters = trial.gained()
    #expect(counters.failedTailCalls == 3 && counters.packets == 3 && counters.matched == 0)
    // What the attached program does by itself is not touched.
    let plain = try trial.records(Packet().from(port: 5).payload(request))
    #expect(plain.count == (depth == .heads ? 1 : 0), "\(depth)")
  }
}
