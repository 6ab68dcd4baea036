// SPDX-License-Identifier: Apache-2.0

/// One packet and what every implementation must say of it.
package struct PacketCase: Sendable {
  /// What a packet is to a monitor of port 80 at depth heads that knows nothing of its flow.
  package enum Verdict: Sendable, Equatable {
    /// Not TCP over IP.
    case ignored
    case otherPort
    /// A header that cannot be believed, or too many of them.
    case malformed
    /// A fragment, which is not read before its datagram is whole.
    case fragment
    /// On the port, without payload.
    case empty
    /// Payload that begins no head.
    case body
    case tls
    /// Payload that begins like a request, a response or an HTTP/2 connection, and how long it is.
    case request(Int)
    case response(Int)
    case preface(Int)
  }

  package var name: String
  package var packet: Packet
  package var verdict: Verdict
  /// Whether the frame can be seen on a wire; if not, it is how Linux shows a tagged one to a socket.
  package var onWire = true

  package var frame: [UInt8] { packet.bytes }
}

/// The packets that the implementations are compared on: generated, so that no combination is forgotten.
///
/// Each case has a flow of its own, so that no verdict hangs on the ones before it.
package struct PacketTable: Sendable {
  package private(set) var cases: [PacketCase] = []
  let methods: [String]

  /// `methods` are the names that begin a request.
  package init(methods: [String]) {
    self.methods = methods
    addHeaderLengths()
    addTags()
    addExtensions()
    addFragments()
    addStarts()
    addLengths()
    addStrangers()
  }

  mutating func add(
    _ name: String, _ packet: Packet, _ verdict: PacketCase.Verdict, onWire: Bool = true
  ) {
    var packet = packet
    // Ports of their own, but for those that a case is about.
    let port = UInt16(1024 + cases.count)
    if packet.tcp.sourcePort == 40000 { packet.tcp.sourcePort = port }
    if packet.tcp.destinationPort == 40000 { packet.tcp.destinationPort = port }
    cases.append(PacketCase(name: name, packet: packet, verdict: verdict, onWire: onWire))
  }

  /// What a payload is by the plain rule: it and a start agree as far as both reach. Only a client begins with a preface.
  func verdict(of payload: [UInt8], fromServer: Bool = false) -> PacketCase.Verdict {
    if payload.isEmpty { return .empty }
    let whole = payload
    var payload = payload[...]
    let skipped = payload.dropLast().prefix(4).prefix { $0 == 13 || $0 == 10 }.count
    payload = payload.dropFirst(skipped)
    func agrees(_ start: String) -> Bool { zip(payload, start.utf8).allSatisfy { $0 == $1 } }
    if payload.count > 1, agrees("HTTP/") { return .response(whole.count) }
    if methods.contains(where: { agrees($0 + " ") }) { return .request(whole.count) }
    if agrees("PRI * HTTP/2.0\r\n") { return fromServer ? .body : .preface(whole.count) }
    if Self.beginsWithAnyName(payload.prefix(24 - skipped)) { return .request(whole.count) }
    return payload.count > 1 && (0x14...0x17).contains(payload[payload.startIndex])
      && payload.dropFirst().first == 3 ? .tls : .body
  }
}

extension PacketTable {
  /// Whether bytes begin with a method that is in no list, a space and a slash.
  private static func beginsWithAnyName(_ bytes: ArraySlice<UInt8>) -> Bool {
    let text = String(decoding: bytes, as: UTF8.self)
    return text.prefixMatch(of: #/[A-Z][A-Z-]{2}[A-Z_-]* \//#) != nil
  }
}

let wholeRequest = "GET /a/b?c HTTP/1.1\r\nHost: example.org\r\n\r\n"
let wholeResponse = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
