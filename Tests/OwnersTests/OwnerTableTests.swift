// SPDX-License-Identifier: Apache-2.0
import Capture
import Testing

@testable import Exchanges
@testable import Owners

/// Who has which connection, from the records that say so.
struct OwnerTableTests {
  private let server = RecordBytes.server, client = RecordBytes.client

  private func name(
    _ table: OwnerTable, _ local: Endpoint, _ remote: Endpoint, at time: UInt64 = 2_000, isExact: Bool = true
  ) -> String? {
    table.find(local, remote, at: time, isExact: isExact).flatMap { table.process($0.owner)?.owner.process }
  }

  @Test
  func `both ends of a connection have their owners`() {
    let source = GivenRecords()
    let table = OwnerTable(source)
    #expect(name(table, server, client) == nil)
    source.add(
      RecordBytes.group(5, ["system.slice", "nginx.service"]),
      RecordBytes.connection(.connected, process: 9, local: client, remote: server, name: "curl"),
      RecordBytes.connection(.received, process: 7, group: 5))
    #expect(name(table, server, client) == "nginx")
    #expect(name(table, client, server) == "curl")
    let found = table.find(server, client, at: 2_000, isExact: true)
    let owner = Owner(process: "nginx", unit: "nginx.service")
    #expect(found.flatMap { table.process($0.owner) } == OwnerProcess(owner: owner, process: 7))
  }

  @Test
  func `connections that were open at the start are listed, and those of several processes are nobody's`() {
    let other = Endpoint(ipv4: 0x0a00_0003, port: 50_000)
    let source = GivenRecords(
      listed: RecordBytes.connection(.listed)
        + RecordBytes.connection(.listed, remote: other)
        + RecordBytes.connection(.listed, process: 0, remote: other))
    let table = OwnerTable(source)
    #expect(name(table, server, client) == "nginx")
    #expect(name(table, server, other) == nil)
    source.add(RecordBytes.connection(.received, remote: other, name: "worker"))
    #expect(name(table, server, other) == "worker")
  }

  @Test
  func `the last receiver owns a connection`() {
    let source = GivenRecords()
    let table = OwnerTable(source)
    source.add(RecordBytes.connection(.received, process: 1, name: "parent"))
    guard let found = table.find(server, client, at: 2_000, isExact: true) else {
      Issue.record("nobody is known")
      return
    }
    #expect(table.isCurrent(slot: found.slot, version: found.version))
    source.add(RecordBytes.connection(.received, process: 2, name: "child"))
    table.update()
    #expect(!table.isCurrent(slot: found.slot, version: found.version))
    #expect(name(table, server, client) == "child")
  }

  @Test
  func `a closed connection keeps its owner for what was asked before, and for nothing after`() {
    let source = GivenRecords()
    let table = OwnerTable(source)
    source.add(
      RecordBytes.connection(.connected, time: 10, local: client, remote: server, name: "curl"),
      RecordBytes.connection(.closed, process: 0, time: 5_000, local: client, remote: server, name: ""))
    #expect(name(table, client, server, at: 4_000) == "curl")
    #expect(name(table, client, server, at: 5_001) == nil)
    // When it was given up is not when it came.
    #expect(name(table, client, server, at: 5_001, isExact: false) == "curl")
    #expect(name(table, client, server, at: 5_001 + 1_000_000_001, isExact: false) == nil)
    // The next connection on the same addresses is another one.
    source.add(RecordBytes.connection(.connected, time: 9_000, local: client, remote: server, name: "wget"))
    #expect(name(table, client, server, at: 4_000) == nil)
    #expect(name(table, client, server, at: 9_500) == "wget")
  }

  @Test
  func `the watched namespace comes before others, and two others are nobody`() {
    let source = GivenRecords(network: 1)
    let table = OwnerTable(source)
    source.add(RecordBytes.connection(.received, network: 2, name: "pod"))
    #expect(name(table, server, client) == "pod")
    source.add(RecordBytes.connection(.received, network: 3, name: "other pod"))
    #expect(name(table, server, client) == nil)
    source.add(RecordBytes.connection(.received, network: 4, name: "third pod"))
    #expect(name(table, server, client) == nil)
    source.add(RecordBytes.connection(.received, network: 1, name: "host"))
    #expect(name(table, server, client) == "host")
    source.add(
      RecordBytes.connection(.received, network: 2, name: "pod"),
      RecordBytes.connection(.closed, process: 0, time: 1, network: 2))
    #expect(name(table, server, client) == "host")
  }

  @Test
  func `another namespace's loopback is not the watched one's`() {
    let source = GivenRecords(network: 1)
    let table = OwnerTable(source)
    let ends = [Endpoint(ipv4: 0x7f00_0001, port: 80), Endpoint(high: 0, low: 1, port: 80)]
    for end in ends {
      source.add(RecordBytes.connection(.received, local: end, remote: end, network: 2))
      #expect(name(table, end, end) == nil)
      source.add(RecordBytes.connection(.received, local: end, remote: end, network: 1))
      #expect(name(table, end, end) == "nginx")
    }
  }

  @Test
  func `after a loss nobody is known until it is sent again`() {
    let source = GivenRecords()
    let table = OwnerTable(source)
    source.add(RecordBytes.connection(.received))
    #expect(name(table, server, client) == "nginx")
    source.lose()
    #expect(name(table, server, client) == nil)
    #expect(source.timesSentAgain == 1)
    #expect(table.lost == 1)
    source.add(RecordBytes.connection(.received, name: "later"))
    #expect(name(table, server, client) == "later")
    #expect(source.timesSentAgain == 1)
  }

  @Test
  func `one owner of several processes has no process of its own`() {
    let source = GivenRecords()
    let table = OwnerTable(source)
    source.add(RecordBytes.connection(.received, process: 7))
    let found = table.find(server, client, at: 2_000, isExact: true)
    let other = Endpoint(ipv4: 1, port: 1)
    source.add(RecordBytes.connection(.received, process: 8, remote: other))
    table.update()
    // Only who was found at the end of an exchange counts.
    #expect(found.flatMap { table.process($0.owner)?.process } == 7)
    #expect(name(table, server, other) == "nginx")
    #expect(found.flatMap { table.process($0.owner) } == OwnerProcess(owner: Owner(process: "nginx")))
    // A number that was given to another process is another process.
    let again = GivenRecords()
    let second = OwnerTable(again)
    again.add(RecordBytes.connection(.received, started: 10_000_000))
    #expect(name(second, server, client) == "nginx")
    again.add(RecordBytes.connection(.received, started: 20_000_000))
    let reused = second.find(server, client, at: 2_000, isExact: true)
    #expect(reused.flatMap { second.process($0.owner)?.process } == nil)
  }

  @Test(arguments: [
    ("\u{1b}[31mred", #"\x1b[31mred"#), ("\u{202e}txt", #"\xe2\x80\xaetxt"#), ("a b\"c", #"a b\x22c"#),
    (#"back\slash"#, #"back\\slash"#),
  ])
  func `a process's name stays where it is shown`(name: String, printable: String) {
    let source = GivenRecords()
    let table = OwnerTable(source)
    source.add(RecordBytes.connection(.received, name: name))
    #expect(self.name(table, server, client) == printable)
  }

  @Test
  func `a name that is no UTF-8 is printable too`() {
    let source = GivenRecords()
    let table = OwnerTable(source)
    var record = RecordBytes.connection(.received, name: "x")
    record.replaceSubrange(72..<75, with: [0xff, 0xc0, 0x41])
    source.add(record)
    #expect(name(table, server, client) == #"\xff\xc0A"#)
  }

  @Test
  func `closed connections give way, open ones that are used stay`() {
    let source = GivenRecords()
    let table = OwnerTable(source)
    source.add(RecordBytes.connection(.received, name: "kept"))
    for number in 0..<UInt32(ConnectionOwners.capacity) * 2 {
      let remote = Endpoint(ipv4: 0x0b00_0000 + number, port: 1)
      source.add(
        RecordBytes.connection(.received, remote: remote, name: "short"),
        RecordBytes.connection(.closed, process: 0, time: 1, remote: remote))
      if number % 1_000 == 0 { #expect(name(table, server, client) == "kept") }
    }
    #expect(name(table, server, client) == "kept")
  }

  @Test
  func `nobody is looked for where no end has one of the ports`() {
    let source = GivenRecords()
    let table = OwnerTable(source)
    let parties = ExchangeParties(client: client, server: server)
    #expect(!table.mayKnow(parties))
    source.add(RecordBytes.connection(.received))
    #expect(table.mayKnow(parties))
    #expect(table.mayKnow(ExchangeParties(client: server, server: client)))
    #expect(!table.mayKnow(ExchangeParties(client: client, server: Endpoint(ipv4: 1, port: server.port + 1))))
    var translated = ExchangeParties(client: client, server: Endpoint(ipv4: 1, port: server.port + 1))
    translated.otherServer = server
    #expect(table.mayKnow(translated))
    source.lose()
    table.update()
    #expect(!table.mayKnow(parties))
  }

  @Test
  func `a port is looked for as long as one of its ends has a place`() {
    var connections = ConnectionOwners(network: 1, capacity: 2)
    let owner = OwnerReference(place: 2, generation: 1)
    func add(_ port: UInt16, _ remote: UInt32) {
      let key = ConnectionOwners.Key(
        local: Endpoint(ipv4: 1, port: port), remote: Endpoint(ipv4: remote, port: 9))
      _ = connections.note(key, owner, ProcessIdentity(number: 1, started: 1), network: 1)
      _ = connections.close(key, network: 1, at: 1)
    }
    add(80, 1)
    add(80, 2)
    #expect(connections.ports.contains(80) && !connections.ports.contains(81))
    add(65_535, 3)
    #expect(connections.ports.contains(80) && connections.ports.contains(65_535))
    add(81, 4)
    #expect(!connections.ports.contains(80) && connections.ports.contains(81))
  }

  @Test
  func `one with many exchanges keeps its place while others come and go`() {
    var directory = OwnerDirectory()
    let busy = directory.use(Owner(process: "busy"))
    directory.count(busy, exchanges: 5_000)
    directory.release(busy)
    var last = busy
    for number in 0..<3 * OwnerDirectory.capacity {
      last = directory.use(Owner(process: "passer-by \(number)"))
      directory.count(last, exchanges: 1)
      directory.release(last)
    }
    #expect(directory.process(busy)?.owner.process == "busy")
    #expect(directory.process(last)?.owner.process == "passer-by \(3 * OwnerDirectory.capacity - 1)")
    // A newcomer with more than its share stays as well: it inherits what its place had.
    let late = directory.use(Owner(process: "late"))
    directory.release(late)
    directory.count(late, exchanges: 4_000)
    for number in 0..<3 * OwnerDirectory.capacity {
      let other = directory.use(Owner(process: "another \(number)"))
      directory.count(other, exchanges: 1)
      directory.release(other)
    }
    #expect(directory.process(late)?.owner.process == "late")
  }

  @Test
  func `owners without connections give their places away, and their references are theirs no more`() {
    let source = GivenRecords()
    let table = OwnerTable(source)
    func use(_ number: Int, isClosed: Bool) -> OwnerReference? {
      let remote = Endpoint(ipv4: 0x0c00_0000 + UInt32(number), port: 1)
      source.add(RecordBytes.connection(.received, remote: remote, name: "p\(number)"))
      let found = table.find(server, remote, at: 2_000, isExact: true)
      if isClosed {
        source.add(RecordBytes.connection(.closed, process: 0, time: 1, remote: remote))
        table.update()
      }
      return found?.owner
    }
    let first = use(0, isClosed: true)
    for number in 1...OwnerDirectory.capacity { #expect(use(number, isClosed: false) != .other) }
    #expect(first.flatMap { table.process($0) } == nil)
    // All places are in use by connections that are open.
    #expect(use(1_000, isClosed: false) == .other)
    #expect(table.process(.other)?.owner == .other)
    #expect(table.process(.unknown) == nil)
  }
}
