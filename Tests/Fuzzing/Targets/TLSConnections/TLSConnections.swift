// SPDX-License-Identifier: Apache-2.0

import Capture
import Exchanges
import PcapCapture
import Randomness
import Support
import System
import TLSDecryption

/// Recorded TLS connections whose packets are dropped, doubled, moved, cut and changed: no message is invented, since
/// records are authenticated, and text has consecutive numbers.
enum TLSConnections: FuzzTarget {
  private struct Packet {
    var segment: Segment
    var payload: [UInt8]
  }

  /// A capture, and the requests that its server's log has.
  private struct Recording {
    let name: String
    let requests: UInt64
  }

  private static let recordings = [
    Recording(name: "tls13-early-data", requests: 3), Recording(name: "tls13-key-update", requests: 4),
    Recording(name: "tls13-http2", requests: 14), Recording(name: "tls13-retry", requests: 14),
    Recording(name: "tls12-resumed", requests: 2), Recording(name: "tls12-cbc-mac-first", requests: 14),
    Recording(name: "tls12-cbc-sha256", requests: 14), Recording(name: "tls12-chacha20", requests: 14),
  ]
  nonisolated(unsafe) private static let traffic = recordings.map(load)

  static func seeds(_ random: inout SeededGenerator) -> [[UInt8]] {
    (0..<200).map { index in
      [UInt8(index % recordings.count)]
        + (0..<Int.random(in: 0..<120, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
    }
  }

  private static func load(_ recording: Recording) -> (packets: [Packet], keys: KeyStore) {
    let path = "Tests/Captures/tls/\(recording.name)"
    let keys = KeyStore()
    var packets: [Packet] = []
    do throws(CaptureError) {
      let log = try FileInput(path: "\(path).keys")
      var lines = KeyStore.Lines()
      _ = keys.add(log.bytes(log.available(1 << 20)), isEnd: true, &lines)
      let source = FileSource(paths: ["\(path).pcap"], ports: .https)
      while try source.receive(
        timeout: 0,
        { segment, payload in
          packets.append(
            Packet(
              segment: Segment(
                time: segment.time, source: segment.source, destination: segment.destination,
                sequence: segment.sequence, acknowledgement: segment.acknowledgement,
                payloadLength: segment.payloadLength, flags: segment.flags, kind: segment.kind),
              payload: payload.array))
        }) != .ended
      {}
    } catch {
      expect(false, "the captures of this repository are there: \(error.message)")
    }
    expect(!packets.isEmpty && keys.count > 0, "a capture has packets and keys")
    return (packets, keys)
  }

  static func test(_ input: RawSpan) {
    var script = Script(input)
    let index = Int(script.byte()) % recordings.count
    var packets = traffic[index].packets
    while !script.isOver, !packets.isEmpty { change(&packets, &script) }
    let account = read(packets, traffic[index].keys)
    expect(
      account.requests <= recordings[index].requests,
      "\(account.requests) requests are no more than were made")
    expect(account.classified == account.delivered, "each segment of text has one class")
  }

  private static func change(_ packets: inout [Packet], _ script: inout Script) {
    let kind = script.byte(), at = script.below(packets.count)
    switch kind & 7 {
    case 0: packets.remove(at: at)
    case 1: packets.insert(packets[at], at: script.below(packets.count + 1))
    case 2: packets.swapAt(at, min(packets.count - 1, at + Int(script.byte() & 15)))
    case 3: packets[at].payload = Array(packets[at].payload.prefix(script.below(1_500)))
    case 4:
      let count = packets[at].payload.count
      if count > 0 { packets[at].payload[script.below(count)] ^= script.byte() }
    case 5: packets[at].segment.sequence &+= script.flag() ? UInt32(script.byte()) : script.number32()
    case 6: packets[at].segment.flags = Segment.Flags(rawValue: script.byte())
    default: packets[at].segment.time &+= UInt64(script.number32()) << 8
    }
  }

  private static func read(_ packets: [Packet], _ keys: KeyStore) -> ExchangeCounters {
    let reader = Reader()
    let decryptor = TLSDecryptor(keys: keys, ports: .https, plainPorts: .http)
    decryptor.bodyAhead = { reader.tracker.bodyAhead(of: $0) }
    for packet in packets {
      decryptor.read(packet.segment, packet.payload.rawSpan) { segment, payload in
        expect(payload.byteCount <= Int(segment.payloadLength), "text is no longer than its segment")
        reader.tracker.process(segment, payload)
        reader.tracker.batch.clear()
      }
    }
    decryptor.finish { segment, payload in
      reader.tracker.process(segment, payload)
      reader.tracker.batch.clear()
    }
    reader.tracker.finish()
    let counters = decryptor.counters
    expect(counters.read <= counters.connections, "no more connections are read than there are")
    return reader.tracker.counters
  }

  private final class Reader {
    var tracker = ExchangeTracker(limits: .file, depth: .streams, seed: 1)
  }
}

@_cdecl("LLVMFuzzerInitialize")
public func begin(_ count: UnsafeMutablePointer<CInt>?, _ arguments: OpaquePointer?) -> CInt {
  TLSConnections.begin()
}

@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  unsafe TLSConnections.run(bytes, count)
}
