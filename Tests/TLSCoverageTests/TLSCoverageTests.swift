// SPDX-License-Identifier: Apache-2.0
import Capture
import Testing

@testable import TLSCoverage

@Suite struct TLSCoverageTests {
  private typealias Lookup = @Sendable (Endpoint, Endpoint, UInt64) -> String?

  /// Every end is this process's; nobody's when it is nil.
  private static func lookup(_ process: String?) -> Lookup {
    { (_: Endpoint, _: Endpoint, _: UInt64) -> String? in process }
  }

  private static func coverage(
    _ reading: CoverageConditions.Reading = .off(option: "--tls"), process: String? = nil
  ) -> TLSCoverage {
    let lookup: Lookup? = process == nil ? nil : lookup(process)
    return TLSCoverage(CoverageConditions(ports: .https, reading: reading, process: lookup))
  }

  private static func attached(_ programs: [String: TLSAttachment.Libraries] = [:])
    -> CoverageConditions.Reading
  {
    .libraries(TLSAttachment(since: Hellos.second, programs: programs))
  }

  @Test func `a connection counts once, however often its hello is seen`() throws {
    let coverage = Self.coverage()
    let hello = Hellos.record(1)
    coverage.see(hello, from: Hellos.client(5_000))
    // Sent again.
    coverage.see(hello, from: Hellos.client(5_000))
    // The second one, after the server has asked for it: with other keys, the same random, further on.
    coverage.see(Hellos.record(1, filler: 30), from: Hellos.client(5_000), sequence: 1_600)
    // On its way to a container, under another address.
    coverage.see(
      hello, from: Hellos.client(5_000), to: Endpoint(ipv4: 0xac11_0002, port: 8443))
    coverage.see(Hellos.record(2), from: Hellos.client(5_001))
    coverage.finish()
    let life = try #require(coverage.life)
    #expect(life.connections == 2 && life.read == 0 && life.ports == "443,8443" && life.hint == "--tls")
    #expect(
      life.notRead == [
        UnreadConnections(
          serverName: "shop.example", protocols: "h2,http/1.1", process: nil, reason: "off", connections: 2)
      ])
  }

  @Test func `the same ports may have one connection after the other`() {
    let coverage = Self.coverage()
    for number in 0..<20 { coverage.see(Hellos.record(UInt32(number)), from: Hellos.client(5_000)) }
    coverage.finish()
    #expect(coverage.life?.connections == 20)
  }

  @Test func `a hello in two segments has its name, and one of which a part is lost counts without`() {
    let coverage = Self.coverage()
    let long = Hellos.record(1, filler: 1_700)
    func send(_ port: UInt16, _ bytes: [UInt8], _ sequence: UInt32) {
      coverage.see(bytes, from: Hellos.client(port), sequence: sequence)
    }
    send(5_000, Array(long[..<1_400]), 10)
    send(5_001, Array(Hellos.record(2, name: "b.example", filler: 1_700)[..<1_400]), 10)
    // Of another connection, and not the next bytes: neither continues the first one's.
    send(5_002, Array(long[1_400...]), 1_410)
    send(5_000, Array(long[1_400...]), 1_411)
    send(5_000, Array(long[1_400...]), 1_410)
    coverage.finish()
    #expect(coverage.life?.notRead.map(\.serverName) == [nil, "shop.example"])
    #expect(coverage.life?.connections == 2)
  }

  @Test func `what is read is read, whichever is seen first`() throws {
    let coverage = Self.coverage(Self.attached(["nginx": .attached]), process: "nginx")
    coverage.see(Hellos.record(1), from: Hellos.client(5_000), at: 2 * Hellos.second)
    coverage.noteRead(Hellos.client(5_000), Hellos.server, at: 3 * Hellos.second)
    // Two rings are read one after the other: the text's may come first. Its ends are in either order.
    coverage.noteRead(Hellos.server, Hellos.client(5_001), at: 4 * Hellos.second)
    coverage.see(Hellos.record(2), from: Hellos.client(5_001), at: 3 * Hellos.second)
    // The text of the connection before this one on the same ports is none of it.
    coverage.see(Hellos.record(3), from: Hellos.client(5_001), at: 5 * Hellos.second)
    coverage.see(
      Hellos.record(4, name: nil, protocols: []), from: Hellos.client(5_003), at: 3 * Hellos.second)
    coverage.advance(to: 20 * Hellos.second)
    let life = try #require(coverage.life)
    #expect(life.connections == 4 && life.read == 2)
    #expect(life.reasons.map { "\($0.reason) \($0.connections)" } == ["not tied 2"])
    #expect(life.notRead.map(\.serverName) == [nil, "shop.example"])
    #expect(life.notRead.allSatisfy { $0.process == "nginx" })
  }

  @Test func `a connection of a gateway is read under the address that the process has`() {
    let coverage = Self.coverage(Self.attached(), process: "nginx")
    let inside = Endpoint(ipv4: 0xac11_0002, port: 8443)
    coverage.see(Hellos.record(1), from: Hellos.client(5_000), at: 2 * Hellos.second)
    coverage.see(Hellos.record(1), from: Hellos.client(5_000), to: inside, at: 2 * Hellos.second)
    coverage.noteRead(Hellos.client(5_000), inside, at: 3 * Hellos.second)
    coverage.finish()
    #expect(coverage.life?.connections == 1 && coverage.life?.read == 1)
  }

  @Test func `each connection that is not read has its reason`() {
    func reason(
      _ reading: CoverageConditions.Reading, _ process: String?, at time: UInt64 = 2 * Hellos.second,
      isAsked: Bool = true
    ) -> String? {
      let lookup: Lookup? = isAsked ? Self.lookup(process) : nil
      let coverage = TLSCoverage(CoverageConditions(ports: .https, reading: reading, process: lookup))
      coverage.see(Hellos.record(9), from: Hellos.client(5_000), at: time)
      coverage.finish()
      return coverage.life?.notRead.first?.reason
    }
    let attached = Self.attached(["nginx": .attached, "wget": .unattached("GnuTLS"), "java": .nothing])
    #expect(reason(.off(option: "--tls"), "nginx") == "off")
    #expect(reason(.unavailable(.libpcap), "nginx") == "libpcap")
    #expect(reason(.unavailable(.notAttachable(nil)), "nginx") == "not attachable")
    #expect(reason(attached, "nginx") == "not tied")
    #expect(reason(attached, "wget") == "not attachable: GnuTLS")
    #expect(reason(attached, "java") == "no library found")
    #expect(reason(attached, "started-later") == "no library found")
    #expect(reason(attached, nil) == "no process here")
    #expect(reason(attached, nil, isAsked: false) == "not tied")
    #expect(reason(attached, "nginx", at: Hellos.second / 2) == "began before")
    #expect(reason(.keys, nil) == "no text")
  }

  @Test func `a program that has been read has a library, whenever it started`() {
    let coverage = Self.coverage(Self.attached(), process: "curl")
    coverage.see(Hellos.record(1), from: Hellos.client(5_000), at: 2 * Hellos.second)
    coverage.noteRead(Hellos.client(5_000), Hellos.server, at: 2 * Hellos.second)
    coverage.see(Hellos.record(2), from: Hellos.client(5_001), at: 2 * Hellos.second)
    coverage.finish()
    #expect(coverage.life?.notRead.map(\.reason) == ["not tied"])
  }

  @Test func `a file's connection has the reason of its decryption`() {
    let coverage = Self.coverage(.keys)
    coverage.see(Hellos.record(1), from: Hellos.client(5_000))
    coverage.noteUnread(Hellos.client(5_000), Hellos.server, .undecrypted("no key"))
    coverage.see(Hellos.record(2), from: Hellos.client(5_001))
    coverage.noteRead(Hellos.client(5_001), Hellos.server, at: 90 * Hellos.second)
    // After its first text it counts as read, whatever comes.
    coverage.noteUnread(Hellos.client(5_001), Hellos.server, .undecrypted("undecryptable"))
    coverage.advance(to: 1_000 * Hellos.second)
    #expect(coverage.life?.connections == 1)
    coverage.finish()
    #expect(coverage.life?.connections == 2 && coverage.life?.read == 1)
    #expect(coverage.life?.notRead.map(\.reason) == ["no key"])
  }

  @Test func `intervals and totals that are reset begin again, and the metrics' do not`() {
    let coverage = Self.coverage()
    #expect(coverage.life == nil && coverage.interval == nil)
    coverage.see(Hellos.record(1), from: Hellos.client(5_000))
    coverage.advance(to: 2 * Hellos.second)
    #expect(coverage.interval?.connections == 1)
    coverage.clearInterval()
    coverage.clearLife()
    #expect(coverage.interval?.connections == 0 && coverage.life?.connections == 0)
    coverage.see(Hellos.record(2), from: Hellos.client(5_001), at: 3 * Hellos.second)
    coverage.advance(to: 4 * Hellos.second)
    #expect(coverage.interval?.connections == 1 && coverage.life?.connections == 1)
    #expect(coverage.total?.connections == 2)
  }

  @Test func `a flood of names keeps the totals exact and the rows few`() throws {
    let coverage = Self.coverage()
    for number in 0..<UInt32(30_000) {
      // Every third one is of one name, which keeps its row.
      let name = number % 3 == 0 ? "shop.example" : "n\(number).example"
      coverage.see(
        Hellos.record(number, name: name), from: Hellos.client(UInt16(truncatingIfNeeded: number)),
        at: Hellos.second + UInt64(number))
    }
    coverage.finish()
    let life = try #require(coverage.life)
    #expect(life.connections == 30_000 && life.reasons.map(\.connections) == [30_000])
    #expect(life.notRead.count == CoverageSum.capacity)
    let first = try #require(life.notRead.first)
    #expect(first.serverName == "shop.example")
    #expect(first.connections >= 10_000 && first.connections - first.overcountMax <= 10_000)
    #expect(life.notRead.allSatisfy { $0.connections >= $0.overcountMax })
  }

  @Test func `what is no hello counts nothing`() {
    let coverage = Self.coverage()
    let hello = Hellos.record(1)
    let others: [[UInt8]] = [
      [], [22], Array(hello[..<5]), Array(hello[..<9]), [23] + hello.dropFirst(), hello.reversed(),
    ]
    for bytes in others {
      coverage.see(bytes, from: Hellos.client(5_000))
    }
    coverage.finish()
    #expect(coverage.life == nil)
  }
}
