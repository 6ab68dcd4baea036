// SPDX-License-Identifier: Apache-2.0
import Capture
import CTLSFilter
import Testing

@testable import KernelCapture

/// Whose TLS text counts where interfaces are named.
struct TextChooserTests {
  private static let own: UInt32 = 7, container: UInt32 = 8
  private static let client = Endpoint(ipv4: 0x0a00_0001, port: 40_000)
  private static let links = [
    NetworkLink(index: 1, name: "lo"), NetworkLink(index: 2, name: "eth0"),
    NetworkLink(index: 3, name: "eth1"),
  ]

  private let clients = SeenClients()
  private var chooser: TextChooser

  init() {
    clients.begin()
    chooser = TextChooser(
      InterfaceChoice(network: Self.own, watched: [2], links: Self.links), clients)
  }

  private static func record(
    _ network: UInt32, _ interface: UInt32, connection: UInt64 = 1, client: Endpoint = client
  ) -> tls_record {
    var record = tls_record()
    record.kind = UInt8(TLS_START)
    record.connection = connection
    record.ends.remote = (client.high.bigEndian, client.low.bigEndian)
    (record.ends.local_port, record.ends.remote_port) = (443, client.port)
    (record.ends.network, record.ends.interface) = (network, interface)
    return record
  }

  private mutating func selects(_ record: tls_record) -> Bool { chooser.selects(record) }

  @Test mutating func `text by a watched interface counts, and what may be missing is counted`() {
    #expect(selects(Self.record(Self.own, 2)))
    #expect(!selects(Self.record(Self.own, 3)))
    #expect(chooser.unplaced == 0)
    // Of a new interface, and of no socket at all.
    #expect(!selects(Self.record(Self.own, 4)))
    #expect(chooser.unplaced == 1 && chooser.hasMetNew)
    chooser.hasMetNew = false
    #expect(!selects(Self.record(0, 0)))
    #expect(chooser.unplaced == 2 && !chooser.hasMetNew)
    #expect(!chooser.isUndecided(Self.record(Self.own, 3), age: 0))
    #expect(!chooser.isUndecided(Self.record(0, 0), age: 0))
  }

  @Test
  mutating func `text of a bond's port, or by a new interface, counts when its client's hello was seen`() {
    let bond = [
      NetworkLink(index: 2, name: "eth0", master: 5), NetworkLink(index: 3, name: "eth1", master: 5),
    ]
    chooser.choice = InterfaceChoice(
      network: Self.own, watched: [2], links: bond + [NetworkLink(index: 5, name: "bond0", kind: "bond")])
    let record = Self.record(Self.own, 5)
    #expect(chooser.isUndecided(record, age: 0))
    clients.note(Self.client, at: 5)
    #expect(!chooser.isUndecided(record, age: 0))
    #expect(selects(record) && selects(Self.record(Self.own, 9, connection: 2)))
    #expect(chooser.unplaced == 0 && chooser.hasMetNew)
  }

  @Test mutating func `text of a container counts when its client's hello was seen`() {
    clients.note(Self.client, at: 5)
    let record = Self.record(Self.container, 2)
    #expect(!chooser.isUndecided(record, age: 0) && selects(record))
    #expect(chooser.unplaced == 0)
  }

  @Test mutating func `text of a container waits for the hello, and no longer than it may take`() {
    let record = Self.record(Self.container, 2)
    #expect(chooser.isUndecided(record, age: 0))
    #expect(!chooser.isUndecided(record, age: TextChooser.patience))
    clients.note(Self.client, at: 5)
    #expect(!chooser.isUndecided(record, age: 0) && selects(record))
    // One that was refused stays so, and holds up nothing.
    let other = Endpoint(ipv4: 0x0a00_0002, port: 40_000)
    let late = Self.record(Self.container, 2, connection: 2, client: other)
    #expect(!selects(late) && chooser.unplaced == 1)
    #expect(!chooser.isUndecided(late, age: 0))
    clients.note(other, at: 6)
    #expect(!selects(late) && chooser.unplaced == 2)
  }

  @Test func `clients are known for a turn or two, and a flood of them takes no more room`() {
    let clients = SeenClients()
    clients.note(Self.client, at: 1)
    #expect(!clients.contains(Self.client, Self.client), "nobody wanted to know")
    clients.begin()
    let second: UInt64 = 1_000_000_000
    clients.note(Self.client, at: 100 * second)
    clients.note(Endpoint(ipv4: 1, port: 1), at: 161 * second)
    #expect(clients.contains(Endpoint(ipv4: 9, port: 9), Self.client))
    clients.note(Endpoint(ipv4: 2, port: 1), at: 222 * second)
    #expect(!clients.contains(Self.client, Self.client))
    for number in 0..<UInt32(2 * SeenClients.most) {
      clients.note(Endpoint(ipv4: 1_000 + number, port: 1), at: 223 * second)
    }
    #expect(!clients.contains(Endpoint(ipv4: 2, port: 1), Self.client))
    let last = Endpoint(ipv4: 999 + UInt32(2 * SeenClients.most), port: 1)
    #expect(clients.contains(last, Self.client))
  }
}
