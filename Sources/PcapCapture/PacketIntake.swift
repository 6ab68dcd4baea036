// SPDX-License-Identifier: Apache-2.0

package import Capture
package import Packets
import HTTP1
import QUIC
import System
import TLSRecords

/// Turns captured packets into segments, and counts what the kernel's filter counts on its pipeline.
package struct PacketIntake {
  package private(set) var counters = CaptureCounters()
  /// The segment of the packet read last.
  package private(set) var segment = Segment(
    time: 0, source: Endpoint(ipv4: 0, port: 0), destination: Endpoint(ipv4: 0, port: 0), sequence: 0,
    acknowledgement: 0, payloadLength: 0, flags: [], kind: .stream)
  private let ports: PortBitmap
  /// The ports of TLS, of whose connections the hellos are handed on; those that are watched for HTTP are not among them.
  private let helloPorts: PortBitmap?
  private let isStreams: Bool
  /// Whether the packet that is read next counts whatever its ports are.
  package var takesAnyPort = false
  private let joinsFragments: Bool
  private let verifies: Bool
  private var decoder: PacketDecoder
  private var otherPorts = PortSample()
  /// Segments to other ports that are still looked into, as long as none has come to the watched ones.
  private var samplesLeft = 0

  /// - Parameters:
  ///   - helloPorts: ports of TLS, of whose connections the hellos are handed on too; nil for none.
  ///   - depth: at `heads`, segments are marked as the kernel's filter would mark them.
  ///   - joinsFragments: a first fragment is not read by itself, as the caller puts datagrams together.
  ///   - allowsShortPackets: a packet may be shorter than its IP header says.
  ///   - verifies: checksums are verified, which files do not need: what is in them may have been rewritten.
  package init(
    ports: PortSet, helloPorts: PortSet? = nil, depth: CaptureDepth, joinsFragments: Bool = false,
    allowsShortPackets: Bool = false,
    verifies: Bool = false
  ) {
    self.verifies = verifies
    self.joinsFragments = joinsFragments
    decoder = PacketDecoder(allowsShortPackets: allowsShortPackets)
    self.ports = PortBitmap(ports)
    self.helloPorts = helloPorts.map { PortBitmap($0) }
    // There is no filter with a memory: at depth auto everything passes.
    isStreams = depth != .heads
  }

  /// Reads one packet; true when it is a segment to hand on, which `segment` and `payload` then give.
  package mutating func read(
    _ packet: RawSpan, wireLength: Int, link: LinkLayer, time: UInt64, direction: Segment.Direction = .unknown
  ) -> Bool {
    counters.packets &+= 1
    guard take(decoder.decode(packet, wireLength: wireLength, link: link), packet, time, direction) else {
      return false
    }
    addSighting(packet, link)
    if verifies { verify(packet) }
    return true
  }

  /// Makes the segment read last what a recording says that it was.
  package mutating func apply(_ mark: RecordingMark) {
    (segment.kind, segment.direction) = (mark.kind, mark.direction)
    (segment.checksum, segment.network) = (mark.checksum, mark.network)
  }

  /// Whether the packet read last is a fragment.
  var isFragment: Bool {
    @inline(__always) get { decoder.isFragment }
  }

  /// The fragment that the packet read last is, if any.
  package var fragment: IPFragment? { decoder.fragment }

  /// Counts fragments that were left out where datagrams are put together.
  mutating func addRefusedFragments(_ count: UInt64) { counters.fragmentsRefused &+= count }

  /// Reads the payload of a datagram that was put together from `fragment` and others: true as in
  /// `read(_:wireLength:link:time:direction:)`.
  package mutating func read(_ datagram: RawSpan, of fragment: IPFragment, time: UInt64) -> Bool {
    take(decoder.decode(datagram, of: fragment), datagram, time, .unknown)
  }

  private mutating func take(
    _ verdict: PacketVerdict, _ packet: RawSpan, _ time: UInt64, _ direction: Segment.Direction
  ) -> Bool {
    if joinsFragments, decoder.isFragment {
      counters.fragments &+= 1
      return false
    }
    switch verdict {
    case .tcp: break
    case .other: return decoder.isDatagram ? takeInitial(packet, time, direction) : false
    case .fragment:
      counters.fragments &+= 1
      return false
    case .malformed:
      counters.malformed &+= 1
      return false
    }
    let isToPort = ports.contains(decoder.headers.destinationPort)
    guard isToPort || ports.contains(decoder.headers.sourcePort) || takesAnyPort else {
      counters.otherPorts &+= 1
      if samplesLeft > 0 { sample(packet) }
      return takeHello(packet, time, direction)
    }
    counters.onPort &+= 1
    let flags = Segment.Flags(rawValue: decoder.headers.flags)
    var kind = Segment.Kind.stream
    if decoder.headers.payloadLength > 0 {
      counters.payload &+= 1
      let begins = classify(payload(of: packet), isToPort)
      if !isStreams {
        kind = begins ? .start : .continuation
        // From a server only starts count; a client's other segments may continue a head.
        if !begins, !isToPort { return false }
      }
    } else if !flags.isControl {
      return false
    }
    counters.matched &+= 1
    describe(kind, time, direction)
    return true
  }

  /// Looks for requests in that number of segments to other ports, as long as none has come to the watched ones.
  mutating func sampleOtherPorts(_ segments: Int) { samplesLeft = segments }

  /// Other ports with requests, most of them first; none once a segment has come to the watched ones.
  var portsWithRequests: [UInt16] { counters.matched == 0 ? otherPorts.ports : [] }

  private mutating func sample(_ packet: RawSpan) {
    guard counters.matched == 0 else {
      samplesLeft = 0
      return
    }
    guard decoder.headers.payloadLength > 0 else { return }
    samplesLeft -= 1
    otherPorts.add(payload(of: packet), to: decoder.headers.destinationPort)
  }

  /// Makes a segment to a port of TLS the one that is handed on if it may be a part of a hello.
  private mutating func takeHello(
    _ packet: RawSpan, _ time: UInt64, _ direction: Segment.Direction
  ) -> Bool {
    guard let helloPorts, decoder.headers.payloadLength > 0,
      helloPorts.contains(decoder.headers.destinationPort)
    else { return false }
    let payload = payload(of: packet)
    guard OpeningHello.begins(payload) || OpeningHello.mayContinue(payload) else { return false }
    describe(.hello, time, direction)
    return true
  }

  /// Makes a datagram to a port of TLS what is handed on if it begins like a connection of QUIC.
  private mutating func takeInitial(
    _ packet: RawSpan, _ time: UInt64, _ direction: Segment.Direction
  ) -> Bool {
    guard let helloPorts, helloPorts.contains(decoder.headers.destinationPort),
      InitialPacket.begins(payload(of: packet))
    else { return false }
    (decoder.headers.sequence, decoder.headers.acknowledgement, decoder.headers.flags) = (0, 0, 0)
    describe(.initial, time, direction)
    return true
  }

  /// Fills in the segment of the packet read last.
  private mutating func describe(_ kind: Segment.Kind, _ time: UInt64, _ direction: Segment.Direction) {
    segment.time = time
    segment.source.high = decoder.headers.sourceHigh
    segment.source.low = decoder.headers.sourceLow
    segment.source.port = decoder.headers.sourcePort
    segment.destination.high = decoder.headers.destinationHigh
    segment.destination.low = decoder.headers.destinationLow
    segment.destination.port = decoder.headers.destinationPort
    segment.sequence = decoder.headers.sequence
    segment.acknowledgement = decoder.headers.acknowledgement
    segment.payloadLength = UInt32(truncatingIfNeeded: decoder.headers.payloadLength)
    segment.flags = Segment.Flags(rawValue: decoder.headers.flags)
    segment.kind = kind
    segment.direction = direction
    segment.interface = 0
    segment.network = decoder.headers.network
    segment.checksum = .unknown
  }

  /// Finds out whether the segment's checksum is right, if all of it was captured.
  private mutating func verify(_ packet: RawSpan) {
    let headers = decoder.headers, length = headers.headerLength
    guard length > 0, !decoder.isFragment, headers.payloadCaptured == headers.payloadLength,
      length &+ headers.payloadLength <= Segment.longestVerified, headers.payloadStart >= length
    else { return }
    let start = headers.payloadStart &- length
    guard !Self.isHeaderWrong(headers, packet, start) else {
      segment.checksum = .wrong
      return
    }
    var sum = InternetSum()
    sum.add(packet.slice(start &+ 12, headers.payloadStart))
    let checksum = packet.big16(start &+ 16).bigEndian
    segment.verify(Segment.HeaderRest(length: length, sum: sum, checksum: checksum), payload(of: packet))
  }

  /// Whether IPv4's header before the TCP header at `start` has a wrong checksum; not of one with options.
  private static func isHeaderWrong(_ headers: PacketHeaders, _ packet: RawSpan, _ start: Int) -> Bool {
    let network = start &- 20
    guard network >= 0, packet.byte(network) == 0x45, headers.sourceHigh == 0,
      packet.big32(network &+ 12) == UInt32(truncatingIfNeeded: headers.sourceLow),
      packet.big32(network &+ 16) == UInt32(truncatingIfNeeded: headers.destinationLow)
    else { return false }
    var sum = InternetSum()
    sum.add(packet.slice(network, start))
    return sum.folded != 0xffff
  }

  /// Adds where the packet was seen, as far as a cooked header states it: it shows a second sighting.
  private mutating func addSighting(_ packet: RawSpan, _ link: LinkLayer) {
    let outgoing: UInt16 = 4
    switch link {
    case .cooked: segment.direction = packet.big16(0) == outgoing ? .outbound : .inbound
    case .cooked2:
      segment.interface = packet.big32(4)
      segment.direction = UInt16(packet.byte(10)) == outgoing ? .outbound : .inbound
    default: break
    }
  }

  /// The captured payload of the packet read last.
  @_lifetime(copy packet)
  package func payload(of packet: RawSpan) -> RawSpan {
    packet.slice(
      decoder.headers.payloadStart, decoder.headers.payloadStart &+ decoder.headers.payloadCaptured)
  }

  /// Counts what a payload begins with: it explains an empty page. Whether that is a head.
  @inline(__always)
  private mutating func classify(_ payload: RawSpan, _ isToPort: Bool) -> Bool {
    switch HeadStart.verdict(payload) {
    case .request, .requestPrefix: counters.requestHeads &+= 1
    case .response, .responsePrefix: counters.responseHeads &+= 1
    // A client begins so; in a server's body anybody may have put it.
    case .http2 where isToPort: counters.http2 &+= 1
    case .http2: return false
    case .none:
      if TLSRecord.begins(payload) { counters.tls &+= 1 }
      return false
    }
    return true
  }
}

/// The header of a TLS record (RFC 8446, section 5.1).
private enum TLSRecord {
  /// The types, from a change of the cipher to application data.
  private static var types: ClosedRange<UInt8> { 20...23 }
  /// The first byte of every version's number since SSL 3.
  private static var majorVersion: UInt8 { 3 }

  /// Whether bytes begin with a record of any type and version.
  @inline(__always)
  static func begins(_ bytes: RawSpan) -> Bool {
    bytes.byteCount >= 2 && types.contains(bytes.byte(0)) && bytes.byte(1) == majorVersion
  }
}

/// The watched ports as one bit each.
struct PortBitmap: Sendable {
  private var words = [UInt64](repeating: 0, count: 1_024)

  init(_ ports: PortSet) {
    for range in ports.ranges {
      for port in range { words[Int(port >> 6)] |= 1 << UInt64(port & 63) }
    }
  }

  @inline(__always)
  func contains(_ port: UInt16) -> Bool { words[Int(port >> 6)] >> UInt64(port & 63) & 1 == 1 }
}
