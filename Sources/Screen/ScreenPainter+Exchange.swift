// SPDX-License-Identifier: Apache-2.0

import Text

extension ScreenPainter {
  /// One exchange: all that is known of it.
  func drawExchange(_ line: ExchangeLine, _ body: Region) {
    drawTitle(body, "Exchange", right: line.isFailure ? "failed" : "")
    let list = body.part(row: 1)
    let names = 12
    var row = 0
    for (name, value) in Self.facts(of: line, time: exactTime(line.time)) where !value.isEmpty {
      list.put(name, row: row, column: 1, style: .faint)
      var rest = value.unicodeScalars[...]
      // A long target continues in the next rows.
      while !rest.isEmpty, row < list.height {
        let part = rest.prefix(max(1, list.width - names - 1))
        let isBad = line.isFailure && (name == "status" || name == "gRPC")
        list.part(row: row, column: names, height: 1, width: list.width - names - 1)
          .put(String(part), row: 0, style: isBad ? .bad : .plain)
        rest = rest.dropFirst(part.count)
        row += 1
      }
    }
  }

  /// The time with its thousandths and the day.
  private func exactTime(_ nanoseconds: UInt64) -> String {
    let thousandths = String(1000 + nanoseconds / 1_000_000 % 1000).dropFirst()
    return "\(CalendarTime(nanoseconds: nanoseconds, offset: zone.offset(nanoseconds)).label).\(thousandths)"
  }

  /// The names and values of what is known; empty values are left out.
  private static func facts(of line: ExchangeLine, time: String) -> [(name: String, value: String)] {
    var status = line.status == 0 ? "no answer" : "\(line.status)"
    if line.status == 0, !line.end.isEmpty { status += " (\(line.end))" }
    let isAnswered = line.status != 0 && !line.isUnmatched
    var body = line.bytes.map { "\($0) bytes" } ?? "of unknown length: chunked, or until the connection ends"
    if line.status == 0 { body = "" }
    return [
      ("time", time),
      (
        "client",
        line.proxy.isEmpty
          ? "\(line.client), port \(line.clientPort)"
          : "\(line.client), by the proxy \(line.proxy), port \(line.clientPort)"
      ),
      ("server", "\(line.server), port \(line.serverPort)"), ("site", line.site),
      ("request", line.isUnmatched ? "" : "\(line.method) \(line.path) HTTP/\(line.version)"),
      ("status", line.isUnmatched ? "\(status), a response without an observed request" : status),
      ("gRPC", line.call),
      ("latency", isAnswered ? "\(CountText.latency(line.latency)) (as seen on this host)" : ""),
      ("body", body), ("referer", line.referer), ("user agent", line.userAgent),
      ("asked by", line.asking), ("served by", line.serving),
    ]
  }
}
