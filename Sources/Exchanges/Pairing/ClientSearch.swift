// SPDX-License-Identifier: Apache-2.0

import Capture
import HTTP1
import HTTP2
import System
package import Text

/// The settings by which the client is found that a trusted proxy asked for.
package struct ClientHeader: Equatable, Sendable {
  /// Networks at most.
  package static let mostProxies = 32
  /// Characters of the longest name, which is looked for in HTTP/1 and in HTTP/2.
  package static let longestName = min(FieldKey.longest, FieldName.longest)
  /// Stands for the header of the PROXY protocol before a connection's first bytes, as in nginx's `real_ip_header`.
  package static let proxyProtocol = "proxy_protocol"

  /// The field, in lower case, or `proxyProtocol`.
  package var name: String
  /// Those who are believed.
  package var proxies: [AddressNetwork]

  package init(name: String, proxies: [AddressNetwork]) {
    (self.name, self.proxies) = (name.lowercased(), proxies)
  }

  /// Whether a name may be looked for: characters of names, `longestName` at most, and none that means something else.
  package static func isName(_ name: String) -> Bool {
    FieldKey(name) != nil && name.utf8.count <= longestName && !FieldNames.isTaken(name.lowercased())
  }

  /// Whether the client is in a field of requests.
  package var isField: Bool { name != Self.proxyProtocol }

  /// `Forwarded` (RFC 7239) has parameters, all others are lists of addresses.
  var hasParameters: Bool { name == "forwarded" }
}

/// Who asked, as far as proxies tell.
struct FoundClient: BitwiseCopyable, Equatable {
  var high: UInt64
  var low: UInt64
  /// Its port; 0 where that is not known.
  var port: UInt16 = 0
  /// Whether it is another one than the other end of the connection.
  var isForwarded = false
  /// A trusted proxy sent fields of which some are unknown.
  var isUnknown = false

  init(_ peer: Endpoint) { (high, low) = (peer.high, peer.low) }
}

/// The client that the PROXY header of a connection names; all zero bytes is that none was seen.
struct ConnectionClient: BitwiseCopyable {
  enum Standing: BitwiseCopyable { case unseen, named, proxyItself }

  var high: UInt64 = 0
  var low: UInt64 = 0
  var port: UInt16 = 0
  var standing = Standing.unseen
}

/// Finds the client of a request behind trusted proxies.
///
/// Each proxy adds at the right of the field who asked it. Seen from the right, addresses are believed as long as those
/// who wrote them are trusted: the client is the first one that is no trusted proxy, or the last one if all are. What is
/// no address ends the search, and of a peer that is not trusted the field is not even read. It is one pass from the left:
///
///     field:     203.0.113.9, 198.51.100.7, 10.0.0.2      peer: 10.0.0.1, trusted, as 10.0.0.2
///     found:     203.0.113.9  198.51.100.7  198.51.100.7
struct ClientSearch: ~Copyable {
  /// The search along one field, or several of the same name.
  private struct Walk: BitwiseCopyable {
    var found: FoundClient
    let peer: FoundClient
    /// The next address is believed, trusted or not: nothing is to the left of it that could be.
    var isOpen = true

    init(_ peer: Endpoint) { (found, self.peer) = (FoundClient(peer), FoundClient(peer)) }

    mutating func take(_ node: ForwardedNode, isTrusted: Bool) {
      guard case .address(let high, let low) = node else {
        (found, isOpen) = (peer, true)
        return
      }
      if isTrusted, !isOpen { return }
      (found.high, found.low, found.isForwarded, isOpen) = (high, low, true, false)
    }
  }

  let isWanted: Bool
  /// Whether clients are looked for in PROXY headers.
  let readsProxyHeaders: Bool
  private let key: FieldKey?
  private let hasParameters: Bool
  private var proxies: FixedArray<Int, AddressNetwork>
  private var ofFlow: FixedArray<FlowIndex, ConnectionClient>

  init(_ header: ClientHeader?, flows: Int = 0) {
    let networks = (header?.proxies ?? []).prefix(ClientHeader.mostProxies)
    var proxies = FixedArray<Int, AddressNetwork>(capacity: networks.count)
    for network in networks { _ = proxies.extend(with: network) }
    let isField = header?.isField == true
    self.init(
      key: isField ? header.flatMap { FieldKey($0.name) } : nil,
      readsProxyHeaders: header != nil && !isField, hasParameters: header?.hasParameters == true,
      proxies: proxies, flows: flows)
  }

  // Optimised, Swift 6.3 frees what was never allocated where a member without copies is set between others that are
  // read again: so all are set at once, from values.
  private init(
    key: FieldKey?, readsProxyHeaders: Bool, hasParameters: Bool,
    proxies: consuming FixedArray<Int, AddressNetwork>, flows: Int
  ) {
    self.key = key
    self.readsProxyHeaders = readsProxyHeaders
    self.hasParameters = hasParameters
    isWanted = key != nil || readsProxyHeaders
    self.proxies = proxies
    ofFlow = FixedArray(zeroed: readsProxyHeaders ? flows : 0)
  }

  private func isTrusted(_ high: UInt64, _ low: UInt64) -> Bool {
    for index in 0..<proxies.capacity where proxies[index].value.contains(high: high, low: low) {
      return true
    }
    return false
  }

  /// Another connection takes a place in the tables.
  @inline(__always)
  func forget(_ flow: FlowIndex) {
    if readsProxyHeaders { ofFlow[flow].value = ConnectionClient() }
  }

  /// Notes the PROXY header that a connection from `peer` begins with. A further one is its client's.
  func note(_ header: RawSpan, from peer: Endpoint, of flow: FlowIndex) {
    guard isTrusted(peer.high, peer.low), case .unseen = ofFlow[flow].value.standing else { return }
    var client = ConnectionClient()
    client.standing = .proxyItself
    if let named = ProxyHeader.client(header) {
      (client.high, client.low, client.port) = (named.high, named.low, named.port)
      client.standing = .named
    }
    ofFlow[flow].value = client
  }

  /// The client of a connection from `peer`, as its PROXY header says. That of a trusted proxy whose header was not seen is
  /// unknown.
  private func client(of flow: FlowIndex, _ peer: Endpoint) -> FoundClient {
    var found = FoundClient(peer)
    guard isTrusted(peer.high, peer.low) else { return found }
    let noted = ofFlow[flow].value
    switch noted.standing {
    case .unseen: found.isUnknown = true
    case .proxyItself: break
    case .named:
      (found.high, found.low, found.port, found.isForwarded) = (noted.high, noted.low, noted.port, true)
    }
    return found
  }

  /// The client of an HTTP/1 request that came from `peer`.
  func client(_ head: MessageHead, _ bytes: RawSpan, _ peer: Endpoint, of flow: FlowIndex) -> FoundClient {
    if readsProxyHeaders { return client(of: flow, peer) }
    var walk = Walk(peer)
    guard let key, isTrusted(peer.high, peer.low) else { return walk.found }
    guard head.length > 0 else {
      walk.found.isUnknown = true
      return walk.found
    }
    var fields = NamedFields(key, head)
    while let value = fields.next(bytes) { take(bytes, Int(value.start), value.end, &walk) }
    return walk.found
  }

  /// The client of a request of HTTP/2 that came from `peer`.
  func client(_ fields: HeaderList, _ peer: Endpoint, of flow: FlowIndex) -> FoundClient {
    if readsProxyHeaders { return client(of: flow, peer) }
    var walk = Walk(peer)
    guard key != nil, isTrusted(peer.high, peer.low) else { return walk.found }
    // A field that is unknown may be a further one of this name, of which the last one counts.
    guard fields.unknowns == 0, fields.omitted == 0 else {
      walk.found.isUnknown = true
      return walk.found
    }
    for index in 0..<fields.count where fields[index].name == .client {
      guard fields[index].hasValue else {
        walk.found = FoundClient(peer)
        walk.found.isUnknown = true
        return walk.found
      }
      let value = fields.value(at: index)
      take(value, 0, value.byteCount, &walk)
    }
    return walk.found
  }

  private func take(_ bytes: RawSpan, _ start: Int, _ end: Int, _ walk: inout Walk) {
    var offset = start
    let form: ForwardedNode.Form =
      !hasParameters ? .list : ForwardedNode.closesQuotes(bytes, start, end) ? .quoted : .parameters
    while offset < end {
      guard let node = ForwardedNode.next(bytes, &offset, end, form) else { continue }
      var isTrusted = false
      // Who is believed anyway is not looked up.
      if case .address(let high, let low) = node, !walk.isOpen { isTrusted = self.isTrusted(high, low) }
      walk.take(node, isTrusted: isTrusted)
    }
  }
}

extension ExchangeTracker {
  /// Notes whom a proxy's header names; apart, since few connections begin with one.
  @inline(never)
  mutating func noteProxyHeader(_ header: RawSpan, _ chunk: Chunk) {
    clients.note(header, from: ends(chunk).from, of: chunk.flow)
  }

  /// The client that was found, as a name; none when it is unknown.
  mutating func name(of found: FoundClient) -> NameRange {
    found.isUnknown ? NameRange() : clientName(high: found.high, low: found.low)
  }
}

extension EventBatch {
  /// Gives the last event, a request's with its details, the client that was found behind a proxy.
  mutating func describeClient(_ found: FoundClient, _ peer: Endpoint) {
    guard found.isForwarded, !found.isUnknown else { return }
    var detail = self.detail(count &- 1)
    detail.client = Endpoint(
      high: found.high, low: found.low, port: found.port == 0 ? peer.port : found.port)
    detail.proxy = peer
    describe(detail)
  }
}
