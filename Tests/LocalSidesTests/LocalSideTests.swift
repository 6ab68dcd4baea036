// SPDX-License-Identifier: Apache-2.0
import Capture
import LocalSides
import System
import Testing

/// Which connections a choice of `--side` leaves out. This machine has 127.0.0.1 at least; 192.0.2.0/24 is nobody's.
@Suite struct LocalSideTests {
  private static let here = Endpoint(ipv4: 0x7f00_0001, port: 80)
  private static let far = Endpoint(ipv4: 0xc000_0201, port: 80)

  private let local: LocalSide

  init() throws {
    local = LocalSide(ports: try #require(PortSet(parsing: "80,8080")), local: try LocalAddresses())
  }

  /// The side of a segment's connection, from the one end to the other.
  private func side(
    _ source: Endpoint, _ from: UInt16, _ destination: Endpoint, _ to: UInt16, _ text: String = "",
    flags: Segment.Flags = .ack
  ) -> ConnectionSide? {
    let bytes = Array(text.utf8)
    return local.side(of: Self.segment(source, from, destination, to, bytes.count, flags), bytes.rawSpan)
  }

  private static func segment(
    _ source: Endpoint, _ from: UInt16, _ destination: Endpoint, _ to: UInt16, _ length: Int = 0,
    _ flags: Segment.Flags = .ack
  ) -> Segment {
    var source = source, destination = destination
    (source.port, destination.port) = (from, to)
    return Segment(
      time: 1, source: source, destination: destination, sequence: 1, acknowledgement: 1,
      payloadLength: UInt32(length), flags: flags, kind: .stream)
  }

  @Test func `who has opened a connection decides its side, in both directions`() {
    #expect(side(Self.far, 50_000, Self.here, 80) == .server)
    #expect(side(Self.here, 80, Self.far, 50_000) == .server)
    #expect(side(Self.here, 50_000, Self.far, 8080) == .client)
    #expect(side(Self.far, 8080, Self.here, 50_000) == .client)
  }

  @Test func `a connection to itself is one that it has opened`() {
    #expect(side(Self.here, 50_000, Self.here, 8080) == .client)
    #expect(side(Self.here, 8080, Self.here, 50_000) == .client)
  }

  @Test func `a connection between other machines has no side`() {
    #expect(side(Self.far, 50_000, Self.far, 80) == nil)
  }

  @Test(arguments: [("GET / HTTP/1.1", true), ("HTTP/1.1 200 OK", false)])
  func `where both ports are watched the payload decides`(text: String, isByClient: Bool) {
    #expect(side(Self.here, 8080, Self.far, 80, text) == (isByClient ? .client : .server))
    #expect(side(Self.far, 8080, Self.here, 80, text) == (isByClient ? .server : .client))
  }

  @Test func `where both ports are watched the handshake decides`() {
    #expect(side(Self.here, 80, Self.far, 8080, flags: .syn) == .client)
    #expect(side(Self.here, 80, Self.far, 8080, flags: [.syn, .ack]) == .server)
  }

  @Test(arguments: [
    (ConnectionSide.both, [false, false, false]), (.server, [false, true, false]),
    (.client, [true, false, false]),
  ])
  func `a choice leaves the other side out and never what only passes through`(
    choice: ConnectionSide, isLeftOut: [Bool]
  ) {
    let empty: [UInt8] = []
    let segments = [
      Self.segment(Self.far, 50_000, Self.here, 80), Self.segment(Self.here, 50_000, Self.far, 80),
      Self.segment(Self.far, 50_000, Self.far, 80),
    ]
    for (segment, expected) in zip(segments, isLeftOut) {
      #expect(local.leavesOut(choice, segment, empty.rawSpan) == expected)
    }
  }
}
