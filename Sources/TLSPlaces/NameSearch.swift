// SPDX-License-Identifier: Apache-2.0

/// The search for names in a table of a file that may have tens of megabytes: one part of it is in memory at a time.
struct NameSearch {
  /// A name's beginning in the table.
  struct Place: Equatable {
    /// Bytes from the table's beginning.
    var offset: Int
    var name: String
  }

  /// Bytes of a part.
  private let partSize: Int
  /// Places that are found at most: a table has a name once, or few times as the end of others.
  private let most: Int
  private let names: [(text: String, bytes: [UInt8])]
  /// What all of them begin with, maybe nothing.
  private let prefix: [UInt8]
  /// Bytes that a name may follow.
  private let ends: [UInt8]

  /// - Parameters:
  ///   - names: what is looked for; an empty one is found nowhere.
  ///   - ends: what follows a name that is a whole one, or the end of a longer one.
  ///   - most: places after which the search is over.
  ///   - partSize: bytes that are read at a time, more than a name has.
  init(_ names: Set<String>, endingWith ends: [UInt8] = [0], most: Int = 4_096, partSize: Int = 128 << 10) {
    self.names = names.filter { !$0.isEmpty }.map { ($0, Array($0.utf8)) }
    (self.ends, self.most, self.partSize) = (ends, most, partSize)
    guard var prefix = self.names.first?.bytes else {
      self.prefix = []
      return
    }
    for (_, bytes) in self.names {
      prefix.removeLast(prefix.count - zip(prefix, bytes).prefix { $0 == $1 }.count)
    }
    self.prefix = prefix
  }

  /// The places of the names in a range of a file, in order; nil when it cannot be read.
  func places(in range: Range<Int>, of file: any FileBytes) -> [Place]? {
    // A name and what follows it.
    let longest = (names.map(\.bytes.count).max() ?? 0) + 1
    guard !names.isEmpty else { return [] }
    var found: [Place] = []
    var part = [UInt8](repeating: 0, count: min(max(partSize, 2 * longest), range.count))
    var start = range.lowerBound
    while start < range.upperBound {
      let count = min(part.count, range.upperBound - start), isLast = start + count == range.upperBound
      guard file.read(start..<start + count, into: &part) else { return nil }
      var next = 0
      while next < count, let place = prefix.isEmpty ? next : ByteSearch.first(prefix, in: part, next..<count)
      {
        // The next part begins before it.
        if !isLast, place + longest > count { break }
        if let name = name(at: place, in: part, count) {
          found.append(Place(offset: start - range.lowerBound + place, name: name))
          if found.count == most { return found }
        }
        next = place + 1
      }
      if isLast { break }
      start += count - longest + 1
    }
    return found
  }

  /// The name that is at a place, with an end after it.
  private func name(at place: Int, in part: [UInt8], _ count: Int) -> String? {
    names.first { _, bytes in
      let end = place + bytes.count
      return end < count && ends.contains(part[end]) && part[place..<end].elementsEqual(bytes)
    }?.text
  }
}
