// SPDX-License-Identifier: Apache-2.0
import Text
import Capture
import Exchanges
import Foundation
import Reporting
import Randomness
import Statistics
import Synchronization
import Testing

/// Hostile heads down the whole pipeline, into every output.
@Suite struct HostileHeadTests {
  private static let cases = Atomic<Int>(0)

  /// Sends each head whole, and each fourth one also cut in two, at both depths in turn; checks all that
  /// is shown.
  static func verify(_ heads: [HostileHead], _ place: String) throws {
    for (index, head) in heads.enumerated() {
      let cut = head.request.count < 2 ? 0 : 1 + index * 7 % (head.request.count - 1)
      let whole = try Pipeline(head.request, response: head.response, depth: .streams)
      #expect(Verdict(whole).faults == [], "\(place), number \(index): \(head.request.prefix(300))")
      guard index.isMultiple(of: 4) else { continue }
      let parts = try Pipeline(
        head.request, response: head.response, depth: index.isMultiple(of: 8) ? .streams : .heads, cut: cut)
      #expect(Verdict(parts).faults == [], "\(place), number \(index), cut: \(head.request.prefix(300))")
    }
    let total = cases.wrappingAdd(heads.count, ordering: .relaxed).newValue
    print("hostile heads, \(place): \(heads.count) cases, \(total) in all so far")
  }

  @Test(arguments: HostileHeads.places)
  func `every byte at every place leaves every output clean`(place: HostileHeads.Place) throws {
    try Self.verify(HostileHeads.singleBytes.map(place.head), place.description)
  }

  @Test(arguments: HostileHeads.places)
  func `format characters, invalid UTF-8 and terminal sequences leave every output clean`(
    place: HostileHeads.Place
  ) throws {
    try Self.verify(place.texts.map(place.head), "\(place), texts")
  }

  @Test(arguments: HostileHeads.places)
  func `names up to 64 KiB leave every output clean`(place: HostileHeads.Place) throws {
    try Self.verify(HostileHeads.long.map(place.head), "\(place), long")
  }

  @Test func `heads of bad structure leave every output clean`() throws {
    try Self.verify(HostileStructures.all, "structure")
  }

  @Test func `random heads leave every output clean`() throws {
    let seed = UInt64.random(in: .min ... .max)
    print("hostile heads, random: seed \(seed)")
    var random = SeededGenerator(seed: seed)
    try Self.verify((0..<1_000).map { _ in HostileStructures.random(using: &random) }, "random, seed \(seed)")
  }

  @Test func `there are at least five thousand cases`() {
    let perPlace = HostileHeads.singleBytes.count + HostileHeads.long.count
    let texts = HostileHeads.places.map(\.texts.count).reduce(0, +)
    let total = HostileHeads.places.count * perPlace + texts + HostileStructures.all.count + 1_000
    print("hostile heads: \(total) cases")
    #expect(total >= 5_000)
  }
}

/// What is wrong with the outputs of a pipeline; nothing, as a rule.
struct Verdict {
  var faults: [String] = []

  init(_ pipeline: Pipeline) {
    let c = pipeline.counters
    check(c.requests <= 1 && c.responses <= 1, "a message was forged")
    check(
      c.delivered == c.headSegments + c.continuations + c.duplicates + c.unparseable + c.falseHeads
        + c.otherSegments
        && c.requests + c.responses == c.headSegments + c.pipelinedHeads, "the ledger is out of balance")
    for name in pipeline.names {
      check(name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f }, "a name is not printable: \(name)")
      check(!name.isEmpty && name.utf8.count <= 255, "a name has \(name.utf8.count) bytes")
    }
    check(pipeline.page.bytes.allSatisfy { Self.isPrintable($0) || $0 == 0x0a || $0 == 0x09 }, "page")
    check(
      Self.lines(pipeline.page.bytes) == Self.lines(pipeline.plainPage.bytes),
      "the page has more lines than its layout")
    check(
      Self.tabs(pipeline.page.bytes) == Self.tabs(pipeline.plainPage.bytes), "the page has tabs of others")
    check(pipeline.alertLog.utf8.allSatisfy { Self.isPrintable($0) || $0 == 0x0a }, "alert log")
    check(Self.lines(Array(pipeline.alertLog.utf8)) == pipeline.changes, "the alert log has lines of others")
    check(
      pipeline.alertLog.split(separator: " ").count { $0.hasPrefix("site=") } <= pipeline.changes,
      "the alert log has fields of others")
    checkJSON(pipeline)
  }

  private mutating func checkJSON(_ pipeline: Pipeline) {
    check(pipeline.json.allSatisfy { Self.isPrintable($0) || $0 == 0x0a }, "JSON")
    let lines = pipeline.json.split(separator: 0x0a, omittingEmptySubsequences: true)
    check(lines.count == pipeline.intervals.count + pipeline.changes + 1, "JSON has lines of others")
    var last: [String: Any] = [:]
    for line in lines {
      guard let object = try? JSONSerialization.jsonObject(with: Data(line)) as? [String: Any] else {
        check(false, "JSON does not parse")
        continue
      }
      last = object
    }
    let methods = (last["methods"] as? [String: Int] ?? [:]).keys.sorted()
    check(methods == pipeline.life.methods.map(\.name).sorted(), "methods differ in JSON")
    let sites = last["sites"] as? [[String: Any]] ?? []
    check(sites.map { $0["site"] as? String } == pipeline.life.sites.map { $0.name }, "sites differ in JSON")
    let sections = sites.flatMap {
      ($0["sections"] as? [[String: Any]] ?? []).map { $0["section"] as? String }
    }
    check(sections == pipeline.life.sites.flatMap { $0.sections.map { $0.name } }, "sections differ in JSON")
  }

  private mutating func check(_ isGood: Bool, _ fault: String) {
    if !isGood { faults.append(fault) }
  }

  private static func isPrintable(_ byte: UInt8) -> Bool { byte >= 0x20 && byte < 0x7f }
  private static func lines(_ bytes: [UInt8]) -> Int { bytes.count { $0 == 0x0a } }
  private static func tabs(_ bytes: [UInt8]) -> Int { bytes.count { $0 == 0x09 } }
}
