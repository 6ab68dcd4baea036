// SPDX-License-Identifier: Apache-2.0
internal import Capture
internal import CHTTPFilter
internal import HTTP1
internal import Packets
internal import System

/// Puts IP datagrams together whose fragments the filter sends to every worker, and reads the segments in them that are
/// one worker's.
///
///     ring ─ fragments ─▶ FragmentStore ─ datagrams ─▶ PacketDecoder ─ segments of this worker's connections ─▶
struct FragmentReader {
  /// The worker among several, and the flow hash that decides between them.
  struct Share {
    var worker = 0
    var workers = 1
    var seed: UInt64 = 0
  }

  /// The properties of a fragment's record beside its bytes.
  struct Origin {
    var time: UInt64
    var network: UInt32
    var interface: UInt32
    var direction: Segment.Direction
  }

  private var store = FragmentStore()
  private var decoder = PacketDecoder()
  private let ports: PortSet
  private let isStreams: Bool
  private let share: Share

  /// Fragments that were left out, since their datagrams were in too many parts.
  var refused: UInt64 { store.refused }

  init(ports: PortSet, depth: CaptureDepth, share: Share) {
    (self.ports, isStreams, self.share) = (ports, depth != .heads, share)
  }

  /// Takes a fragment, from its IP header on; hands on what it completes, and the beginnings of datagrams whose other
  /// fragments did not come.
  mutating func read(
    _ packet: RawSpan, _ origin: Origin, _ body: (borrowing Segment, RawSpan) -> Void
  ) {
    _ = decoder.decodeByStep(packet, wireLength: packet.byteCount, link: .raw)
    guard var fragment = decoder.fragment else { return }
    var whole = add(fragment, of: packet, origin)
    // Fragments of a tunnel's packets may travel in fragments.
    while let datagram = whole {
      whole = nil
      if decoder.decode(datagram.rawSpan, of: fragment) == .tcp, !decoder.isFragment {
        handOn(datagram.rawSpan, origin, body)
      } else if let inner = decoder.fragment {
        fragment = inner
        whole = add(inner, of: datagram.rawSpan, origin)
      }
    }
    giveUp(atEnd: false, origin, body)
  }

  /// Hands on the beginnings of datagrams whose other fragments did not come: nothing more comes.
  mutating func finish(_ body: (borrowing Segment, RawSpan) -> Void) {
    giveUp(atEnd: true, Origin(time: 0, network: 0, interface: 0, direction: .unknown), body)
  }

  private mutating func giveUp(
    atEnd: Bool, _ origin: Origin, _ body: (borrowing Segment, RawSpan) -> Void
  ) {
    while let part = store.takeIncomplete(atEnd: atEnd) {
      guard decoder.decode(part.bytes.rawSpan, of: part.fragment) == .tcp, !decoder.isFragment else {
        continue
      }
      var origin = origin
      // The networks of its own record are among those of the fragment.
      (origin.time, origin.network) = (part.time, 0)
      handOn(part.bytes.rawSpan, origin, body)
    }
  }

  /// Adds a fragment to its datagram, which is one of the networks that the record names, too.
  private mutating func add(_ fragment: IPFragment, of packet: RawSpan, _ origin: Origin) -> [UInt8]? {
    var fragment = fragment
    fragment.key.network &+= origin.network
    return store.add(fragment, of: packet, time: origin.time)
  }

  /// Hands on the segment that was decoded last, if it is on a watched port and this worker's.
  private func handOn(_ datagram: RawSpan, _ origin: Origin, _ body: (borrowing Segment, RawSpan) -> Void) {
    let headers = decoder.headers
    let isToPort = ports.contains(headers.destinationPort)
    guard isToPort || ports.contains(headers.sourcePort) else { return }
    let payload = datagram.slice(headers.payloadStart, headers.payloadStart &+ headers.payloadCaptured)
    let flags = Segment.Flags(rawValue: headers.flags)
    var kind = Segment.Kind.stream
    if headers.payloadLength == 0 {
      guard flags.isControl else { return }
    } else if !isStreams {
      kind = HeadStart.verdict(payload) == .none ? .continuation : .start
      // From a server only starts count; a client's other segments may continue a head.
      if kind == .continuation, !isToPort { return }
    }
    var segment = Segment(
      time: origin.time,
      source: Endpoint(high: headers.sourceHigh, low: headers.sourceLow, port: headers.sourcePort),
      destination: Endpoint(
        high: headers.destinationHigh, low: headers.destinationLow, port: headers.destinationPort),
      sequence: headers.sequence, acknowledgement: headers.acknowledgement,
      payloadLength: UInt32(truncatingIfNeeded: headers.payloadLength), flags: flags, kind: kind,
      direction: origin.direction, interface: origin.interface)
    segment.network = headers.network &+ origin.network
    let slot = DepthMarks.place(segment.source, segment.destination, seed: share.seed).slot
    // As `httpf_worker` in `bpf/http_emit.h`.
    guard (slot &* share.workers) >> 16 == share.worker else { return }
    body(segment, payload)
  }
}
