// SPDX-License-Identifier: Apache-2.0

import Alerting
package import Text
import Capture
import Exchanges
package import ExchangeStream
import HTTP1
package import Owners
import Statistics
import System

/// Single exchanges as lines: for people, as an access log, or as JSON.
package struct ExchangeLines {
  package enum Format: Sendable {
    /// Time, status, latency, size, client, method, where: columns for people.
    case plain
    /// The common and the combined log format, as web servers write them.
    case common, combined
    /// The combined format after the virtual host and its port, with the latency in microseconds last, as Apache's
    /// `%v:%p ... %D`. GoAccess reads it as `%v:%^ %h %^[%d:%t %^] "%r" %s %b "%R" "%u" %D`, and without times as
    /// VCOMBINED.
    case vcombined
    /// One object a line; docs/json.md has its members.
    case json
  }

  package let format: Format
  private let query: QueryPolicy
  private let zone: DisplayZone
  /// The table that names the owners of both ends; nil when nobody looks for them.
  private let owners: OwnerTable?
  /// Whether statuses of lines for people have a terminal's colours.
  private let hasColor: Bool
  private var json = JSONWriter()
  private var masked = ByteText()
  private let scratch = NameBuffer()
  /// The second that `stamp` was written for.
  private var second: UInt64 = .max
  private var stamp = ""

  /// - Parameters:
  ///   - query: what is printed of query strings.
  ///   - owners: who names the owners of both ends; nil when nobody looks for them.
  ///   - hasColor: whether statuses of lines for people have a terminal's colours.
  package init(
    _ format: Format, query: QueryPolicy, zone: DisplayZone = .local, owners: OwnerTable? = nil,
    hasColor: Bool = false
  ) {
    self.format = format
    self.hasColor = hasColor
    self.owners = owners
    self.query = query
    self.zone = zone
  }

  /// Appends the line of a record; false when the format has no place for it: an access log knows
  /// answered requests alone.
  package mutating func append(_ record: ExchangeRecord, to text: inout ByteText) -> Bool {
    switch format {
    case .plain: plain(record, &text)
    case .json: object(record, &text)
    case .common, .combined, .vcombined:
      guard record.facts.outcome == .answered else { return false }
      accessLog(record, &text)
    }
    return true
  }

  /// The line that tells of records that found no place; nil in an access log.
  package mutating func dropped(_ count: UInt64) -> [UInt8]? {
    guard format == .json else { return nil }
    json.clear()
    json.beginObject()
    json.member("type", "dropped")
    json.member("schema", JSONLines.schema)
    json.member("count", count)
    json.endObject()
    json.newline()
    return json.text.bytes
  }

  // MARK: For people

  private mutating func plain(_ record: ExchangeRecord, _ text: inout ByteText) {
    let facts = record.facts
    let time = facts.outcome == .unmatchedResponse ? facts.endTime : facts.requestTime
    setStamp(time)
    text.append(stamp)
    text.append(".")
    text.append(time / 1_000_000 % 1_000, width: 3)
    text.append(" ")
    let color = hasColor ? StatusColor(record) : nil
    if let color { text.append(color.rawValue) }
    if facts.status > 0 { text.append(UInt64(facts.status), width: 3) } else { text.append("---") }
    if color != nil { text.append(StatusColor.end) }
    column(facts.outcome == .answered ? DecimalText.latency(facts.latency) : "-", 10, &text)
    column(facts.isBodyKnown ? "\(facts.bodyBytes)" : "-", 9, &text)
    text.append(" ")
    address(facts.client.high, facts.client.low, &text)
    text.append(" ")
    if facts.outcome == .unmatchedResponse {
      text.append("response without request from ")
      address(facts.server.high, facts.server.low, &text)
    } else {
      method(record, &text)
      text.append(" ")
      let target = record.bytes(facts.target)
      // An absolute target, and CONNECT's, name their site themselves.
      if target.first == UInt8(ascii: "/") || target.first == UInt8(ascii: "*") {
        text.append(record.bytes(facts.site))
        if target.first == UInt8(ascii: "*") { text.append(" ") }
      }
      query.append(target, to: &text)
      if facts.major == 2 { text.append(" HTTP/2") }
      if !facts.hasResponse {
        text.append(" (\(facts.endWords))")
      } else if facts.call != .none {
        text.append(" (gRPC \(facts.call.name))")
      }
      if let owners {
        text.append(" client=\(OwnerText.column(owners.process(facts.clientOwner)))")
        text.append(" server=\(OwnerText.column(owners.process(facts.serverOwner)))")
      }
    }
    text.append("\n")
  }

  private func column(_ value: String, _ width: Int, _ text: inout ByteText) {
    for _ in 0..<max(1, width - value.utf8.count) { text.append(" ") }
    text.append(value)
  }

  // MARK: As an access log

  private mutating func accessLog(_ record: ExchangeRecord, _ text: inout ByteText) {
    let facts = record.facts
    if format == .vcombined {
      let site = record.bytes(facts.site)
      if site.isEmpty { text.append("-") } else { text.append(site) }
      text.append(":")
      text.append(UInt64(facts.server.port))
      text.append(" ")
    }
    address(facts.client.high, facts.client.low, &text)
    text.append(" - - [")
    setStamp(facts.requestTime)
    text.append(stamp)
    text.append("] \"")
    method(record, &text)
    text.append(" ")
    query.append(record.bytes(facts.target), to: &text)
    text.append(" HTTP/")
    text.append(UInt64(facts.major))
    text.append(".")
    text.append(UInt64(facts.minor))
    text.append("\" ")
    text.append(UInt64(facts.status), width: 3)
    text.append(" ")
    if facts.isBodyKnown { text.append(facts.bodyBytes) } else { text.append("-") }
    if format != .common {
      masked.clear()
      query.append(record.bytes(facts.referer), to: &masked)
      quoted(masked.bytes[...], &text)
      quoted(record.bytes(facts.userAgent), &text)
    }
    if format == .vcombined {
      text.append(" ")
      text.append(facts.latency / 1_000)
    }
    text.append("\n")
  }

  private func quoted(_ value: ArraySlice<UInt8>, _ text: inout ByteText) {
    text.append(" \"")
    if value.isEmpty { text.append("-") } else { text.append(value) }
    text.append("\"")
  }

  // MARK: As JSON

  private mutating func object(_ record: ExchangeRecord, _ text: inout ByteText) {
    let facts = record.facts
    let hasRequest = facts.outcome != .unmatchedResponse, hasResponse = facts.status > 0
    json.clear()
    json.beginObject()
    json.member("type", "exchange")
    json.member("schema", JSONLines.schema)
    json.member("outcome", facts.outcome.name)
    if facts.isClientClosed {
      json.key("clientClosed")
      json.bool(true)
    }
    json.key("start")
    if hasRequest { json.string(CalendarTime.rfc3339(facts.requestTime)) } else { json.null() }
    json.member("end", CalendarTime.rfc3339(facts.endTime))
    json.member("client", address(facts.client))
    json.member("clientPort", UInt64(facts.client.port))
    if facts.proxy.port != 0 { json.member("proxy", address(facts.proxy)) }
    json.member("server", address(facts.server))
    json.member("serverPort", UInt64(facts.server.port))
    member("method", hasRequest ? Array(record.method.utf8)[...] : [])
    member("site", record.bytes(facts.site))
    masked.clear()
    query.append(record.bytes(facts.target), to: &masked)
    member("target", masked.bytes[...])
    json.key("version")
    if hasRequest {
      json.string(facts.major == 2 ? "2" : "\(facts.major).\(facts.minor)")
    } else {
      json.null()
    }
    json.key("status")
    if hasResponse { json.number(UInt64(facts.status)) } else { json.null() }
    if facts.call != .none { json.member("grpcStatus", facts.call.name) }
    json.key("latency")
    if facts.outcome == .answered { json.seconds(facts.latency) } else { json.null() }
    json.key("bytes")
    if hasResponse && facts.isBodyKnown { json.number(facts.bodyBytes) } else { json.null() }
    masked.clear()
    query.append(record.bytes(facts.referer), to: &masked)
    member("referer", masked.bytes[...])
    member("userAgent", record.bytes(facts.userAgent))
    if let owners {
      json.owner("clientOwner", owners.process(facts.clientOwner))
      json.owner("serverOwner", owners.process(facts.serverOwner))
    }
    json.endObject()
    json.newline()
    text.append(json.text.bytes[...])
  }

  /// A text, or null when it is empty.
  private mutating func member(_ name: String, _ value: ArraySlice<UInt8>) {
    json.key(name)
    if value.isEmpty { json.null() } else { json.string(printable: value) }
  }

  // MARK: Parts

  private func method(_ record: ExchangeRecord, _ text: inout ByteText) {
    if record.facts.method == .other {
      text.append(record.bytes(record.facts.methodName))
    } else {
      text.append(record.facts.method.name)
    }
  }

  /// An address as logs have it: IPv6 without brackets.
  private func address(_ high: UInt64, _ low: UInt64, _ text: inout ByteText) {
    scratch.reset()
    let place = AddressName.append(high: high, low: low, isBracketed: false, to: scratch)
    for index in 0..<place.count {
      text.append(scratch.bytes(start: index, count: 1).byte(0))
    }
  }

  private func address(_ end: Endpoint) -> String {
    var text = ByteText()
    address(end.high, end.low, &text)
    return text.string
  }

  /// Writes the time's stamp, which most lines share with the line before.
  private mutating func setStamp(_ time: UInt64) {
    let second = time / 1_000_000_000
    guard second != self.second else { return }
    self.second = second
    let offset = zone.offset(time)
    let parts = CalendarTime(nanoseconds: time, offset: offset)
    stamp = format == .plain ? parts.sortable : parts.accessLog(offset: offset)
  }
}

extension ExchangeFacts {
  /// How it ended, for people.
  package var endWords: String { isClientClosed ? "client closed" : outcome.words }
}

extension ExchangeFacts.Outcome {
  var name: String {
    switch self {
    case .answered: "answered"
    case .aborted: "aborted"
    case .timedOut: "timedOut"
    case .unknown: "unknown"
    case .inFlight: "inFlight"
    case .unmatchedResponse: "unmatchedResponse"
    }
  }

  /// The same for people.
  package var words: String {
    switch self {
    case .answered, .aborted, .unknown: name
    case .timedOut: "timed out"
    case .inFlight: "in flight"
    case .unmatchedResponse: "response without request"
    }
  }
}
