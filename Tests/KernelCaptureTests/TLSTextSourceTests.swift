// SPDX-License-Identifier: Apache-2.0
import Capture
import CTLSFilter
import Foundation
import System
import Testing

@testable import KernelCapture

/// The ring of TLS text, as a file in place of the kernel's memory.
struct TLSTextSourceTests {
  private static let page = Int(getpagesize()), capacity = 4_096

  /// A ring with one record in it.
  private static func ring(_ record: tls_record) throws -> RingMemory {
    var record = record
    let size = MemoryLayout<tls_record>.size
    var bytes = [UInt8](repeating: 0, count: 2 * page + 2 * capacity)
    let body = unsafe withUnsafeBytes(of: &record) { unsafe Array($0) }
    let header = unsafe withUnsafeBytes(of: UInt32(size)) { unsafe Array($0) }
    let produced = unsafe withUnsafeBytes(of: RingHeader.span(UInt64(size))) { unsafe Array($0) }
    bytes.replaceSubrange(page..<page + 8, with: produced)
    bytes.replaceSubrange(2 * page..<2 * page + 4, with: header)
    bytes.replaceSubrange(2 * page + 8..<2 * page + 8 + size, with: body)
    let path = NSTemporaryDirectory() + "wiretally-ring-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return try RingMemory(Descriptor(unsafe open(path, O_RDWR)), capacity: capacity)
  }

  /// Text of a container, whose client's hello is in the ring of packets still.
  @Test func `text that may count waits in the ring until that is known`() throws {
    var record = tls_record()
    (record.kind, record.connection, record.length) = (UInt8(TLS_START), 1, 40)
    record.ends.remote.1 = (UInt64(0xffff) << 32 | 0x0a00_0001).bigEndian
    (record.ends.local_port, record.ends.remote_port) = (443, 40_000)
    (record.ends.network, record.ends.interface) = (8, 2)
    let clock = CaptureClock { SystemClock.monotonic.now }
    let clients = SeenClients(), life = CaptureLife()
    clients.begin()
    let selection = TextSelection(network: 7, watched: [2], clients: clients)
    func source() throws -> TLSTextSource {
      // A little in the future, so that it is young however slowly this runs.
      record.time = SystemClock.monotonic.now + 500_000_000
      return TLSTextSource(
        ring: try Self.ring(record), clock: clock, life: life, seed: 7, selection: selection)
    }
    var segments = 0
    let first = try source()
    #expect(try first.receive(timeout: 80) { _, _ in segments += 1 } == .delivered(0))
    #expect(segments == 0 && first.unplaced == 0)
    clients.note(Endpoint(ipv4: 0x0a00_0001, port: 40_000), at: clock.now)
    #expect(try first.receive(timeout: 80) { _, _ in segments += 1 } == .delivered(1))
    #expect(segments == 1 && first.selected == 1)
    // Another one, whose hello never comes; it waits no longer at the end of the capture.
    record.ends.remote_port = 40_001
    let second = try source()
    #expect(try second.receive(timeout: 0) { _, _ in segments += 1 } == .delivered(0))
    life.stop()
    #expect(try second.receive(timeout: 0) { _, _ in segments += 1 } == .delivered(1))
    #expect(segments == 1 && second.unplaced == 1 && second.selected == 0)
  }

  @Test func `text whose stamp cannot be right comes at the time at which it was read`() throws {
    var record = tls_record()
    record.kind = UInt8(TLS_START)
    record.is_new = 1
    record.connection = 1
    record.length = 40
    record.ends.local_port = 443
    record.ends.remote_port = 40_000
    record.ends.network = 1
    // The kernel's clock is what it was at the start, and the record is older than that by far.
    record.time = 5
    let clock = CaptureClock { SystemClock.monotonic.now }
    let source = TLSTextSource(ring: try Self.ring(record), clock: clock, life: CaptureLife(), seed: 7)
    let before = clock.now
    var times: [UInt64] = []
    _ = try source.receive(timeout: 0) { segment, _ in times.append(segment.time) }
    #expect(!times.isEmpty && times.allSatisfy { $0 >= before && $0 <= clock.now }, "\(times)")
    #expect(clock.restamped == 1)
  }
}
