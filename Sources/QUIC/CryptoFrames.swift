// SPDX-License-Identifier: Apache-2.0

import System

/// The pieces of a client's hello in the frames of Initial packets, in whatever order they come (RFC 9000, section 19).
package struct CryptoFrames: Sendable {
  /// Bytes of a hello at most.
  private static let longest = 8_192
  /// Frames of a packet that are read at most.
  private static let mostFrames = 128

  private enum FrameType {
    static var padding: Int { 0 }
    static var ping: Int { 1 }
    static var acknowledgement: Int { 2 }
    static var acknowledgementWithECN: Int { 3 }
    static var crypto: Int { 6 }
  }

  private var bytes: [UInt8] = []
  /// Which of them are there, ascending and not adjacent.
  private var ranges: [Range<Int>] = []

  package init() {}

  /// The bytes from the first one on that are there without a gap.
  package var beginning: ArraySlice<UInt8> {
    guard let first = ranges.first, first.lowerBound == 0 else { return [] }
    return bytes[first]
  }

  /// Adds what a packet's text has; false when it is none.
  @discardableResult
  package mutating func add(_ text: RawSpan) -> Bool {
    var reader = ByteReader(0..<text.byteCount)
    var frames = 0
    while !reader.isAtEnd {
      guard let type = reader.variable(text) else { return false }
      // Padding is as many frames as bytes.
      if type == FrameType.padding { continue }
      frames += 1
      guard frames <= Self.mostFrames else { return false }
      switch type {
      case FrameType.ping: break
      case FrameType.acknowledgement, FrameType.acknowledgementWithECN:
        guard skipAcknowledgement(&reader, text, hasECN: type == FrameType.acknowledgementWithECN) else {
          return false
        }
      case FrameType.crypto:
        guard let offset = reader.variable(text), let count = reader.variable(text),
          let place = reader.skip(count)
        else { return false }
        add(text, place, at: offset)
      // Whatever else there may be is no part of a handshake under way.
      default: return false
      }
    }
    return true
  }

  private func skipAcknowledgement(_ reader: inout ByteReader, _ text: RawSpan, hasECN: Bool) -> Bool {
    guard reader.variable(text) != nil, reader.variable(text) != nil, let count = reader.variable(text),
      reader.variable(text) != nil, count <= text.byteCount
    else { return false }
    for _ in 0..<(2 * count + (hasECN ? 3 : 0)) where reader.variable(text) == nil { return false }
    return true
  }

  private mutating func add(_ text: RawSpan, _ place: Range<Int>, at offset: Int) {
    let end = offset + place.count
    guard !place.isEmpty, offset <= Self.longest, end <= Self.longest else { return }
    if bytes.count < end { bytes += [UInt8](repeating: 0, count: end - bytes.count) }
    for index in 0..<place.count { bytes[offset + index] = text.byte(place.lowerBound + index) }
    var merged = offset..<end
    ranges.removeAll { range in
      guard range.lowerBound <= merged.upperBound, merged.lowerBound <= range.upperBound else { return false }
      merged = min(range.lowerBound, merged.lowerBound)..<max(range.upperBound, merged.upperBound)
      return true
    }
    ranges.insert(merged, at: ranges.firstIndex { $0.lowerBound > merged.lowerBound } ?? ranges.endIndex)
  }
}
