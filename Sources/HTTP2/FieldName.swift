// SPDX-License-Identifier: Apache-2.0

/// The names of header fields whose values are kept; of all others only lengths are.
///
/// The one place that says what is kept: another name takes a case here and its text in `text`; that of `client` is the
/// operator's choice. A text has at most `longest` bytes and is in lower case, as HTTP/2 sends names (RFC 9113, section 8.2.1).
package enum FieldName: UInt8, BitwiseCopyable, CaseIterable, Sendable {
  /// A name that refers to an entry from before the watch or a gap.
  case unknown
  /// A name whose value is not kept.
  case other
  case authority, method, path, scheme, status, `protocol`
  case host, contentType, contentLength, userAgent, referer, grpcStatus, grpcMessage
  /// In which proxies name their clients.
  case client

  /// Bytes of the longest name that can be kept.
  package static let longest = 16

  /// The name as sent; empty for `unknown`, `other` and `client`.
  package var text: StaticString {
    switch self {
    case .unknown, .other, .client: ""
    case .authority: ":authority"
    case .method: ":method"
    case .path: ":path"
    case .scheme: ":scheme"
    case .status: ":status"
    case .protocol: ":protocol"
    case .host: "host"
    case .contentType: "content-type"
    case .contentLength: "content-length"
    case .userAgent: "user-agent"
    case .referer: "referer"
    case .grpcStatus: "grpc-status"
    case .grpcMessage: "grpc-message"
    }
  }

  /// Whether values of this name are kept.
  @inline(__always)
  package var isKept: Bool { rawValue > Self.other.rawValue }

  /// Whether it is a pseudo-header field, which a well-formed block has before all others.
  @inline(__always)
  package var isPseudo: Bool {
    rawValue >= Self.authority.rawValue && rawValue <= Self.protocol.rawValue
  }

  /// The number of cases, which are numbered from 0.
  static let count = 16
}

/// The kept names, ordered by length, so that a name off the wire is compared with few.
package final class FieldNames: Sendable {
  private struct Key: Sendable {
    var low: UInt64
    var high: UInt64
    var name: FieldName
  }

  private let keys: [Key]
  /// Where the keys of each length begin.
  private let starts: [Int]

  /// Those of all watches, without one for the client.
  package static let shared = FieldNames(client: nil)

  /// - Parameter client: the name of `FieldName.client` in lower case; nil for none.
  package init(client: String?) {
    var keys: [Key] = [], starts: [Int] = []
    for length in 0...FieldName.longest {
      starts.append(keys.count)
      for name in FieldName.allCases where name.isKept {
        guard let text = name == .client ? client : "\(name.text)" else { continue }
        let bytes = Array(text.utf8)
        guard bytes.count == length else { continue }
        let pair = bytes.octets.pair(0, bytes.count)
        keys.append(Key(low: pair.low, high: pair.high, name: name))
      }
    }
    starts.append(keys.count)
    self.keys = keys
    self.starts = starts
  }

  /// Whether a name, in lower case, is one that counting reads or that has a place in the static table: none for the
  /// client's.
  package static func isTaken(_ name: String) -> Bool {
    StaticTable.texts.contains { $0.name == name } || FieldName.allCases.contains { "\($0.text)" == name }
  }

  /// The name of the bytes from `start` up to `end`.
  func find(_ bytes: RawSpan, _ start: Int, _ end: Int) -> FieldName {
    let length = end &- start
    guard length > 0, length <= FieldName.longest, starts[length] < starts[length &+ 1] else { return .other }
    let pair = bytes.pair(start, end)
    for index in starts[length]..<starts[length &+ 1]
    where keys[index].low == pair.low && keys[index].high == pair.high { return keys[index].name }
    return .other
  }

  /// The name of `count` bytes in memory.
  func find(_ memory: borrowing ByteMemory, at start: Int, count: Int) -> FieldName {
    find(memory.bytes(start, count: count), 0, count)
  }
}
