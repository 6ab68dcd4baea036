// SPDX-License-Identifier: Apache-2.0

extension MetricsWriter.Format {
  /// The format that an Accept header asks for (RFC 9110 section 12.5.1): OpenMetrics when it is named
  /// and not liked less than plain text, else the text format, which every reader takes.
  init(accept: String) {
    var openMetrics: Double?
    var plain = 0.0
    for range in accept.split(separator: ",") {
      let parts = range.split(separator: ";").map { $0.trimmed.lowercased() }
      guard let type = parts.first else { continue }
      let quality = parts.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
      switch type {
      case "application/openmetrics-text": openMetrics = max(openMetrics ?? 0, quality)
      case "text/plain": plain = max(plain, quality)
      default: break
      }
    }
    if let openMetrics, openMetrics > 0, openMetrics >= plain { self = .openMetrics } else { self = .text }
  }

  var contentType: String {
    switch self {
    case .text: "text/plain; version=0.0.4; charset=utf-8"
    case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
    }
  }
}

extension Substring {
  /// Without the spaces and tabs at both ends.
  fileprivate var trimmed: Substring {
    var text = self
    while let first = text.first, first == " " || first == "\t" { text = text.dropFirst() }
    while let last = text.last, last == " " || last == "\t" { text = text.dropLast() }
    return text
  }
}
