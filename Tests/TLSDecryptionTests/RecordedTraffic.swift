// SPDX-License-Identifier: Apache-2.0
import Capture
import Exchanges
import Foundation
import PcapCapture
import System
import TLSDecryption
import Text

/// A capture's segments, to be read as they are, without some of them, or in another order.
struct RecordedTraffic {
  struct Packet {
    var segment: Segment
    var payload: [UInt8]
  }

  /// What reading them came to.
  struct Account {
    var requests: UInt64 = 0
    var responses: UInt64 = 0
    var unmatched: UInt64 = 0
    var sites: [String: Int] = [:]
    var statuses: [String: Int] = [:]
    var sections: [String: Int] = [:]
    var tls = TLSCounters()
    var unread: [UnreadReason: [String: UInt64]] = [:]
  }

  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Captures/tls").path

  /// The names of the captures that have key logs.
  static let names: [String] = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
    .filter { $0.hasSuffix(".keys") }.map { String($0.dropLast(5)) }.sorted()

  var packets: [Packet] = []
  let keys = KeyStore()

  /// - Parameter withKeys: also the key log beside the capture.
  init(_ file: String, keys name: String? = nil) throws {
    if let name {
      let text = Array(try Data(contentsOf: URL(fileURLWithPath: "\(Self.folder)/\(name).keys")))
      var lines = KeyStore.Lines()
      _ = keys.add(text.rawSpan, isEnd: true, &lines)
    }
    let source = FileSource(paths: ["\(Self.folder)/\(file)"], ports: .https)
    source.secrets = { [keys] text in
      var lines = KeyStore.Lines()
      _ = keys.add(text, isEnd: true, &lines)
    }
    var read: [Packet] = []
    while try source.receive(
      timeout: 0,
      { segment, payload in
        read.append(
          Packet(
            segment: Segment(
              time: segment.time, source: segment.source, destination: segment.destination,
              sequence: segment.sequence, acknowledgement: segment.acknowledgement,
              payloadLength: segment.payloadLength, flags: segment.flags, kind: segment.kind),
            payload: (0..<payload.byteCount).map { payload.byte($0) }))
      }) != .ended
    {}
    packets = read
  }

  /// Reads packets as the program does.
  /// - Parameter passes: records of bodies are passed over.
  func read(_ packets: [Packet]? = nil, passes: Bool = true) -> Account {
    let decryptor = TLSDecryptor(keys: keys, ports: .https, plainPorts: .http)
    let reader = Reader()
    if passes { decryptor.bodyAhead = { reader.tracker.bodyAhead(of: $0) } }
    for packet in packets ?? self.packets {
      decryptor.read(packet.segment, packet.payload.rawSpan) { reader.take($0, $1) }
    }
    decryptor.finish { reader.take($0, $1) }
    reader.finish()
    var account = reader.account
    (account.tls, account.unread) = (decryptor.counters, decryptor.unread)
    return account
  }

  /// A tracker and what it has found.
  private final class Reader {
    var tracker = ExchangeTracker(limits: .file, depth: .streams, seed: 1)
    var account = Account()

    func take(_ segment: borrowing Segment, _ payload: RawSpan) {
      tracker.process(segment, payload)
      collect()
    }

    func finish() {
      tracker.finish()
      collect()
      account.requests = tracker.counters.requests
      account.responses = tracker.counters.responses
      account.unmatched = tracker.counters.unmatchedResponses
    }

    private func collect() {
      for index in 0..<tracker.batch.count {
        let event = tracker.batch[index]
        if event.kind == .request {
          account.sites[Self.text(tracker.batch, event.site), default: 0] += 1
          account.sections[Self.text(tracker.batch, event.section), default: 0] += 1
        } else if event.kind == .answered {
          account.statuses["\(event.status)", default: 0] += 1
        }
      }
      tracker.batch.clear()
    }

    private static func text(_ batch: borrowing EventBatch, _ range: NameRange) -> String {
      let bytes = batch.names.bytes(start: Int(range.start), count: Int(range.count))
      return String(decoding: (0..<bytes.byteCount).map { bytes.byte($0) }, as: UTF8.self)
    }
  }
}

/// What a server's log says of a capture.
struct ServerLog: Decodable {
  var requests: UInt64
  var responses: UInt64
  var sites: [String: Int]
  var statuses: [String: Int]
  var sections: [String: Int]

  init(_ name: String) throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: "\(RecordedTraffic.folder)/\(name).truth.json"))
    self = try JSONDecoder().decode(Self.self, from: data)
  }
}
