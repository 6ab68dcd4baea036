// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import Reporting
import Statistics

/// Finds the answer to a request: which page, in which form, or why not. The event loop owns it.
///
/// A page is written once for each published state, however many ask for it.
final class Answers {
  private let board: StatePublisher
  private let isLoopback: Bool
  private var number: UInt64 = 0
  private var pages: [String: ByteBuffer] = [:]

  private static let plain = "text/plain; charset=utf-8"
  private static let html = ByteBuffer(bytes: PackageResources.live_html)
  private static let script = ByteBuffer(bytes: PackageResources.live_js)
  private static let style = ByteBuffer(bytes: PackageResources.live_css)

  /// - Parameter isLoopback: only names of this machine's loopback are answered.
  init(_ board: StatePublisher, isLoopback: Bool) {
    self.board = board
    self.isLoopback = isLoopback
  }

  func answer(_ head: HTTPRequestHead, _ counts: ListenerCounts) -> Answer {
    let (authority, path, query) = Self.split(head.uri)
    if let refusal = refusal(head, authority) { return refusal }
    guard head.method == .GET || head.method == .HEAD else {
      var answer = Answer(.methodNotAllowed, "only GET and HEAD are answered here")
      answer.headers.append(("Allow", "GET, HEAD"))
      return answer
    }
    let window: StatisticsWindow
    do throws(WindowQuery.Fault) {
      window = try WindowQuery.window(query, path: path)
    } catch {
      return Answer(.badRequest, error.message)
    }
    switch path {
    case "/": return Answer(.ok, "text/html; charset=utf-8", Self.html)
    case "/live.js": return Answer(.ok, "text/javascript; charset=utf-8", Self.script)
    case "/live.css": return Answer(.ok, "text/css; charset=utf-8", Self.style)
    case "/metrics":
      return metrics(MetricsWriter.Format(accept: head.headers["Accept"].joined(separator: ",")), counts)
    case "/healthz":
      let health = health
      return Answer(health.isWell ? .ok : .serviceUnavailable, Self.plain, ByteBuffer(string: health.text))
    case "/api/v1/snapshot": return snapshot()
    case "/api/v1/sites.csv": return table("sites", window) { CSVTable.sites($0) }
    case "/api/v1/sections.csv": return table("sections", window) { CSVTable.sections($0) }
    case "/api/v1/clients.csv": return table("clients", window) { CSVTable.clients($0) }
    case "/api/v1/owners.csv": return table("owners", window) { CSVTable.owners($0) }
    case "/events":
      var answer = Answer(.ok, "text/event-stream", ByteBuffer())
      answer.isStream = true
      answer.window = window
      return answer
    default:
      return Answer(
        .notFound,
        "there are /, /metrics, /healthz, /api/v1/snapshot, /api/v1/sites.csv, /api/v1/sections.csv, "
          + "/api/v1/clients.csv, /api/v1/owners.csv and /events here"
      )
    }
  }

  /// The health of the watch.
  var health: Health {
    let posting = board.latest
    return Health(posting?.published, age: posting.map { SuspendingClock().now - $0.posted } ?? .zero)
  }

  /// The number of the latest published state; 0 before the first.
  var latest: UInt64 { board.latest?.number ?? 0 }

  /// The event of the latest published state, for a newcomer with the whole history; nil before the first one that has
  /// the window.
  func event(forNewcomer isNew: Bool, _ window: StatisticsWindow) -> ByteBuffer? {
    guard has(window) else { return nil }
    return page("\(isNew ? "first event" : "event") \(window.rawValue)") { published in
      EventPage(published: published, health: health, window: window).render(moments: isNew ? .max : 1)
    }
  }

  /// Asks for a window, and returns whether its numbers are there.
  private func has(_ window: StatisticsWindow) -> Bool {
    board.ask(for: window)
    return board.latest?.published.numbers(window) != nil
  }

  private func metrics(_ format: MetricsWriter.Format, _ counts: ListenerCounts) -> Answer {
    let body = page("metrics \(format)") { published in
      MetricsPage(published: published, listener: counts).render(format)
    }
    guard let body else { return Answer(.serviceUnavailable, "nothing has been counted yet") }
    return Answer(.ok, format.contentType, body)
  }

  private func snapshot() -> Answer {
    let body = page("snapshot") { published in
      var lines = JSONLines(label: published.label)
      (lines.deliveries, lines.warnings) = (published.deliveries, published.notices)
      lines.outputs = published.outputs
      var life = published.life
      // The counts are of this moment, not of the end of the last interval.
      life.end = max(life.end, published.at)
      return lines.snapshot(life, alerts: published.board)
    }
    guard let body else { return Answer(.serviceUnavailable, "nothing has been counted yet") }
    return Answer(.ok, "application/json", body)
  }

  private func table(_ name: String, _ window: StatisticsWindow, _ make: (Snapshot) -> CSVTable) -> Answer {
    guard board.latest != nil else { return Answer(.serviceUnavailable, "nothing has been counted yet") }
    let body =
      has(window)
      ? page("\(name).csv \(window.rawValue)") { make($0.numbers(window) ?? $0.life).bytes } : nil
    guard let body else {
      var answer = Answer(
        .serviceUnavailable,
        "the numbers of the last \(window.rawValue) are added up from now on: ask again in a second, as curl --retry 2 does"
      )
      answer.headers.append(("Retry-After", "1"))
      return answer
    }
    return Answer(.ok, "text/csv; charset=utf-8; header=present", body)
  }

  /// A page of the latest published state, written when it is first asked for.
  private func page(_ name: String, _ render: (PublishedState) -> [UInt8]) -> ByteBuffer? {
    guard let posting = board.latest else { return nil }
    if posting.number != number {
      number = posting.number
      pages.removeAll(keepingCapacity: true)
    }
    if let page = pages[name] { return page }
    let page = ByteBuffer(bytes: render(posting.published))
    pages[name] = page
    return page
  }

  /// The reason why a request is not answered by its name of the host; nil when it is.
  private func refusal(_ head: HTTPRequestHead, _ authority: String?) -> Answer? {
    let hosts = head.headers["Host"]
    guard hosts.count <= 1, !hosts.isEmpty || head.version == .http1_0 else {
      return Answer(.badRequest, "one Host header is needed")
    }
    guard isLoopback, let host = authority ?? hosts.first, !HostName.isLocal(host) else { return nil }
    return Answer(
      .forbidden,
      "this listens on the loopback address and answers only to localhost, 127.0.0.1 or [::1], not to the "
        + "name in the Host header")
  }

  /// The authority, the path and the query of a target (RFC 9112 section 3.2).
  private static func split(_ target: String) -> (authority: String?, path: Substring, query: Substring) {
    var rest = target[...]
    var authority: String?
    if let scheme = ["http://", "https://"].first(where: { target.lowercased().hasPrefix($0) }) {
      rest = rest.dropFirst(scheme.utf8.count)
      let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
      authority = String(rest[..<end])
      rest = rest[end...]
      if rest.isEmpty { rest = "/" }
    }
    let path = rest.prefix { $0 != "?" && $0 != "#" }
    let query = rest.dropFirst(path.count).dropFirst().prefix { $0 != "#" }
    return (authority, path, rest.dropFirst(path.count).first == "?" ? query : "")
  }
}
