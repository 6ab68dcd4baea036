// SPDX-License-Identifier: Apache-2.0

/// The functions of a Go program, from the table that its runtime has of them and that stays when a program is stripped
/// (.gopclntab, runtime/symtab.go of Go 1.18 and later).
///
///     header ─▶ names            functions: entry, description ─▶ description: name, table of stack pointers
///
/// Every number of it is checked before it is used, and the work is bounded by the number of bytes.
struct GoFunctions {
  /// A function, with where it ends.
  struct Function: Equatable {
    /// Where it begins: an address.
    var address: UInt64
    /// Where the next one begins.
    var end: UInt64
    /// Its table of stack pointers: an offset in the table of such.
    fileprivate var stack: Int
  }

  /// Addresses of a function's instructions between which the stack pointer is a distance from where it was at its beginning.
  struct StackRange: Equatable {
    var range: Range<UInt64>
    var distance: Int64
  }

  /// Of Go 1.18 and 1.19, and of 1.20 and later.
  private static let versions: Set<UInt64> = [0xffff_fff0, 0xffff_fff1]
  /// Sections that have it: of ordinary programs, and of those at any address.
  private static let sections = [".gopclntab", ".data.rel.ro.gopclntab"]
  /// Steps of a function's table that are read: the longest functions have some thousands.
  private static let mostSteps = 65_536

  private let table: NumberTable
  private let count: Int
  private let textStart: UInt64
  private let names, stacks, functions: Int

  /// Where in a file the table lies; nil when there is none.
  static func range(in file: ELFFile) -> Range<Int>? {
    sections.lazy.compactMap { file.section(named: $0) }.first?.range
  }

  /// The table's bytes; nil when there is none in a file, or one that is too long.
  static func bytes(in file: ELFFile) -> [UInt8]? { range(in: file).flatMap { file.bytes($0) } }

  /// Reads the header of a table.
  init(_ bytes: [UInt8]) throws(PlaceFault) {
    table = NumberTable(bytes: bytes)
    // Then two zeros, the least size of an instruction and the size of a pointer.
    guard let version = table.number(0, 4), Self.versions.contains(version), bytes.count >= 72, bytes[6] == 1,
      bytes[7] == 8
    else { throw .unknownGo }
    var words: [UInt64] = []
    for index in 0..<8 { words.append(table.number(8 + 8 * index, 8) ?? 0) }
    // Of programs at any address it is filled in when they are loaded.
    guard words[2] != 0 else { throw .unknownGo }
    textStart = words[2]
    guard let names = Self.offset(words[3], bytes), let stacks = Self.offset(words[6], bytes),
      let functions = Self.offset(words[7], bytes), words[0] < UInt64((bytes.count - functions) / 8)
    else { throw .file(.malformed) }
    (self.names, self.stacks, self.functions, count) = (names, stacks, functions, Int(words[0]))
  }

  /// The functions of these names.
  func find(_ wanted: Set<String>) -> [String: Function] {
    var places: [UInt64: String] = [:]
    for name in wanted {
      let bytes = Array(name.utf8) + [0]
      for place in ByteSearch.places(of: bytes, in: table.bytes) where place >= names {
        places[UInt64(place - names)] = name
      }
    }
    guard !places.isEmpty else { return [:] }
    var found: [String: Function] = [:]
    for index in 0..<count {
      // Within the table: there is one entry more than functions.
      let entry = functions + 8 * index
      guard let start = table.number(entry, 4), let end = table.number(entry + 8, 4),
        let description = table.number(entry + 4, 4).map({ functions + Int($0) }),
        let name = table.number(description + 4, 4), let text = places[name], found[text] == nil,
        let stack = table.number(description + 16, 4), start < end
      else { continue }
      let address = textStart.addingReportingOverflow(start), after = textStart.addingReportingOverflow(end)
      guard !address.overflow, !after.overflow else { continue }
      found[text] = Function(
        address: address.partialValue, end: after.partialValue, stack: stacks + Int(stack))
    }
    return found
  }

  /// How the stack pointer is moved in a function; nil when its table makes no sense.
  func stackRanges(of function: Function) -> [StackRange]? {
    var ranges: [StackRange] = []
    var position = function.stack, address = function.address
    var distance: Int64 = -1
    for step in 0..<Self.mostSteps {
      guard let change = variable(&position) else { return nil }
      if change == 0, step > 0 { return ranges }
      guard let count = variable(&position), count > 0, count <= function.end - address else { return nil }
      // Least significant bit: the sign.
      distance += change & 1 != 0 ? ~Int64(change >> 1) : Int64(change >> 1)
      ranges.append(StackRange(range: address..<address + count, distance: distance))
      address += count
    }
    return nil
  }

  /// A number of 7 bits a byte, least significant first, of 32 bits at most.
  private func variable(_ position: inout Int) -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 35, by: 7) {
      guard let byte = table.number(position, 1) else { return nil }
      position += 1
      value |= (byte & 0x7f) << UInt64(shift)
      if byte & 0x80 == 0 { return value <= UInt64(UInt32.max) ? value : nil }
    }
    return nil
  }

  private static func offset(_ number: UInt64, _ bytes: [UInt8]) -> Int? {
    number <= UInt64(bytes.count) ? Int(number) : nil
  }
}
