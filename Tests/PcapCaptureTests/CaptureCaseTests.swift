// SPDX-License-Identifier: Apache-2.0
import Capture
import Exchanges
import Foundation
import Testing

/// Small captures after public reports, each with its right answer (`Tests/Captures/cases/README.md`).
@Suite struct CaptureCaseTests {
  /// What `expected.json` says of one capture: counts, and sites and sections by name.
  struct Case: Decodable {
    var want: [String: Int]
    var why: String
    var ports: [UInt16]?
  }

  static let folder = CaptureTruth.folder + "/cases"
  static let cases: [String: Case] = {
    let data = FileManager.default.contents(atPath: folder + "/expected.json") ?? Data()
    return (try? JSONDecoder().decode([String: Case].self, from: data)) ?? [:]
  }()

  @Test(arguments: cases.keys.sorted())
  func `a reported case is counted as its bytes say`(name: String) throws {
    let expected = try #require(Self.cases[name])
    let ports = try #require(PortSet((expected.ports ?? [80]).map { $0...$0 }))
    let account = try FileAccount(paths: ["\(Self.folder)/\(name).pcap"], ports: ports)
    for (what, count) in expected.want {
      let found: Int? =
        switch what {
        case "requests": account.requests
        case "responses": account.responses
        case "exchanges": Int(account.counters.exchanges)
        case "failures": account.failures.values.reduce(0, +)
        case "sections": account.sections.count
        case _ where what.hasPrefix("site:"): account.sites[String(what.dropFirst(5))] ?? 0
        case _ where what.hasPrefix("section:"): account.sections[String(what.dropFirst(8))] ?? 0
        default: nil
        }
      #expect(found == count, "\(what): \(expected.why)")
    }
  }

  @Test func `every capture of a case has its answer`() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder).filter {
      $0.hasSuffix(".pcap")
    }
    #expect(!files.isEmpty)
    #expect(files.map { String($0.dropLast(5)) }.sorted() == Self.cases.keys.sorted())
  }
}
