// SPDX-License-Identifier: Apache-2.0
import Capture
import Glibc
import KernelCapture
import PacketBuilder

/// The filter under test with one ring: frames in, records and counters out.
final class Trial {
  /// A record as it left the ring.
  struct Record: Equatable {
    var segment: Segment
    var payload: [UInt8]
    var text: String { String(decoding: payload, as: UTF8.self) }

    static func == (a: Record, b: Record) -> Bool {
      a.payload == b.payload && a.segment.sequence == b.segment.sequence
        && a.segment.source == b.segment.source && a.segment.destination == b.segment.destination
        && a.segment.kind == b.segment.kind
    }
  }

  let filter: FilterTrial
  private var before = CaptureCounters()

  init(_ options: KernelCaptureOptions = KernelCaptureOptions(ringBytes: 1 << 20)) throws {
    filter = try FilterTrial(options)
  }

  /// What became of the frames: the records they gave.
  func records(_ frames: [UInt8]...) throws -> [Record] {
    for frame in frames { try filter.filter(frame) }
    return try drain()
  }

  /// The same of packets, whose checksums are right unless they say otherwise.
  func records(_ packets: [Packet]) throws -> [Record] {
    for packet in packets {
      let isLeftOpen = packet.checksum == .none
      try filter.filter(packet.with { if isLeftOpen { $0.checksum = .right } }.bytes)
    }
    return try drain()
  }

  func records(_ packet: Packet) throws -> [Record] { try records([packet]) }

  /// All that waits in the rings.
  func drain() throws -> [Record] {
    var records: [Record] = []
    for reader in filter.readers {
      _ = try reader.receive(timeout: 0) { segment, payload in
        // Copied out before the closure returns.
        let bytes = unsafe payload.withUnsafeBytes { unsafe Array($0) }
        records.append(Record(segment: copy segment, payload: bytes))
      }
    }
    return records
  }

  /// What the counters have gained since the last time.
  func gained() -> CaptureCounters {
    let now = filter.counters()
    defer { before = now }
    return now - before
  }
}

/// Whether this process may load BPF programs: what the tests that do so ask.
let isRoot = geteuid() == 0

let request = "GET /a/b?c HTTP/1.1\r\nHost: example.org\r\n\r\n"
let response = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
