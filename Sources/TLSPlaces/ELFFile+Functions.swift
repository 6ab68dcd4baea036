// SPDX-License-Identifier: Apache-2.0

/// Functions by their names. Tables have tens of megabytes: one part of them is in memory at a time.
extension ELFFile {
  /// Bytes of symbols that are read at a time.
  private static let symbolPart = symbolSize * 4_096

  /// The addresses of the functions with these names; versions of a name count as the name.
  package func functions(named wanted: Set<String>) throws(Fault) -> [String: UInt64] {
    if symbols.isEmpty { throw .noSymbols }
    var found: [String: UInt64] = [:]
    for table in symbols {
      guard max(table.names.count, table.entries.count) <= Self.longestTable else { throw .tooLarge }
      let missing = wanted.filter { found[$0] == nil }
      if missing.isEmpty { break }
      // Where each name that is wanted begins, maybe as the end of a longer one.
      let search = NameSearch(missing, endingWith: [0, UInt8(ascii: "@")])
      guard let places = search.places(in: table.names, of: file) else { throw .malformed }
      if !places.isEmpty { try find(places, in: table, &found) }
    }
    return found
  }

  /// Looks in a table for the functions whose names begin at these places, in order.
  private func find(
    _ places: [NameSearch.Place], in table: Symbols, _ found: inout [String: UInt64]
  ) throws(Fault) {
    var names: [Int: String] = [:]
    // Which remainders by 64 there are: most symbols' names are none of them.
    var remainders: UInt64 = 0
    for place in places {
      names[place.offset] = place.name
      remainders |= 1 << UInt64(place.offset & 63)
    }
    guard let first = places.first?.offset, let last = places.last?.offset else { return }
    var part = [UInt8](repeating: 0, count: min(Self.symbolPart, table.entries.count))
    for start in stride(from: table.entries.lowerBound, to: table.entries.upperBound, by: Self.symbolPart) {
      let count = min(Self.symbolPart, table.entries.upperBound - start)
      guard file.read(start..<start + count, into: &part) else { throw .malformed }
      for entry in stride(from: 0, to: count, by: Self.symbolSize) {
        // STT_FUNC.
        guard part[entry + 4] & 15 == 2 else { continue }
        let name = Int(
          UInt32(part[entry]) | UInt32(part[entry + 1]) << 8 | UInt32(part[entry + 2]) << 16 | UInt32(
            part[entry + 3]) << 24)
        guard name >= first, name <= last, remainders >> UInt64(name & 63) & 1 != 0,
          let text = names[name], found[text] == nil
        else { continue }
        // Defined here.
        let symbol = NumberTable(bytes: Array(part[entry..<entry + Self.symbolSize]))
        guard symbol.number(6, 2) != 0, let address = symbol.number(8, 8) else { continue }
        found[text] = address
      }
    }
  }

  /// Whether a range of the file has one of these texts, each with a zero after it; false when it cannot be read.
  func has(_ texts: Set<String>, in range: Range<Int>) -> Bool {
    guard range.count <= Self.longestTable else { return false }
    return NameSearch(texts, most: 1).places(in: range, of: file)?.isEmpty == false
  }
}
