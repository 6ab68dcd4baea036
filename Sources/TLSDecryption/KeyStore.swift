// SPDX-License-Identifier: Apache-2.0

import Ciphers
import System
package import TLSRecords

/// The secrets that a key log has of one connection.
package struct ConnectionSecrets {
  // Of TLS 1.3: the traffic secrets (RFC 8446, section 7.1).
  var clientEarly: Secret?
  var clientHandshake: Secret?
  var serverHandshake: Secret?
  var client: Secret?
  var server: Secret?
  /// Of TLS 1.2: the master secret.
  var master: Secret?
}

/// The secrets of connections by the random bytes of their clients, as key logs and capture files have them.
package final class KeyStore {
  /// Connections of which secrets are kept: a capture file may hold any number. About 0.6 KB each.
  private static let capacity = 500_000
  /// The longest line: a label, a random and a secret of 48 bytes have 200.
  package static let longestLine = 1_024

  /// The counts of a key log's lines.
  package struct Lines: Equatable, Sendable {
    /// Lines that held a secret.
    package var secrets = 0
    /// Lines that are neither a secret nor a comment, nor a label that is not known.
    package var bad = 0
    /// The number of the first of them, from 1.
    package var firstBad = 0
    /// Lines for which there was no room.
    package var surplus = 0
    /// Lines read.
    package var count = 0

    package init() {}
  }

  private var connections: [HelloRandom: ConnectionSecrets] = [:]

  package init() {}

  /// The number of connections of which something is known.
  package var count: Int { connections.count }

  package subscript(random: HelloRandom) -> ConnectionSecrets? { connections[random] }

  /// Adds the whole lines of a key log; what it makes of them goes into `lines`. Returns the bytes read: all but the
  /// beginning of a line, which `isEnd` makes a line too.
  package func add(_ text: RawSpan, isEnd: Bool, _ lines: inout Lines) -> Int {
    var start = 0
    while start < text.byteCount {
      var end = start
      while end < text.byteCount, text.byte(end) != UInt8(ascii: "\n") { end += 1 }
      // What is longer than any line is cut into bad ones, so that it is not held.
      if end == text.byteCount, !isEnd, end - start <= Self.longestLine { return start }
      add(line: text.slice(start, end), &lines)
      start = min(end + 1, text.byteCount)
    }
    return start
  }

  private func add(line text: RawSpan, _ lines: inout Lines) {
    lines.count += 1
    let fields = Self.fields(text)
    guard let label = fields.first, text.byte(label.lowerBound) != UInt8(ascii: "#") else { return }
    guard let field = Self.field(text.slice(label.lowerBound, label.upperBound)) else {
      // Labels of later versions and of other keys are no fault; but they are labels.
      if fields.count < 3 || !Self.isLabel(text, label) { Self.note(&lines) }
      return
    }
    guard fields.count == 3, fields[1].count == 2 * HelloRandom.length,
      let random = Secret.reading(hex: text.slice(fields[1].lowerBound, fields[1].upperBound)),
      let secret = Secret.reading(hex: text.slice(fields[2].lowerBound, fields[2].upperBound)),
      secret.count >= 32, secret.count <= 64
    else { return Self.note(&lines) }
    let key = HelloRandom(random.bytes)
    if connections.count >= Self.capacity, connections[key] == nil {
      lines.surplus += 1
      return
    }
    lines.secrets += 1
    connections[key, default: ConnectionSecrets()][keyPath: field] = secret
  }

  private static func note(_ lines: inout Lines) {
    if lines.bad == 0 { lines.firstBad = lines.count }
    lines.bad += 1
  }

  /// The places of what is between spaces; more than three are a fault anyway.
  private static func fields(_ text: RawSpan) -> [Range<Int>] {
    var fields: [Range<Int>] = []
    var start: Int?
    for offset in 0...text.byteCount {
      let isSpace = offset == text.byteCount || text.byte(offset) <= UInt8(ascii: " ")
      if isSpace, let begun = start {
        fields.append(begun..<offset)
        start = nil
        if fields.count > 3 { break }
      } else if !isSpace, start == nil {
        start = offset
      }
    }
    return fields
  }

  private static func isLabel(_ text: RawSpan, _ range: Range<Int>) -> Bool {
    range.allSatisfy { offset in
      switch text.byte(offset) {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
        true
      default: false
      }
    }
  }

  /// Where a label's secret belongs; nil for labels that are not known (draft-ietf-tls-keylogfile).
  private static func field(_ label: RawSpan) -> WritableKeyPath<ConnectionSecrets, Secret?>? {
    if matches(label, "CLIENT_TRAFFIC_SECRET_0") { return \.client }
    if matches(label, "SERVER_TRAFFIC_SECRET_0") { return \.server }
    if matches(label, "CLIENT_HANDSHAKE_TRAFFIC_SECRET") { return \.clientHandshake }
    if matches(label, "SERVER_HANDSHAKE_TRAFFIC_SECRET") { return \.serverHandshake }
    if matches(label, "CLIENT_EARLY_TRAFFIC_SECRET") { return \.clientEarly }
    if matches(label, "CLIENT_RANDOM") { return \.master }
    return nil
  }

  private static func matches(_ bytes: RawSpan, _ name: StaticString) -> Bool {
    guard bytes.byteCount == name.utf8CodeUnitCount else { return false }
    var offset = 0
    for unit in name.description.utf8 {
      if bytes.byte(offset) != unit { return false }
      offset += 1
    }
    return true
  }
}
