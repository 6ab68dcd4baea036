// SPDX-License-Identifier: Apache-2.0
import Capture
import PacketBuilder
import Packets
import System
import Testing

@testable import PcapCapture

// DLT_RAW is 12 on Linux.
@Suite struct PortScoutTests {
  private static func request(_ text: String, to port: UInt16, six: Bool = false) -> [UInt8] {
    let packet = Packet().to(port: port).payload(text)
    return (six ? packet.ipv6() : packet).packet
  }

  @Test(arguments: [false, true])
  func `the socket's filter passes requests to other ports, and nothing else`(six: Bool) throws {
    let ports = try #require(PortSet(parsing: "80,8000-8099"))
    let filter = try CompiledFilter(ScoutSocket.expression(besides: ports), linkType: 12)
    func passes(_ text: String, _ port: UInt16) -> Bool {
      filter.matches(Self.request(text, to: port, six: six))
    }
    for method in ["GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "PATCH", "CONNECT"] {
      #expect(passes("\(method) / HTTP/1.1\r\n\r\n", 3000), "\(method)")
    }
    #expect(passes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 50051))
    for port in [80, 8000, 8099] as [UInt16] { #expect(!passes("GET / HTTP/1.1\r\n\r\n", port)) }
    #expect(passes("GET / HTTP/1.1\r\n\r\n", 8100))
    #expect(!passes("HTTP/1.1 200 OK\r\n\r\n", 3000) && !passes("SELECT 1", 5432) && !passes("", 3000))
    let all = try CompiledFilter(ScoutSocket.expression(besides: nil), linkType: 12)
    #expect(all.matches(Self.request("GET / HTTP/1.1\r\n\r\n", to: 80, six: six)))
  }

  @Test func `ports are counted by requests, most of them first, packets cut short or not`() {
    var sample = PortSample()
    for _ in 0..<3 { sample.add(Self.request("GET /a HTTP/1.1\r\n", to: 8080, six: true).rawSpan) }
    let long = Self.request("POST /upload HTTP/1.1\r\n" + String(repeating: "x", count: 400), to: 3000)
    sample.add(Array(long.prefix(ScoutSocket.packetBytes)).rawSpan)
    sample.add(Self.request("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", to: 50051).rawSpan)
    sample.add(Self.request("POSTSCRIPT is no request", to: 9100).rawSpan)
    sample.add(Self.request("GE", to: 9101).rawSpan)
    sample.add([0x45, 0].rawSpan)
    #expect(sample.ports == [8080, 3000, 50051])
  }

  @Test func `there is a limit to the ports that are kept`() {
    var sample = PortSample()
    for port in 1...100 as ClosedRange<UInt16> {
      sample.add(Self.request("GET / HTTP/1.1\r\n", to: port).rawSpan)
    }
    #expect(sample.ports == Array(1...16))
  }
}
