// SPDX-License-Identifier: Apache-2.0
import Capture
import Exchanges
import Foundation
import Testing

/// What a `NAME.truth.json` says of the capture beside it.
struct CaptureTruth: Decodable {
  struct Counts: Decodable {
    var requests: Int
    var responses: Int
    var methods: [String: Int]
    var statuses: [String: Int]
    var sites: [String: Int]
    var sections: [String: Int]
    var successes: [String: Int]
    var failures: [String: Int]
    var exchanges: Int
    var interim: Int
    var http2_prefaces: Int
  }
  var ports: [UInt16]
  var packets: Int
  var truth: Counts

  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Captures").path
  /// The captures of real servers: `WIRETALLY_CAPTURES`, else those that are kept.
  static let made = ProcessInfo.processInfo.environment["WIRETALLY_CAPTURES"] ?? folder + "/made"

  init(of path: String) throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: path + ".truth.json"))
    self = try JSONDecoder().decode(Self.self, from: data)
  }

  /// Reads the capture and compares everything.
  static func check(_ path: String) throws {
    let file = try CaptureTruth(of: path)
    let truth = file.truth
    let account = try FileAccount(paths: [path], ports: try #require(PortSet(file.ports.map { $0...$0 })))
    #expect(account.capture.packets == UInt64(file.packets))
    #expect(account.requests == truth.requests)
    #expect(account.responses == truth.responses)
    #expect(account.methods == truth.methods)
    #expect(account.statuses == truth.statuses)
    #expect(account.sites == truth.sites)
    #expect(account.sections == truth.sections)
    #expect(account.successes == truth.successes)
    #expect(account.failures == truth.failures)
    #expect(account.counters.exchanges == UInt64(truth.exchanges))
    #expect(account.counters.interim == UInt64(truth.interim))
    #expect(account.counters.http2 == UInt64(truth.http2_prefaces))
  }
}
