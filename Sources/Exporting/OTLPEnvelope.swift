// SPDX-License-Identifier: Apache-2.0

import Text

/// The envelope of the points and records of an OTLP request: the resource that they are of, and the scope.
enum OTLPEnvelope {
  /// A request up to the list of what it holds.
  ///
  /// - Parameters:
  ///   - resources: the member that lists resources: `resourceMetrics`.
  ///   - scopes: the member of a resource that lists scopes: `scopeMetrics`.
  ///   - items: the member of a scope that lists what is sent: `metrics`.
  static func begun(
    _ resources: String, _ scopes: String, _ items: String, _ origin: OTLPMetrics.Origin
  ) -> JSONWriter {
    var json = JSONWriter()
    json.beginObject()
    json.key(resources)
    json.beginArray()
    json.beginObject()
    json.key("resource")
    json.beginObject()
    json.key("attributes")
    attributes(
      [("service.name", "wiretally"), ("service.version", origin.version), ("host.name", origin.host)],
      to: &json)
    json.endObject()
    json.key(scopes)
    json.beginArray()
    json.beginObject()
    json.key("scope")
    json.beginObject()
    json.member("name", "wiretally")
    json.member("version", origin.version)
    json.endObject()
    json.key(items)
    json.beginArray()
    return json
  }

  /// The bytes of a request, its brackets closed.
  static func ended(_ json: inout JSONWriter) -> [UInt8] {
    json.endArray()
    json.endObject()
    json.endArray()
    json.endObject()
    json.endArray()
    json.endObject()
    return json.text.bytes
  }

  /// A list of attributes with texts.
  static func attributes(_ values: [(String, String)], to json: inout JSONWriter) {
    json.beginArray()
    for (key, value) in values {
      json.beginObject()
      json.member("key", key)
      json.key("value")
      json.beginObject()
      json.member("stringValue", value)
      json.endObject()
      json.endObject()
    }
    json.endArray()
  }
}

extension JSONWriter {
  /// A 64-bit number as ProtoJSON writes it, in quotes. What is signed there has one bit less.
  mutating func integer(_ name: String, _ value: UInt64) { member(name, "\(min(value, UInt64(Int64.max)))") }
}
