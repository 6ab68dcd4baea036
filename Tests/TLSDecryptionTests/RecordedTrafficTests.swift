// SPDX-License-Identifier: Apache-2.0
import Capture
import Randomness
import System
import TLSDecryption
import Testing

/// Captures of real servers and clients against the servers' logs.
@Suite struct RecordedTrafficTests {
  private func check(_ account: RecordedTraffic.Account, _ log: ServerLog) {
    #expect(account.requests == log.requests && account.responses == log.responses)
    #expect(account.unmatched == 0)
    #expect(account.sites == log.sites)
    #expect(account.statuses == log.statuses)
    #expect(account.sections == log.sections)
    #expect(account.tls.read == account.tls.connections && account.tls.lostRecords == 0)
    #expect(UnreadReason.allCases.allSatisfy { account.tls[$0] == 0 })
  }

  @Test func `there are captures of each version, cipher and kind of handshake`() {
    #expect(RecordedTraffic.names.count == 17)
  }

  @Test(arguments: RecordedTraffic.names)
  func `totals, sites, statuses and sections are those of the server's log`(name: String) throws {
    let traffic = try RecordedTraffic("\(name).pcap", keys: name)
    let log = try ServerLog(name)
    check(traffic.read(), log)
    // The same when no body is passed over.
    let whole = traffic.read(passes: false)
    check(whole, log)
    #expect(whole.tls.passedRecords == 0)
  }

  @Test(arguments: RecordedTraffic.names)
  func `packets in another order, and twice, come to the same`(name: String) throws {
    let traffic = try RecordedTraffic("\(name).pcap", keys: name)
    let log = try ServerLog(name)
    for seed in 0..<6 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      check(traffic.read(mixed(traffic.packets, using: &random)), log)
    }
  }

  /// Each packet up to eight places later, some of them twice; connections stay one after the other.
  private func mixed(
    _ packets: [RecordedTraffic.Packet], using random: inout SeededGenerator
  ) -> [RecordedTraffic.Packet] {
    var places: [(Int, RecordedTraffic.Packet)] = []
    for (index, packet) in packets.enumerated() {
      // The end of a connection, and the beginning of the next one on other ports, stay in their places.
      let isFixed = packet.segment.flags.isControl
      places.append((index + (isFixed ? 0 : Int.random(in: 0..<8, using: &random)), packet))
      if !isFixed, Int.random(in: 0..<5, using: &random) == 0 { places.append((index + 4, packet)) }
    }
    return places.enumerated().sorted { ($0.element.0, $0.offset) < ($1.element.0, $1.offset) }.map(
      \.element.1)
  }

  @Test(arguments: RecordedTraffic.names)
  func `without one packet at most its own messages are missing, and no other is invented`(name: String)
    throws
  {
    let traffic = try RecordedTraffic("\(name).pcap", keys: name)
    let log = try ServerLog(name)
    var complete = 0, tried = 0
    for index in traffic.packets.indices where traffic.packets[index].segment.payloadLength > 0 {
      var rest = traffic.packets
      rest.remove(at: index)
      let account = traffic.read(rest)
      #expect(account.requests <= log.requests && account.responses <= log.responses)
      for (status, count) in account.statuses { #expect(count <= log.statuses[status] ?? 0) }
      for (site, count) in account.sites where !site.hasPrefix("(") {
        #expect(count <= log.sites[site] ?? 0)
      }
      tried += 1
      if account.requests + 1 >= log.requests, account.responses + 1 >= log.responses { complete += 1 }
    }
    // Without a part of its hellos a connection cannot be read at all; each has one segment or two of these.
    #expect(tried - complete <= 6 * 3, "\(tried - complete) of \(tried) lost more than one message")
  }

  @Test(arguments: RecordedTraffic.names)
  func `packets that are cut short lose what was cut`(name: String) throws {
    let traffic = try RecordedTraffic("\(name).pcap", keys: name)
    let log = try ServerLog(name)
    for length in [0, 60, 700, 1_200] {
      let cut = traffic.packets.map { packet in
        RecordedTraffic.Packet(segment: packet.segment, payload: Array(packet.payload.prefix(length)))
      }
      let account = traffic.read(cut)
      #expect(account.requests <= log.requests && account.responses <= log.responses)
    }
  }

  @Test(arguments: RecordedTraffic.names)
  func `without its keys a connection is named, and nothing is read of it`(name: String) throws {
    let traffic = try RecordedTraffic("\(name).pcap")
    let account = traffic.read()
    #expect(account.requests == 0 && account.responses == 0 && account.tls.read == 0)
    #expect(account.tls.noKey == account.tls.connections && account.tls.connections > 0)
    #expect(account.unread[.noKey]?.values.reduce(0, +) == account.tls.connections)
    #expect(account.unread[.noKey]?["shop.example"] != nil)
  }

  @Test func `a pcapng file brings its secrets itself`() throws {
    let account = try RecordedTraffic("with-secrets.pcapng").read()
    check(account, try ServerLog("tls13-aes128"))
  }

  @Test func `bodies are passed over`() throws {
    for name in ["tls13-aes128", "tls13-chacha20", "tls12-aes256", "tls12-cbc-mac-first"] {
      let traffic = try RecordedTraffic("\(name).pcap", keys: name)
      #expect(traffic.read().tls.passedRecords > 0)
    }
  }

  @Test func `a connection that begins in the midst is not read, and says why`() throws {
    let traffic = try RecordedTraffic("tls13-aes128.pcap", keys: "tls13-aes128")
    let late = traffic.packets.filter { !$0.segment.flags.isOpening }.drop { _ in false }
    let first = late.firstIndex { $0.payload.first == 22 } ?? 0
    let account = traffic.read(Array(late[(first + 1)...]))
    #expect(account.tls.noHandshake == 1 && account.tls.read == account.tls.connections - 1)
  }
}
