// SPDX-License-Identifier: Apache-2.0
import Exchanges
import HTTP1
import Statistics
import Text

/// Exchange events made by hand, as a tracker would leave them.
final class Traffic {
  let names = NameBuffer()
  private(set) var events: [ExchangeEvent] = []

  /// Forgets the last segment's events.
  func reset() {
    names.reset()
    events.removeAll(keepingCapacity: true)
  }

  /// Has the events counted, as one segment's.
  func record(in writer: TallyWriter) {
    let events = self.events
    writer.record(events.span, names: names)
  }

  func name(_ text: String) -> NameRange {
    // A local borrow: bytes of a property's buffer would outlive the access.
    let names = self.names
    let start = names.count
    for byte in text.utf8 { names.append(byte) }
    let count = names.count - start
    let hash = NameHash.hash(names.bytes(start: start, count: count), seed: 42)
    return NameRange(start: UInt16(start), count: UInt16(count), hash: hash)
  }

  /// A request of a client with an IPv4 address.
  func request(_ site: String, client: UInt32, exchange: Int? = nil) {
    request(site, client: (0, 0xffff_0000_0000 | UInt64(client)), exchange: exchange)
  }

  func request(_ site: String, client: (high: UInt64, low: UInt64), exchange: Int? = nil) {
    request(site, exchange: exchange)
    let place = AddressName.appendBytes(high: client.high, low: client.low, to: names)
    let names = self.names
    let hash = NameHash.hash(names.bytes(start: place.start, count: place.count), seed: 42)
    events[events.count - 1].client = NameRange(
      start: UInt16(place.start), count: UInt16(place.count), hash: hash)
  }

  func request(
    _ site: String, _ section: String = "/", method: Method = .get, custom: String = "",
    exchange: Int? = nil
  ) {
    var event = ExchangeEvent(kind: .request)
    event.method = method
    event.exchange = exchange.map(RequestIndex.init(offset:))
    event.site = name(site)
    event.section = name(section)
    if !custom.isEmpty { event.methodName = name(custom) }
    events.append(event)
  }

  func answer(_ exchange: Int, status: UInt16 = 200, latency: UInt64 = 1_000_000) {
    var event = ExchangeEvent(kind: .answered)
    event.exchange = RequestIndex(offset: exchange)
    event.status = status
    event.outcome = .of(status: status)
    event.latency = latency
    events.append(event)
  }

  func other(_ kind: ExchangeEvent.Kind, exchange: Int? = nil, status: UInt16 = 0) {
    var event = ExchangeEvent(kind: kind)
    event.exchange = exchange.map(RequestIndex.init(offset:))
    event.status = status
    event.outcome = .of(status: status)
    if kind == .aborted { event.version = .http2 }
    events.append(event)
  }

  /// The request of a gRPC call.
  func call(_ site: String, _ method: String = "Add", exchange: Int) {
    request(site, "/shop.Cart", method: .post, exchange: exchange)
    events[events.count - 1].methodName = name("/shop.Cart/\(method)")
    events[events.count - 1].version = .http2
    events[events.count - 1].call = .begun
  }

  /// The end of a call whose response had a head.
  func endCall(_ exchange: Int, _ mark: CallMark, isFailure: Bool) {
    answer(exchange)
    events[events.count - 1].version = .http2
    events[events.count - 1].call = mark
    events[events.count - 1].outcome = isFailure ? .failure : .success
  }
}
