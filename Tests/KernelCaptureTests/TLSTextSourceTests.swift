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
