// SPDX-License-Identifier: Apache-2.0

import System

/// Puts IP datagrams together again from their fragments: tunnels make packets too long for the wire, so that whole
/// segments come in two pieces.
///
/// A fixed number of datagrams is remembered; the oldest one makes room. So is a fixed number of parts of each, since a fragment
/// is compared with all of them.
package struct FragmentStore: Sendable {
  private struct Datagram: Sendable {
    var fragment: IPFragment
    var time: UInt64
    var bytes: [UInt8] = []
    /// Parts that are here, in order, none touching the next.
    var parts: [Range<Int>] = []
    /// Known once the last fragment is here.
    var length: Int?
  }

  /// Datagrams at once.
  private static let capacity = 64
  /// Parts of a datagram at once. The longest one in packets of 576 bytes, every second of which comes first, has 60.
  private static let mostParts = 64
  /// Nanoseconds after which an identification may be used for another datagram (RFC 791 says 15 s,
  /// Linux waits 30 s).
  private static let patience: UInt64 = 30_000_000_000

  /// Nanoseconds in which a whole datagram's fragments may come by once more, at another interface.
  private static let window: UInt64 = 1_000_000_000

  private var datagrams: [Datagram] = []
  private var abandoned: [Datagram] = []
  /// The datagrams that became whole last, and when that was.
  private var whole: [(key: IPFragment.Key, time: UInt64)] = []

  /// Fragments that were left out, since their datagrams were in too many parts.
  package private(set) var refused: UInt64 = 0

  package init() {}

  /// Takes a fragment of `packet`; the whole payload when this was the last one missing.
  package mutating func add(_ fragment: IPFragment, of packet: RawSpan, time: UInt64) -> [UInt8]? {
    if whole.contains(where: { $0.key == fragment.key && $0.time &+ Self.window > time }) { return nil }
    let place = place(of: fragment, time: time)
    let range = fragment.offset..<fragment.offset + fragment.count
    guard
      !datagrams[place].parts.contains(where: {
        $0.lowerBound <= range.lowerBound && $0.upperBound >= range.upperBound
      })
    else { return nil }
    guard datagrams[place].parts.count < Self.mostParts || touches(range, at: place) else {
      refused &+= 1
      return nil
    }
    if !fragment.hasMore { datagrams[place].length = range.upperBound }
    let missing = range.upperBound - datagrams[place].bytes.count
    if missing > 0 { datagrams[place].bytes.append(contentsOf: repeatElement(0, count: missing)) }
    for index in 0..<fragment.count {
      datagrams[place].bytes[range.lowerBound + index] = packet.byte(fragment.start + index)
    }
    join(range, at: place)
    guard let length = datagrams[place].length, datagrams[place].parts.first == 0..<length else { return nil }
    if whole.count == Self.capacity { whole.removeFirst() }
    whole.append((fragment.key, time))
    return datagrams.remove(at: place).bytes
  }

  /// A datagram that will not become whole, as far as its beginning goes; at the end of a capture all
  /// of them.
  package mutating func takeIncomplete(atEnd: Bool) -> (fragment: IPFragment, bytes: [UInt8], time: UInt64)? {
    if atEnd {
      abandoned += datagrams
      datagrams = []
    }
    while !abandoned.isEmpty {
      let datagram = abandoned.removeFirst()
      guard let part = datagram.parts.first, part.lowerBound == 0 else { continue }
      return (datagram.fragment, Array(datagram.bytes.prefix(part.upperBound)), datagram.time)
    }
    return nil
  }

  /// Where a datagram is put together, a new place for one not seen before.
  private mutating func place(of fragment: IPFragment, time: UInt64) -> Int {
    if let known = datagrams.firstIndex(where: { $0.fragment.key == fragment.key }) {
      if datagrams[known].time &+ Self.patience > time { return known }
      abandoned.append(datagrams.remove(at: known))
    }
    if datagrams.count == Self.capacity { abandoned.append(datagrams.removeFirst()) }
    datagrams.append(Datagram(fragment: fragment, time: time))
    return datagrams.count - 1
  }

  private func touches(_ range: Range<Int>, at place: Int) -> Bool {
    datagrams[place].parts.contains {
      $0.upperBound >= range.lowerBound && $0.lowerBound <= range.upperBound
    }
  }

  private mutating func join(_ range: Range<Int>, at place: Int) {
    var merged = range
    var parts: [Range<Int>] = []
    for part in datagrams[place].parts {
      if part.upperBound < merged.lowerBound || part.lowerBound > merged.upperBound {
        parts.append(part)
      } else {
        merged = min(part.lowerBound, merged.lowerBound)..<max(part.upperBound, merged.upperBound)
      }
    }
    parts.append(merged)
    datagrams[place].parts = parts.sorted { $0.lowerBound < $1.lowerBound }
  }
}
