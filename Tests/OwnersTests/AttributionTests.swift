// SPDX-License-Identifier: Apache-2.0
import Capture
import Conversations
import Exchanges
import ExchangeStream
import Statistics
import System
import Testing

@testable import Owners

/// From segments and records to the counts of owners: tracker, attribution, tallies, timeline.
struct AttributionTests {
  /// One worker with its timeline.
  private final class Worker {
    let source = GivenRecords()
    let table: OwnerTable
    let timeline: Timeline
    let stream: ExchangeReader
    private let owners: OwnerAttribution
    private let writer: TallyWriter
    private var tracker: ExchangeTracker
    private var end: UInt64 = 0

    init() throws {
      table = OwnerTable(source)
      var limits = ExchangeLimits()
      limits.timeout = 10_000_000_000
      let budgets = StatisticsBudgets(pendingExchanges: limits.pendingRequests)
      let plan = try IntervalPlan(interval: 10_000_000_000)
      let tally = try TallyExchange(budgets: budgets)
      writer = try TallyWriter(tally, plan: plan, pinned: .none(seed: 42))
      timeline = try Timeline([tally], plan: plan, keepsRecent: true, pinned: .none(seed: 42))
      timeline.owners = table
      owners = try OwnerAttribution(table)
      stream = ExchangeReader(workers: 1, pendingExchanges: limits.pendingRequests)
      tracker = ExchangeTracker(limits: limits, depth: .streams, seed: 42)
      tracker.batch.isAttributed = true
      tracker.batch.isDetailed = true
    }

    func process(_ packets: [Dialogue.Packet]) {
      for packet in packets {
        if writer.isTickOver(packet.segment.time) {
          countInFlight(at: packet.segment.time)
          writer.turn(at: packet.segment.time, ledger: tracker.counters)
          while timeline.nextInterval(capture: CaptureCounters()) != nil {}
        }
        tracker.process(packet.segment, packet.payload.rawSpan)
        end = max(end, packet.segment.time)
        record()
      }
    }

    /// Ends what waits by the time limit.
    func expire() {
      tracker.advance(to: end + 60_000_000_000)
      record()
    }

    private func countInFlight(at time: UInt64) {
      writer.beginInFlight()
      tracker.eachInFlight { writer.countInFlight(owners.ownersInFlight($1, at: time)) }
    }

    private func record() {
      owners.attribute(tracker.batch)
      writer.record(tracker.batch.all, tracker.batch.allParties, names: tracker.batch.names)
      stream.writers[0].record(tracker.batch)
      tracker.batch.clear()
    }

    /// Ends the traffic; the last interval's owners that are watched.
    func finishWatched() -> [WatchedTraffic] {
      finish()
      return lastInterval?.watched ?? []
    }

    private var lastInterval: Snapshot?

    @discardableResult
    func finish() -> [OwnerCounts] {
      writer.beginInFlight()
      tracker.finish()
      record()
      writer.close(ledger: tracker.counters)
      while timeline.nextInterval(capture: CaptureCounters()) != nil {}
      lastInterval = timeline.finish(capture: CaptureCounters())
      return summary.owners ?? []
    }

    var summary: Snapshot { timeline.summary(capture: CaptureCounters()) }
  }

  private static func row(
    _ role: OwnerCounts.Role, _ process: String?, _ requests: UInt64, failures: UInt64 = 0
  ) -> [String] { [role.rawValue, process ?? "?", "\(requests)", "\(failures)"] }

  private static func rows(_ owners: [OwnerCounts]) -> [[String]] {
    owners.map { row($0.role, $0.process?.owner.process, $0.requests, failures: $0.failures) }
  }

  @Test
  func `each end of an exchange counts for its owner, and exchanges of nobody for nobody`() throws {
    let worker = try Worker()
    var dialogue = Dialogue()
    dialogue.open()
    for index in 0..<3 {
      dialogue.ask(get("/a"))
      dialogue.answer(ok("x", status: index == 0 ? "503 No" : "200 OK"))
    }
    worker.source.add(
      RecordBytes.connection(
        .connected, process: 3, local: dialogue.client, remote: dialogue.server, name: "curl"),
      RecordBytes.connection(.received, process: 4, local: dialogue.server, remote: dialogue.client))
    worker.process(dialogue.packets)
    var other = Dialogue(clientPort: 40_001)
    other.time = dialogue.time
    other.open()
    other.ask(get("/b"))
    other.answer(ok("y"))
    other.ask(get("/c"))
    other.reset(byClient: false)
    worker.process(other.packets)
    let owners = worker.finish()
    #expect(
      Self.rows(owners) == [
        Self.row(.server, "nginx", 3, failures: 1), Self.row(.server, nil, 2),
        Self.row(.client, "curl", 3, failures: 1), Self.row(.client, nil, 2),
      ])
    #expect(owners[0].latency.count == 3 && owners[1].latency.count == 1)
    #expect(owners[0].process?.process == 4 && owners[2].process?.process == 3)
  }

  @Test
  func `a connection on the ports of one before it is its own process's from its first exchange`() throws {
    let worker = try Worker()
    var before: Dialogue?
    for (place, name) in ["first", "second", "third"].enumerated() {
      let start = UInt32(place) * 1_000_000_000
      var dialogue = Dialogue(clientStart: start, serverStart: start + 5)
      let (local, remote) = (dialogue.client, dialogue.server)
      if let before {
        dialogue.time = before.time + 1_000
        worker.source.add(
          RecordBytes.connection(
            .closed, process: 0, time: before.time, local: local, remote: remote, name: ""))
      }
      worker.source.add(
        RecordBytes.connection(
          .connected, process: UInt32(place + 1), time: dialogue.time, local: local, remote: remote,
          name: name))
      dialogue.open()
      for _ in 0..<2 {
        dialogue.ask(get("/a"))
        dialogue.answer(ok("x"))
      }
      worker.process(dialogue.packets)
      before = dialogue
    }
    #expect(
      Set(Self.rows(worker.finish()).filter { $0[0] == "client" }) == [
        Self.row(.client, "first", 2), Self.row(.client, "second", 2), Self.row(.client, "third", 2),
      ])
  }

  @Test
  func `what watched owners served is counted apart from what others do`() throws {
    let worker = try Worker(), id = String(repeating: "0123456789abcdef", count: 4)
    let conditions = [
      OwnerCondition(unit: "api.service"), OwnerCondition(process: #"a\x20b"#, unit: "api.service"),
      OwnerCondition(container: "docker:0123456789ab"), OwnerCondition(container: "0123456789ab"),
      OwnerCondition(process: "curl"), OwnerCondition(process: "(other)"),
    ]
    worker.timeline.watchedOwners = conditions
    worker.source.add(
      RecordBytes.group(5, ["system.slice", "api.service"]),
      RecordBytes.group(6, ["system.slice", "docker-\(id).scope"]))
    var time: UInt64?
    for (port, name, group) in [(1, "a b", 5), (2, "api", 5), (3, "api", 6), (4, "api", 0)]
      as [(UInt16, String, UInt64)]
    {
      var dialogue = Dialogue(clientPort: 40_000 + port)
      if let time { dialogue.time = time }
      dialogue.open()
      dialogue.ask(get("/a"))
      dialogue.answer(ok("x", status: port == 2 ? "500 No" : "200 OK"))
      if port == 1 {
        dialogue.ask(get("/b"))
        dialogue.reset(byClient: false)
      }
      worker.source.add(
        RecordBytes.connection(
          .received, process: UInt32(port), group: group, local: dialogue.server, remote: dialogue.client,
          name: name),
        RecordBytes.connection(
          .connected, process: 9, local: dialogue.client, remote: dialogue.server, name: "curl"))
      worker.process(dialogue.packets)
      time = dialogue.time
    }
    let watched = worker.finishWatched()
    // What it was since the start, as counters of metrics have it.
    let recent = try #require(worker.timeline.takeRecent()?.owners)
    #expect(recent.filter { $0.role == .server }.map(\.requests).reduce(0, +) == 5)
    let api = recent.filter { $0.role == .server && $0.owner?.unit == "api.service" }
    #expect(api.map(\.requests).reduce(0, +) == 3 && api.map(\.latencies.count).reduce(0, +) == 2)
    let asked = recent.filter { $0.role == .client }
    #expect(asked.map(\.owner?.process) == ["curl"] && asked.map(\.failures) == [1])
    #expect(asked.map(\.latencies.count) == [0])
    #expect(worker.timeline.takeRecent()?.owners == [])
    #expect(watched.map(\.subject) == conditions.map { .owners($0) })
    #expect(watched.map(\.requests) == [3, 2, 1, 1, 0, 0])
    #expect(watched.map(\.failures) == [1, 0, 0, 0, 0, 0])
    #expect(watched.map(\.successes) == [1, 1, 1, 1, 0, 0])
    #expect(watched[0].unanswered.aborted == 1 && watched[0].resets == 0)
    #expect(watched[0].count(ofClass: 5) == 1 && watched[0].count(ofStatus: 500) == 1)
    var latencies = LatencyWindow(intervals: 1)
    latencies.append(watched[0].latencies)
    #expect(latencies.count == 2 && latencies.maximum > 0)
  }

  @Test
  func `what changes on an open connection counts from then on, also what runs out`() throws {
    let worker = try Worker()
    var dialogue = Dialogue()
    dialogue.open()
    dialogue.ask(get("/a"))
    dialogue.answer(ok("x"))
    let ends = (dialogue.server, dialogue.client)
    worker.source.add(RecordBytes.connection(.received, local: ends.0, remote: ends.1, name: "before"))
    worker.process(dialogue.packets)
    dialogue.packets = []
    worker.source.add(
      RecordBytes.connection(.received, process: 8, local: ends.0, remote: ends.1, name: "after"))
    worker.table.update()
    dialogue.ask(get("/a"))
    dialogue.answer(ok("x"))
    dialogue.ask(get("/never"))
    worker.process(dialogue.packets)
    worker.expire()
    let rows = Self.rows(worker.finish().filter { $0.role == .server })
    #expect(rows == [Self.row(.server, "after", 2), Self.row(.server, "before", 1)])
  }

  @Test
  func `requests that wait do not push out what is remembered of a connection`() throws {
    let source = GivenRecords()
    let owners = try OwnerAttribution(OwnerTable(source))
    let start: UInt64 = 1_000_000_000_000
    let dialogue = Dialogue()
    let parties = ExchangeParties(client: dialogue.client, server: dialogue.server)
    // Another connection of the server's: else it would be known without a look that there is none.
    source.add(
      RecordBytes.connection(.received, local: dialogue.server, remote: Endpoint(ipv4: 1, port: 1)))
    // That nobody was found is remembered for a second.
    #expect(owners.ownersInFlight(parties, at: start).serverOwner == .unknown)
    source.add(RecordBytes.connection(.received, local: dialogue.server, remote: dialogue.client))
    for port in UInt16(1)..<40_000 {
      var other = dialogue.client
      other.port = port
      _ = owners.ownersInFlight(ExchangeParties(client: other, server: dialogue.server), at: start)
    }
    #expect(owners.ownersInFlight(parties, at: start + 500_000_000).serverOwner == .unknown)
    #expect(owners.ownersInFlight(parties, at: start + 1_500_000_000).serverOwner != .unknown)
  }

  @Test
  func `one that was not known is looked for again after a second`() throws {
    let worker = try Worker()
    var dialogue = Dialogue()
    dialogue.step = 300_000_000
    dialogue.open()
    for _ in 0..<2 {
      dialogue.ask(get("/a"))
      dialogue.answer(ok("x"))
    }
    let early = dialogue.packets
    dialogue.packets = []
    for _ in 0..<2 {
      dialogue.ask(get("/a"))
      dialogue.answer(ok("x"))
    }
    worker.process(early)
    worker.source.add(RecordBytes.connection(.received, local: dialogue.server, remote: dialogue.client))
    worker.process(dialogue.packets)
    let rows = Self.rows(worker.finish().filter { $0.role == .server })
    #expect(rows == [Self.row(.server, nil, 2), Self.row(.server, "nginx", 2)])
  }

  @Test
  func `the record of an exchange has the references of its owners`() throws {
    let worker = try Worker()
    worker.stream.listen()
    var dialogue = Dialogue()
    dialogue.open()
    dialogue.ask(get("/a"))
    dialogue.answer(ok("x"))
    dialogue.ask(get("/b"))
    dialogue.reset(byClient: false)
    worker.source.add(RecordBytes.connection(.received, local: dialogue.server, remote: dialogue.client))
    worker.process(dialogue.packets)
    var record = ExchangeRecord()
    for outcome in [ExchangeFacts.Outcome.answered, .aborted] {
      #expect(worker.stream.next(into: &record))
      #expect(record.facts.outcome == outcome)
      #expect(worker.table.process(record.facts.serverOwner)?.owner == Owner(process: "nginx"))
      #expect(record.facts.clientOwner == .unknown)
    }
    _ = worker.finish()
  }

  @Test
  func `behind a translation of addresses each process is found by those of its side`() throws {
    let worker = try Worker()
    var dialogue = Dialogue()
    dialogue.open()
    dialogue.ask(get("/a"))
    dialogue.answer(ok("x"))
    let router = Endpoint(ipv4: 0x0a09_0001, port: 61_000), inner = Endpoint(ipv4: 0x0a09_0002, port: 8_080)
    let (client, server) = (dialogue.client, dialogue.server)
    let both = dialogue.packets.flatMap { packet in
      var outside = packet, inside = packet
      let asks = packet.segment.destination.port == 80
      (outside.segment.interface, outside.segment.direction) = (1, asks ? .inbound : .outbound)
      (inside.segment.interface, inside.segment.direction) = (2, asks ? .outbound : .inbound)
      (inside.segment.source, inside.segment.destination) = asks ? (router, inner) : (inner, router)
      if asks { inside.segment.time += 20_000 } else { outside.segment.time += 20_000 }
      return asks ? [outside, inside] : [inside, outside]
    }
    worker.source.add(
      RecordBytes.connection(.connected, process: 3, local: client, remote: server, name: "curl"),
      RecordBytes.connection(.received, process: 4, local: inner, remote: router))
    worker.process(both)
    #expect(Self.rows(worker.finish()) == [Self.row(.server, "nginx", 1), Self.row(.client, "curl", 1)])
  }

  @Test
  func `requests that wait count for both ends until they are answered`() throws {
    let worker = try Worker()
    var dialogues = [Dialogue(), Dialogue(clientPort: 40_001), Dialogue(clientPort: 40_002)]
    func waiting(_ owners: [OwnerCounts]) -> Set<[String]> {
      Set(
        owners.map {
          [$0.role.rawValue, $0.process?.owner.process ?? "?", "\($0.requests)", "\($0.inFlight)"]
        })
    }
    for place in dialogues.indices {
      if place > 0 { dialogues[place].time = dialogues[place - 1].time }
      dialogues[place].open()
      dialogues[place].ask(get("/a"))
      // Of the last connection nobody is known.
      guard place < 2 else { break }
      let (client, server) = (dialogues[place].client, dialogues[place].server)
      worker.source.add(
        RecordBytes.connection(.connected, process: 3, local: client, remote: server, name: "curl"),
        RecordBytes.connection(.received, process: 4, local: server, remote: client))
    }
    for dialogue in dialogues { worker.process(dialogue.packets) }
    // A second later they wait still; then the first two are answered.
    var late = Dialogue(clientPort: 40_003)
    late.time = dialogues[2].time + 2_000_000_000
    late.open()
    worker.process(late.packets)
    #expect(
      waiting(worker.summary.owners ?? []) == [
        ["server", "nginx", "0", "2"], ["server", "?", "0", "1"], ["client", "curl", "0", "2"],
        ["client", "?", "0", "1"],
      ])
    for place in 0..<2 {
      let before = dialogues[place].packets.count
      dialogues[place].time = late.time
      dialogues[place].answer(ok("x"))
      worker.process(Array(dialogues[place].packets[before...]))
    }
    let owners = worker.finish()
    #expect(
      waiting(owners) == [
        ["server", "nginx", "2", "0"], ["server", "?", "0", "1"], ["client", "curl", "2", "0"],
        ["client", "?", "0", "1"],
      ])
    #expect(
      owners.filter { $0.role == .server }.reduce(0) { $0 + $1.inFlight } == worker.summary.inFlight.count)
  }

  @Test
  func `a site has those who served it, and what nobody is known for`() throws {
    let worker = try Worker()
    var time: UInt64?
    for (place, name) in ["nginx", "python3", "nginx", nil].enumerated() {
      var dialogue = Dialogue(clientPort: UInt16(40_000 + place))
      if let time { dialogue.time = time }
      dialogue.open()
      for index in 0...place {
        dialogue.ask(get("/a"))
        dialogue.answer(ok("x", status: index == 0 ? "503 No" : "200 OK"))
      }
      if let name {
        worker.source.add(
          RecordBytes.connection(
            .received, process: UInt32(place + 1), local: dialogue.server, remote: dialogue.client, name: name
          ))
      }
      worker.process(dialogue.packets)
      time = dialogue.time
    }
    worker.finish()
    let sites = worker.summary.sites
    #expect(sites.map(\.requests) == [10])
    #expect(
      sites.first?.owners.map { [$0.process?.owner.process ?? "?", "\($0.requests)", "\($0.failures)"] } == [
        ["?", "4", "1"], ["nginx", "4", "2"], ["python3", "2", "1"],
      ])
    #expect(sites.first?.owners.map(\.process?.process) == [nil, nil, 2])
  }

  @Test
  func `owners that gave their places away count together`() throws {
    let worker = try Worker()
    var server = Endpoint(ipv4: 0x0a00_0002, port: 80)
    server.port = 80
    for number in 0..<UInt32(OwnerDirectory.capacity) + 10 {
      var dialogue = Dialogue()
      dialogue.client = Endpoint(ipv4: 0x0b00_0000 + number, port: 40_000)
      dialogue.server = server
      dialogue.open()
      dialogue.ask(get("/a"))
      dialogue.answer(ok("x"))
      worker.source.add(
        RecordBytes.connection(
          .received, process: number + 1, local: server, remote: dialogue.client, name: "p\(number)"))
      worker.process(dialogue.packets)
      worker.source.add(
        RecordBytes.connection(.closed, process: 0, time: .max, local: server, remote: dialogue.client))
      worker.table.update()
    }
    let owners = worker.finish().filter { $0.role == .server }
    #expect(owners.reduce(0) { $0 + $1.requests } == UInt64(OwnerDirectory.capacity) + 10)
    #expect(owners.first?.process?.owner == .other)
    #expect(owners.first?.requests == 10)
  }
}
