// SPDX-License-Identifier: Apache-2.0
import HTTP1
import PacketBuilder
import Testing

/// Three implementations, one verdict: the filter in the kernel, the Swift decoder and libpcap's classic filter.
@Suite(.serialized)
struct VerdictTests {
  static let cases = PacketTable(methods: Method.allCases.filter { $0 != .other }.map(\.name)).cases

  /// Why the kernel and the Swift decoder may differ on a packet; nil where they may not.
  enum Exception: String, Hashable {
    /// A tag that the kernel keeps beside the packet: no decoder of bytes ever sees it like that.
    case tagInMetadata
    /// IP-in-IP, GRE, MPLS in IP with something else inside: the decoder says that it is malformed, the filter
    /// nothing.
    case tunnel
    /// PPPoE and MPLS frames: the same.
    case encapsulation

    init?(_ item: PacketCase) {
      if !item.onWire {
        self = .tagInMetadata
      } else if [4, 41, 47, 51, 97, 137, 143].contains(item.packet.transport) {
        self = .tunnel
      } else if item.packet.etherType == 0x8864 || item.packet.etherType == 0x8847 {
        self = .encapsulation
      } else {
        return nil
      }
    }
  }

  @Test(.enabled(if: isRoot, "loading a BPF program requires root"))
  func `the kernel's filter and the Swift decoder say the same of every packet`() throws {
    let kernel = try KernelImplementation()
    var agreed = 0
    var differing: [Exception: Int] = [:]
    for item in Self.cases {
      let filter = try kernel.examine(item.frame), decoder = SwiftImplementation.examine(item.frame)
      if filter == decoder {
        agreed += 1
      } else if let exception = Exception(item) {
        differing[exception, default: 0] += 1
      } else {
        Issue.record("\(item.name): kernel \(filter.verdict), decoder \(decoder.verdict)")
      }
      #expect(filter.verdict == item.verdict, "\(item.name)")
    }
    print("implementations: \(Self.cases.count) packets, \(agreed) the same verdict, exceptions \(differing)")
    #expect(agreed >= 2_700)
  }

  /// The filter has the first bytes of a payload from one of two loads: which, the lengths decide.
  @Test(.enabled(if: isRoot, "loading a BPF program requires root"))
  func `where a payload begins and ends makes no difference to who reads it`() throws {
    let kernel = try KernelImplementation()
    let texts = [
      "GET /abcdefghijklmnopqrstuvwxyz HTTP/1.1\r\n", "UPDATEREDIRECTREF /abcdefghijklmnopqrstu",
      "\r\nPOST /abcdefghijklmnopqrstuvwxyz HTTP/1.1", String(repeating: "x", count: 40),
    ]
    var heads = 0
    for text in texts {
      for options in stride(from: 0, through: 40, by: 4) {
        for length in [0, 1, 2, 3, 4, 5, 10, 18, 19, 22, 23, 24, 25, 31, 32, 35, 36, 37, 40] {
          // Options that would be a head, if they were taken for the payload.
          let segment = Packet().options((0..<options / 4).flatMap { _ in "GET ".utf8 }).payload(
            Array(text.utf8.prefix(length)))
          for packet in [segment, segment.ipv6(), segment.padded(60), segment.ipv6().padded(60)] {
            let filter = try kernel.examine(packet.bytes), decoder = SwiftImplementation.examine(packet.bytes)
            #expect(filter == decoder, "\(options) bytes of options, \(length) of \(text)")
            if filter.start != nil { heads += 1 }
          }
        }
      }
    }
    #expect(heads > 1_500)
  }

  /// Why libpcap's filter may pass what the kernel's does not: it has no memory and no loops.
  enum Surplus: String, Hashable {
    /// What a client sends may continue a head.
    case clientPayload
    /// Classic BPF cannot walk the headers: whatever is behind them passes.
    case extensionHeaders
    /// Up to a status code's length it is unknown what a server's segment is.
    case shortFromServer
    /// Three capital letters are enough there: the methods are too many for a test of each.
    case capitalsFromServer
    /// What comes after the first end of a line is not looked at.
    case emptyLineFromServer
    /// No length in the IP header: a super-segment, with or without payload.
    case superSegment
    /// Lengths that contradict one another are not compared in the kernel.
    case contradiction
    /// What may have a packet inside.
    case tunnel
    /// What it continues is not known.
    case fragment

    init?(_ item: PacketCase) {
      let packet = item.packet, toServer = packet.tcp.destinationPort == 80
      if case .ipv6(let header) = packet.network, !header.extensions.isEmpty {
        self = .extensionHeaders
      } else if item.verdict == .fragment {
        self = .fragment
      } else if item.verdict == .malformed {
        self = .contradiction
      } else if toServer, item.verdict == .body || item.verdict == .tls {
        self = .clientPayload
      } else if packet.tcp.sourcePort == 80, (1...12).contains(packet.payload.count) {
        self = .shortFromServer
      } else if packet.tcp.sourcePort == 80,
        packet.payload.prefix(3).allSatisfy({ (65...90).contains($0) || $0 == 45 })
      {
        self = .capitalsFromServer
      } else if packet.tcp.sourcePort == 80, [10, 13].contains(packet.payload.first) {
        self = .emptyLineFromServer
      } else if case .ipv4(let header) = packet.network, header.totalLength == 0 {
        self = .superSegment
      } else if case .ipv6(let header) = packet.network, header.payloadLength == 0 {
        self = .superSegment
      } else if packet.transport != 6, [0, 43, 44, 51, 60].contains(packet.transport) {
        self = .extensionHeaders
      } else if [4, 41, 47, 97, 137, 143].contains(packet.transport)
        || packet.etherType == 0x8864 || packet.etherType == 0x8847
      {
        self = .tunnel
      } else {
        return nil
      }
    }
  }

  @Test func `libpcap's filter passes every head, and what it passes beyond is named`() throws {
    let implementation = try PcapImplementation()
    var heads = 0
    var surplus: [Surplus: Int] = [:]
    for item in Self.cases where item.onWire {
      let isPassed = implementation.passes(item.frame)
      switch item.verdict {
      case .request, .response, .preface:
        heads += 1
        #expect(isPassed, "\(item.name)")
      default:
        guard isPassed else { continue }
        if let reason = Surplus(item) {
          surplus[reason, default: 0] += 1
        } else {
          Issue.record("\(item.name) passes and is \(item.verdict)")
        }
      }
    }
    print("implementations: \(heads) heads pass libpcap's filter; surplus \(surplus)")
    #expect(heads >= 1_000)
  }
}
