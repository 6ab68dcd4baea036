// SPDX-License-Identifier: Apache-2.0

import Capture
package import ExchangeStream
import Text

/// The subject of a condition: a single exchange, or a row of a list.
package protocol FilterSubject {
  /// The text of a field that has one: site, path, client, method or a name of an owner; empty where there is none.
  func text(_ field: ExchangeFilter.Field) -> ArraySlice<UInt8>
  /// The number of a field that has one, in its unit: a status, nanoseconds, bytes; nil where there is none.
  func number(_ field: ExchangeFilter.Field) -> UInt64?
}

/// The scope of the conditions of one place: the fields that they can be about, and what to do about the others.
package struct FilterScope: Sendable {
  package var fields: [ExchangeFilter.Field]
  /// What has no other fields: `the list of sites`.
  package var name: String
  /// What to type for a condition about another field.
  package var hint: String
  /// The option that takes such a condition.
  var option = "--where"
  /// A condition that it takes.
  var example = "status>=500 and latency>200ms"

  package init(_ fields: [ExchangeFilter.Field], name: String, hint: String) {
    (self.fields, self.name, self.hint) = (fields, name, hint)
  }

  private init(
    _ fields: [ExchangeFilter.Field], name: String, hint: String, option: String, example: String
  ) {
    self.init(fields, name: name, hint: hint)
    (self.option, self.example) = (option, example)
  }

  /// Single exchanges.
  package static let exchange = FilterScope(
    [.site, .path, .client, .method, .status, .latency, .bytes], name: "an exchange",
    hint: "o on the screen lists processes")

  /// Requests as they are counted, before their answers.
  package static let request = FilterScope(
    [.site, .path, .client, .method], name: "a request",
    hint: "it counts when it is seen, before its answer; --where chooses by the answer what is shown",
    option: "--only", example: "site=shop.example and not path=/healthz")

  /// The reason why a condition cannot be about this field.
  func refusal(_ field: ExchangeFilter.Field) -> String {
    let names = fields.map(\.rawValue).joined(separator: ", ")
    return "\(name) has no '\(field.rawValue)' (only \(names)); \(hint)"
  }
}

extension ExchangeRecord: FilterSubject {
  package func text(_ field: ExchangeFilter.Field) -> ArraySlice<UInt8> {
    switch field {
    case .site: return bytes(facts.site)
    case .method: return Array(method.utf8)[...]
    case .client: return Array(AddressName.text(high: facts.client.high, low: facts.client.low).utf8)[...]
    case .path: return TargetPath.of(bytes(facts.target))
    case .status, .latency, .bytes, .process, .unit, .container, .pod: return []
    }
  }

  package func number(_ field: ExchangeFilter.Field) -> UInt64? {
    switch field {
    case .status: facts.status > 0 ? UInt64(facts.status) : nil
    case .latency: facts.outcome == .answered ? facts.latency : nil
    case .bytes: facts.isBodyKnown && facts.status > 0 ? facts.bodyBytes : nil
    case .site, .path, .client, .method, .process, .unit, .container, .pod: nil
    }
  }
}

/// The part of a target that conditions call its path.
package enum TargetPath {
  /// A target without its query, which `--query` may have masked, and its fragment.
  package static func of(_ target: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    target.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
  }
}
