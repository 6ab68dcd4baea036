// SPDX-License-Identifier: Apache-2.0
import Alerting
import Foundation
import Reporting
import Statistics
import Text
import TLSCoverage
import Testing

@Suite struct CoverageTextTests {
  private static func row(
    _ name: String?, _ process: String?, _ connections: UInt64, overcount: UInt64 = 0
  ) -> UnreadConnections {
    UnreadConnections(
      serverName: name, process: process, reason: "off", connections: connections, overcountMax: overcount)
  }

  private static func counts(_ connections: UInt64, read: UInt64, _ rows: [UnreadConnections])
    -> CoverageCounts
  {
    var counts = CoverageCounts(ports: "443")
    (counts.connections, counts.read, counts.notRead) = (connections, read, rows)
    return counts
  }

  @Test func `a line says what was read, and of the rest the processes`() {
    let rows = [
      Self.row("a.example", "java", 40), Self.row("b.example", "java", 21),
      Self.row("c.example", "envoy", 12),
    ]
    #expect(
      Self.counts(1204, read: 1131, rows).line
        == "https 443: 1204 connections, 1131 read (94 %); not read: java 61, envoy 12")
    #expect(Self.counts(1, read: 1, []).line == "https 443: 1 connection, 1 read (100 %)")
    #expect(Self.counts(0, read: 0, []).line.isEmpty)
    var quic = Self.counts(0, read: 0, [])
    quic.http3 = HTTP3Counts(connections: 212)
    #expect(quic.lines == ["h3: 212 connections, requests not visible"])
    // Almost nothing is not nothing.
    #expect(
      Self.counts(1000, read: 1, [Self.row(nil, nil, 999)]).line.contains("1 read (1 %); not read: ? 999"))
  }

  @Test func `where no process is known names stand in, and what is left is added up`() {
    let rows = ["a", "b", "c", "d", "e"].enumerated().map {
      Self.row("\($0.element).example", nil, UInt64(10 - $0.offset))
    }
    var counts = Self.counts(50, read: 0, rows + [Self.row("f.example", nil, 30, overcount: 25)])
    counts.hint = "--keylog"
    #expect(
      counts.line
        == "https 443: 50 connections, 0 read (0 %); not read: a.example 10, b.example 9, c.example 8, others 23 (--keylog reads them)"
    )
  }

  @Test func `JSON has each row, and pages the line`() throws {
    var life = Samples.life
    life.tls = Self.counts(3, read: 1, [Self.row("a.example", nil, 2)])
    life.tls?.reasons = [("off", 2)]
    var lines = JSONLines(label: Samples.label)
    let line = String(decoding: lines.summary(life, alerts: AlertBoard()), as: UTF8.self)
    #expect(
      line.contains(
        #""tls":{"ports":"443","connections":3,"read":1,"reasons":{"off":2},"notRead":[{"sni":"a.example","alpn":null,"process":null,"reason":"off","connections":2,"overcountMax":0}]}"#
      ))
    life.tls = nil
    #expect(!String(decoding: lines.summary(life, alerts: AlertBoard()), as: UTF8.self).contains("\"tls\""))
    life.tls = Self.counts(3, read: 1, [Self.row("a.example", "java", 2)])
    var text = ByteText()
    Samples.renderer.summary(life, alerts: AlertBoard(), to: &text)
    #expect(
      String(decoding: text.bytes, as: UTF8.self).contains(
        "\thttps 443: 3 connections, 1 read (33 %); not read: java 2\n"))
  }
}
