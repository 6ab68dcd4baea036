// SPDX-License-Identifier: Apache-2.0

import System
import TLSRecords

/// The beginnings of hellos that lie in more than one segment.
struct HelloGathering: Sendable {
  private struct Beginning: Sendable {
    var bytes: [UInt8]
    /// The sequence number after them.
    var next: UInt32
    var segments = 1
  }

  /// Connections at a time: the segments of a hello follow each other at once.
  private static let most = 64
  /// Segments of a hello.
  private static let mostSegments = 4

  private var beginnings: [ConnectionEnds: Beginning] = [:]

  /// Keeps the beginning of a hello of which more is to come; `next` is the sequence number after it.
  mutating func begin(_ ends: ConnectionEnds, _ bytes: [UInt8], next: UInt32) {
    if beginnings.count >= Self.most { beginnings.removeAll(keepingCapacity: true) }
    beginnings[ends] = Beginning(bytes: bytes, next: next)
  }

  /// Whether a segment continues a hello.
  func continues(_ ends: ConnectionEnds, at sequence: UInt32) -> Bool {
    !beginnings.isEmpty && beginnings[ends]?.next == sequence
  }

  /// Adds a segment that continues a hello, and returns what is known of the hello now.
  mutating func add(_ ends: ConnectionEnds, _ bytes: [UInt8], next: UInt32) -> OpeningHello? {
    guard var beginning = beginnings[ends] else { return nil }
    beginning.bytes += bytes
    beginning.next = next
    beginning.segments += 1
    let gathered = beginning.bytes
    let opening = OpeningHello(gathered.rawSpan)
    let isOver =
      opening?.isWhole == true || beginning.segments >= Self.mostSegments
      || beginning.bytes.count >= OpeningHello.longest
    beginnings[ends] = isOver ? nil : beginning
    return opening
  }
}
