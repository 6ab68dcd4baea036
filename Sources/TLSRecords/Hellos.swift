// SPDX-License-Identifier: Apache-2.0

import System

/// The extensions that matter here (RFC 8446, section 4.2; RFC 6066; RFC 7301; RFC 7366).
private enum Extension {
  static var serverName: Int { 0 }
  static var protocols: Int { 16 }
  static var encryptThenMAC: Int { 22 }
  static var earlyData: Int { 42 }
  static var supportedVersions: Int { 43 }
}

/// The versions of TLS as the wire has them.
package enum TLSVersion {
  package static var tls12: UInt16 { 0x0303 }
  package static var tls13: UInt16 { 0x0304 }
}

/// A client's first message.
package struct ClientHello: Sendable, Equatable {
  package var random: HelloRandom
  /// The name of the server that is asked for: printable ASCII; nil when there is none.
  package var serverName: String?
  /// The protocols that are offered (ALPN), in the client's order: `h2,http/1.1`; nil when there are none.
  package var protocols: String?
  /// Application data may follow at once.
  package var offersEarlyData = false

  /// Reads the message's body; nil when it is no ClientHello.
  /// - Parameter isCut: the body's end is not there: what is there of the extensions is read.
  package init?(_ body: RawSpan, isCut: Bool = false) {
    var reader = ByteReader(0..<body.byteCount)
    guard reader.skip(2) != nil, let random = reader.skip(HelloRandom.length) else { return nil }
    self.random = HelloRandom(body.slice(random.lowerBound, random.upperBound))
    guard reader.vector(body, 1) != nil, reader.vector(body, 2) != nil, reader.vector(body, 1) != nil else {
      if isCut { return }
      return nil
    }
    // A hello without extensions ends here.
    guard let extensions = isCut ? reader.beginning(body, 2) : reader.vector(body, 2) else { return }
    var list = ByteReader(extensions)
    while let type = list.number(body, 2), let value = list.vector(body, 2) {
      switch type {
      case Extension.serverName: serverName = Self.name(body, value)
      case Extension.protocols: protocols = Self.protocols(body, value)
      case Extension.earlyData: offersEarlyData = true
      default: break
      }
    }
  }

  /// The longest name that is one (RFC 1035, section 2.3.4).
  private static let longestName = 255

  private static func name(_ body: RawSpan, _ value: Range<Int>) -> String? {
    var reader = ByteReader(value)
    guard let list = reader.vector(body, 2) else { return nil }
    var names = ByteReader(list)
    guard names.number(body, 1) == 0, let name = names.vector(body, 2), !name.isEmpty,
      name.count <= longestName
    else { return nil }
    return text(body, name)?.lowercased()
  }

  /// Protocols that are listed at most; browsers offer two or three, some after one that nobody knows (RFC 8701).
  private static let mostProtocols = 4
  /// The longest name of a protocol that is listed, bytes.
  private static let longestProtocol = 16

  private static func protocols(_ body: RawSpan, _ value: Range<Int>) -> String? {
    var reader = ByteReader(value)
    guard let list = reader.vector(body, 2) else { return nil }
    var names = ByteReader(list), texts: [String] = []
    while texts.count < mostProtocols, let name = names.vector(body, 1) {
      // The names that nobody knows are two bytes that are no text.
      if !name.isEmpty, name.count <= longestProtocol, let text = text(body, name) { texts.append(text) }
    }
    return texts.isEmpty ? nil : texts.joined(separator: ",")
  }

  /// Bytes as text; nil when they are not printable ASCII.
  private static func text(_ body: RawSpan, _ range: Range<Int>) -> String? {
    var text = ""
    for offset in range {
      let byte = body.byte(offset)
      guard byte > 0x20, byte < 0x7f else { return nil }
      text.unicodeScalars.append(Unicode.Scalar(byte))
    }
    return text
  }
}

/// A server's answer to it: what the connection is protected with.
package struct ServerHello: Sendable, Equatable {
  package var random: HelloRandom
  package var version: UInt16
  package var cipherSuite: UInt16
  package var compresses: Bool
  /// CBC's records are authenticated after they are encrypted (RFC 7366).
  package var encryptsThenMACs = false
  /// The client is asked for another hello (RFC 8446, section 4.1.4).
  package var isRetry: Bool { random == .retry }

  /// Reads the message's body; nil when it is no ServerHello.
  package init?(_ body: RawSpan) {
    var reader = ByteReader(0..<body.byteCount)
    guard let version = reader.number(body, 2), let random = reader.skip(HelloRandom.length),
      reader.vector(body, 1) != nil, let suite = reader.number(body, 2), let method = reader.number(body, 1)
    else { return nil }
    self.random = HelloRandom(body.slice(random.lowerBound, random.upperBound))
    self.version = UInt16(truncatingIfNeeded: version)
    cipherSuite = UInt16(truncatingIfNeeded: suite)
    compresses = method != 0
    guard let extensions = reader.vector(body, 2) else { return }
    var list = ByteReader(extensions)
    while let type = list.number(body, 2), let value = list.vector(body, 2) {
      switch type {
      case Extension.supportedVersions where value.count == 2: self.version = body.big16(value.lowerBound)
      case Extension.encryptThenMAC: encryptsThenMACs = true
      default: break
      }
    }
  }
}

/// The extensions that a server answers in secret (RFC 8446, section 4.3.1).
package enum EncryptedExtensions {
  /// Whether the message's body accepts early data.
  package static func acceptsEarlyData(_ body: RawSpan) -> Bool {
    var reader = ByteReader(0..<body.byteCount)
    guard let extensions = reader.vector(body, 2) else { return false }
    var list = ByteReader(extensions)
    while let type = list.number(body, 2), list.vector(body, 2) != nil {
      if type == Extension.earlyData { return true }
    }
    return false
  }
}
