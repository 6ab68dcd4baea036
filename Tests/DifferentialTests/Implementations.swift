// SPDX-License-Identifier: Apache-2.0
import Packets
import Capture
import Glibc
import HTTP1
import KernelCapture
import PacketBuilder
import PcapCapture

/// What an implementation says of one packet, in the table's words, and what it delivers of it.
struct Finding: Equatable {
  var verdict: PacketCase.Verdict
  var start: Delivery?
}

/// A segment that starts a message, as an implementation delivered it.
struct Delivery: Equatable {
  var source: Endpoint
  var destination: Endpoint
  var sequence: UInt32
  var acknowledgement: UInt32
  var flags: UInt8
  var payload: [UInt8]

  init(_ segment: borrowing Segment, _ payload: RawSpan) {
    source = segment.source
    destination = segment.destination
    sequence = segment.sequence
    acknowledgement = segment.acknowledgement
    flags = segment.flags.rawValue
    // Copied out while it is borrowed.
    self.payload = unsafe payload.withUnsafeBytes { unsafe Array($0) }
  }
}

extension PacketCase.Verdict {
  /// What the counters of one packet say of it.
  init(_ counters: CaptureCounters, length: Int) {
    if counters.malformed == 1 {
      self = .malformed
    } else if counters.fragments == 1 {
      self = .fragment
    } else if counters.otherPorts == 1 {
      self = .otherPort
    } else if counters.requestHeads == 1 {
      self = .request(length)
    } else if counters.responseHeads == 1 {
      self = .response(length)
    } else if counters.http2 == 1 {
      self = .preface(length)
    } else if counters.tls == 1 {
      self = .tls
    } else if counters.payload == 1 {
      self = .body
    } else {
      self = counters.onPort == 1 ? .empty : .ignored
    }
  }
}

/// The BPF program in the kernel's own test run.
final class KernelImplementation {
  private let trial: FilterTrial
  private var before = CaptureCounters()

  init() throws { trial = try FilterTrial(KernelCaptureOptions(ringBytes: 1 << 20)) }

  func examine(_ frame: [UInt8]) throws -> Finding {
    try trial.filter(frame)
    var start: Delivery?
    var length = -1
    _ = try trial.readers[0].receive(timeout: 0) { segment, payload in
      start = Delivery(segment, payload)
      length = Int(segment.payloadLength)
    }
    var gained = CaptureCounters()
    let now = trial.counters()
    gained.malformed = now.malformed - before.malformed
    gained.fragments = now.fragments - before.fragments
    gained.otherPorts = now.otherPorts - before.otherPorts
    gained.requestHeads = now.requestHeads - before.requestHeads
    gained.responseHeads = now.responseHeads - before.responseHeads
    gained.http2 = now.http2 - before.http2
    gained.tls = now.tls - before.tls
    gained.payload = now.payload - before.payload
    gained.onPort = now.onPort - before.onPort
    before = now
    // A fragment may complete the datagram of another one of the table.
    if gained.fragments == 1 { start = nil }
    return Finding(verdict: .init(gained, length: length), start: start)
  }
}

/// The Swift decoder, as libpcap's packets and capture files go through it.
enum SwiftImplementation {
  static func examine(_ frame: [UInt8]) -> Finding {
    var intake = PacketIntake(ports: .http, depth: .heads, joinsFragments: true)
    // The frame outlives the span.
    return unsafe frame.withUnsafeBytes { bytes in
      let packet = unsafe RawSpan(_unsafeBytes: bytes)
      var start: Delivery?
      var length = -1
      if intake.read(packet, wireLength: frame.count, link: .ethernet, time: 1), intake.segment.kind == .start
      {
        start = Delivery(intake.segment, intake.payload(of: packet))
        length = Int(intake.segment.payloadLength)
      }
      return Finding(verdict: .init(intake.counters, length: length), start: start)
    }
  }
}

/// The classic filter that libpcap compiles.
struct PcapImplementation {
  private let filter: CompiledFilter

  init() throws {
    filter = try CompiledFilter(
      HeadFilter.expression(ports: .http, depth: .heads, link: .ethernet), linkType: 1)
  }

  func passes(_ frame: [UInt8]) -> Bool { filter.matches(frame) }
}

/// Whether this process may load BPF programs.
let isRoot = geteuid() == 0
