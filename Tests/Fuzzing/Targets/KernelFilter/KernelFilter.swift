// SPDX-License-Identifier: Apache-2.0

import CFilter
import Capture
import HTTP1
import System
import PacketBuilder
import PcapCapture
import Randomness
import Support
import Text

/// The kernel's filter, built for this machine: it says of any packet what the Swift decoder says, and a
/// head that comes in parts, in order, passes whole.
///
/// An input is what to do (even: one frame; odd: a head in parts, cut by the next bytes; from 2 on, at depth auto), then
/// the bytes.
enum KernelFilter: FuzzTarget {
  static func seeds(_ random: inout SeededGenerator) -> [[UInt8]] {
    let table = PacketTable(methods: Method.allCases.filter { $0 != .other }.map(\.name))
    let frames = table.cases.filter(\.onWire).map { [UInt8.random(in: 0...1, using: &random) * 2] + $0.frame }
    let parts = (0..<100).map { _ -> [UInt8] in
      let cuts = (0..<3).map { _ in UInt8.random(in: 0...255, using: &random) }
      return [UInt8.random(in: 0...1, using: &random) * 2 + 1] + cuts + Messages.request(&random)
    }
    return frames + parts
  }

  static func test(_ input: RawSpan) {
    guard input.byteCount > 4 else { return }
    depth = input.byte(0) & 2 == 0 ? .heads : .auto
    if input.byte(0) & 1 == 0 {
      compare(input.slice(1, input.byteCount))
    } else {
      let cuts = [input.byte(1), input.byte(2), input.byte(3)]
      follow(input.slice(4, input.byteCount).array, cuts)
    }
  }

  /// Bytes of a record before the packet's: struct httpf_event.
  private static let recordHead: UInt = 72
  private static let room = 1 << 20
  // One thread uses it: libFuzzer runs one input at a time.
  nonisolated(unsafe) private static let records = UnsafeMutablePointer<UInt8>.allocate(capacity: room)

  private nonisolated(unsafe) static var depth = CaptureDepth.heads

  private static func filter(_ packet: RawSpan, type: UInt16) -> wt_host_verdict {
    unsafe packet.withUnsafeBytes { bytes in
      // An exact copy, so that the sanitizer sees what is read beyond it; the records have their space.
      let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: max(bytes.count, 1))
      defer { unsafe copy.deallocate() }
      for index in 0..<bytes.count { unsafe copy[index] = bytes[index] }
      let depth: Int32 = depth == .auto ? 2 : 0
      return unsafe wt_host_filter(copy, UInt32(bytes.count), type, depth, records, UInt32(room))
    }
  }

  private static func compare(_ frame: RawSpan) {
    guard frame.byteCount >= 14 else { return }
    wt_host_reset()
    let type = frame.big16(12), packet = frame.slice(14, frame.byteCount)
    let kernel = filter(packet, type: type)
    expect(kernel.lost == 0 && kernel.on_port <= 1 && kernel.payload <= kernel.on_port, "one packet is one")
    expect(kernel.tail_calls <= 33, "a packet's inspection comes to its end in the kernel")
    expect(kernel.size >= recordHead * kernel.records, "records have their heads")
    expect(
      kernel.size <= recordHead * kernel.records + UInt(packet.byteCount), "records hold the packet's bytes")
    // Tags and tunnels are read otherwise, by design: DifferentialTests name how.
    guard type == 0x0800 || type == 0x86dd, packet.byteCount >= 40 else { return }
    let transport = type == 0x0800 ? packet.byte(9) : 6
    guard ![4, 17, 41, 47, 51, 97, 137, 143].contains(transport) else { return }
    var intake = PacketIntake(ports: .http, depth: .heads, joinsFragments: true)
    let isPassed = intake.read(frame, wireLength: frame.byteCount, link: .ethernet, time: 1)
    if type == 0x86dd, hasTunnel(packet) { return }
    let swift = intake.counters
    if swift.malformed > 0 {
      // The filter looks at the ports before it looks at the length of the TCP header.
      expect(
        kernel.malformed + kernel.other_ports == 1 && kernel.records == 0, "both refuse: \(kernel), \(swift)")
      return
    }
    expect(
      UInt(swift.onPort) == kernel.on_port && UInt(swift.payload) == kernel.payload
        && UInt(swift.requestHeads) == kernel.requests && UInt(swift.responseHeads) == kernel.responses
        && UInt(swift.http2) == kernel.http2 && UInt(swift.tls) == kernel.tls
        && kernel.malformed == 0 && UInt(swift.fragments) == kernel.fragments
        && UInt(swift.otherPorts) == kernel.other_ports,
      "two implementations, one verdict: \(kernel), \(swift)")
    guard kernel.requests + kernel.responses > 0 else { return }
    expect(isPassed && kernel.records > 0, "a head passes")
    let payload = intake.payload(of: frame), first = records(0)
    expect(first.sequence == intake.segment.sequence, "the sequence number is the same")
    expect(first.payload.elementsEqual(payload.array.prefix(first.payload.count)), "the bytes are the same")
  }

  /// Whether a chain of extension headers ends in what the decoder opens and the filter does not.
  private static func hasTunnel(_ packet: RawSpan) -> Bool {
    var type = packet.byte(6), next = 40
    while [0, 43, 44, 51, 60].contains(type), packet.byteCount >= next + 8 {
      let header = type, units = Int(packet.byte(next + 1))
      type = packet.byte(next)
      next += header == 44 ? 8 : header == 51 ? 4 * (units + 2) : 8 * (units + 1)
    }
    return [4, 17, 41, 47, 97, 137, 143].contains(type)
  }

  /// A record: the filter's struct httpf_event and the payload behind it.
  private struct Record {
    var sequence: UInt32
    var payload: [UInt8]
  }

  private static func records(_ offset: Int) -> Record {
    // Written by the filter: 72 bytes of numbers, and as much payload as they say, at most a piece.
    let base = unsafe UnsafeRawPointer(records + offset)
    let sequence = unsafe base.loadUnaligned(fromByteOffset: 40, as: UInt32.self)
    let length = unsafe Int(base.loadUnaligned(fromByteOffset: 48, as: UInt32.self))
    return Record(
      sequence: sequence,
      payload: unsafe Array(UnsafeRawBufferPointer(start: base + 72, count: min(length, 512))))
  }

  /// Sends a request in segments, in order: as long as its head continues, every segment passes.
  private static func follow(_ message: [UInt8], _ cuts: [UInt8]) {
    guard message.count < 8_000, [.request, .requestPrefix].contains(HeadStart.verdict(message.span.bytes)),
      let end = headEnd(message)
    else { return }
    wt_host_reset()
    var offset = 0, round = 0
    while offset < end {
      let size = max(1, Int(cuts[round % cuts.count]))
      let part = Array(message[offset..<min(offset + size, message.count)])
      // The first part alone must be distinguished from a body.
      if offset == 0, HeadStart.verdict(part.span.bytes) == .none { return }
      let packet = Packet().sequence(1_000 &+ UInt32(offset)).payload(part).packet
      let verdict = filter(packet.span.bytes, type: 0x0800)
      expect(verdict.records > 0, "bytes \(offset) to \(offset + part.count) of a head of \(end) pass")
      offset += part.count
      round += 1
    }
  }

  /// Where the filter's rule ends a head: at its first empty line.
  private static func headEnd(_ message: [UInt8]) -> Int? {
    let start = message.firstIndex { $0 != 13 && $0 != 10 } ?? 0
    let end = ByteScan.headEnd(in: message.span.bytes, from: start)
    return end < 0 ? nil : end
  }
}

@_cdecl("LLVMFuzzerInitialize")
public func begin(_ count: UnsafeMutablePointer<CInt>?, _ arguments: OpaquePointer?) -> CInt {
  KernelFilter.begin()
}

@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  unsafe KernelFilter.run(bytes, count)
}
