// SPDX-License-Identifier: Apache-2.0

/// A message between the program and a delivery process: named texts, one datagram a message.
package struct DeliveryMessage: Equatable, Sendable {
  /// Bytes of a message at most; a longer one loses its last fields.
  package static let limit = 32 * 1024

  /// In their order; a name occurs once.
  package private(set) var fields: [(name: String, value: String)] = []

  package init() {}

  package subscript(name: String) -> String? {
    get { fields.first { $0.name == name }?.value }
    set {
      fields.removeAll { $0.name == name }
      if let newValue { fields.append((name, newValue)) }
    }
  }

  /// The fields as bytes: name and value in turn, each ended by a zero byte, which no text here has.
  package var bytes: [UInt8] {
    var bytes: [UInt8] = []
    for (name, value) in fields {
      var field = Array(name.utf8)
      field.append(0)
      field += value.utf8.filter { $0 != 0 }
      field.append(0)
      if bytes.count + field.count > Self.limit { break }
      bytes += field
    }
    return bytes
  }

  package init(_ bytes: [UInt8]) {
    let texts = bytes.split(separator: 0, omittingEmptySubsequences: false)
    for index in stride(from: 0, to: texts.count - 1, by: 2) {
      self[String(decoding: texts[index], as: UTF8.self)] = String(decoding: texts[index + 1], as: UTF8.self)
    }
  }

  package static func == (a: DeliveryMessage, b: DeliveryMessage) -> Bool { a.bytes == b.bytes }
}
