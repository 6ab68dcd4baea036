// SPDX-License-Identifier: Apache-2.0
import Capture
import Exchanges
import Foundation
import HTTPWire
import PcapCapture
import Testing

/// Reads a capture file to its end and adds up what it says.
struct FileAccount {
  var requests = 0
  var responses = 0
  var methods: [String: Int] = [:]
  var statuses: [String: Int] = [:]
  var sites: [String: Int] = [:]
  var sections: [String: Int] = [:]
  var successes: [String: Int] = [:]
  var failures: [String: Int] = [:]
  var counters = ExchangeCounters()
  var capture = CaptureCounters()

  init(paths: [String], ports: PortSet = .http) throws {
    let source = FileSource(paths: paths, ports: ports)
    var tracker = ExchangeTracker(limits: .file, depth: .streams, seed: 1)
    var siteOf: [Int32: String] = [:]
    var events: [(ExchangeEvent, String, String, String)] = []
    func take() {
      for index in 0..<tracker.batch.count {
        let event = tracker.batch[index]
        events.append(
          (event, text(event.site), text(event.section), text(event.methodName)))
      }
      tracker.batch.clear()
    }
    func text(_ range: NameRange) -> String {
      let bytes = tracker.batch.names.bytes(start: Int(range.start), count: Int(range.count))
      return String(decoding: (0..<bytes.byteCount).map { bytes.byte($0) }, as: UTF8.self)
    }
    while try source.receive(
      timeout: 0,
      { segment, payload in
        tracker.process(segment, payload)
        take()
      }) != .ended
    {}
    tracker.finish(isOver: true)
    take()
    for (event, site, section, methodName) in events {
      switch event.kind {
      case .request:
        requests += 1
        methods[event.method == .other ? methodName : event.method.name, default: 0] += 1
        sites[site, default: 0] += 1
        sections[section, default: 0] += 1
        siteOf[event.exchange] = site
      case .answered:
        if event.status >= 400 {
          failures[siteOf[event.exchange] ?? "", default: 0] += 1
        } else {
          successes[siteOf[event.exchange] ?? "", default: 0] += 1
        }
        fallthrough
      case .orphan, .interim:
        responses += 1
        statuses["\(event.status)", default: 0] += 1
      case .unanswered: break
      }
    }
    counters = tracker.counters
    capture = source.counters
  }
}

@Suite struct CaptureTruthTests {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Captures").path

  struct Truth: Decodable {
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
    }
    var packets: Int
    var truth: Counts
  }

  @Test(arguments: [
    "arkime-v6-http.pcap", "pcapplusplus-keepalive.pcap", "pcapplusplus-tutorial.pcap", "zeek-get.pcap",
    "zeek-image.pcapng", "zeek-post.pcap",
  ])
  func `a public capture gives what is known of it`(name: String) throws {
    let path = "\(Self.folder)/\(name)"
    let data = try Data(contentsOf: URL(fileURLWithPath: path + ".truth.json"))
    let file = try JSONDecoder().decode(Truth.self, from: data)
    let truth = file.truth
    let account = try FileAccount(paths: [path])
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
  }
}
