// SPDX-License-Identifier: Apache-2.0
import HTTP1
import Capture
import Exchanges
import System
import PcapCapture
import Text

/// Reads a capture file to its end and adds up what it says.
struct FileAccount {
  var requests = 0
  var unknown = 0
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
    var siteOf: [RequestIndex?: String] = [:]
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
    tracker.finish()
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
        if event.outcome == .failure {
          failures[siteOf[event.exchange] ?? "", default: 0] += 1
        } else {
          successes[siteOf[event.exchange] ?? "", default: 0] += 1
        }
        fallthrough
      case .unmatchedResponse, .interim:
        responses += 1
        statuses["\(event.status)", default: 0] += 1
      case .aborted, .timedOut, .unknown, .inFlight:
        if event.kind == .unknown { unknown += 1 }
        if event.hasResponse {
          responses += 1
          statuses["\(event.status)", default: 0] += 1
        }
      }
    }
    counters = tracker.counters
    capture = source.counters
  }
}
