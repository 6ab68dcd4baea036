// SPDX-License-Identifier: Apache-2.0

/// The signals that are posted to a collector: the paths of OTLP over HTTP.
package enum OTLPSignal: String, Sendable {
  case metrics, logs
}

extension DeliveryMessage {
  private static let (signal, body) = ("signal", "body")

  /// A request to a collector, in OTLP's JSON.
  package init(_ signal: OTLPSignal, body: [UInt8]) {
    self.init()
    self[Self.signal] = signal.rawValue
    self[Self.body] = String(decoding: body, as: UTF8.self)
  }

  /// Whether it goes before those that are not: an alert for a collector. Of other receivers all are alike.
  var isUrgent: Bool { self[Self.signal] == OTLPSignal.logs.rawValue }

  /// The request that it holds; nil where it holds none.
  var request: (signal: OTLPSignal, body: [UInt8])? {
    guard let signal = self[Self.signal].flatMap(OTLPSignal.init), let body = self[Self.body] else {
      return nil
    }
    return (signal, Array(body.utf8))
  }
}
