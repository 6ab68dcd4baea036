// SPDX-License-Identifier: Apache-2.0

/// An ELF file of 64 bits for this processor, read within bounds: its exported functions and its code.
///
/// The file may be a stranger's, a container's for example. Every number of it is checked before it is used, no
/// arithmetic on them traps, and the work is bounded by the number of bytes (System V ABI, chapters 4 and 5).
package struct ELFFile: Sendable {
  /// Why a file cannot be read.
  package enum Fault: Error, Equatable, Sendable {
    /// It is no ELF file, or ends before its tables do.
    case malformed
    /// It is for 32 bits, another order of bytes or another processor.
    case otherMachine
    /// It has no table of exported names: a static program that was stripped.
    case noSymbols
  }

  /// A part of the file that is loaded to be executed.
  private struct Code {
    var address: UInt64
    var offset: UInt64
    var count: UInt64
  }

  /// A table of symbols and the table of their names, as ranges of the file.
  private struct Symbols {
    var entries: Range<Int>
    var names: Range<Int>
  }

  /// Bytes of a program header, a section header and a symbol (Elf64_Phdr, Elf64_Shdr, Elf64_Sym).
  private static let (segmentSize, sectionSize, symbolSize) = (56, 64, 24)
  /// Segments and sections that are looked at: linkers make some 10 and 40.
  private static let mostHeaders = 4_096
  /// e_machine of x86-64.
  private static let machine: UInt64 = 62

  private let bytes: [UInt8]
  private var code: [Code] = []
  private var symbols: [Symbols] = []

  package init(_ bytes: [UInt8]) throws(Fault) {
    self.bytes = bytes
    guard bytes.count >= 64, bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46]) else { throw .malformed }
    // ELFCLASS64, ELFDATA2LSB.
    guard bytes[4] == 2, bytes[5] == 1, number(18, 2) == Self.machine else { throw .otherMachine }
    code = try segments()
    symbols = try sections()
    if symbols.isEmpty { throw .noSymbols }
  }

  /// The addresses of the functions with these names; versions of a name count as the name.
  package func functions(named wanted: Set<String>) -> [String: UInt64] {
    let names = wanted.map { (name: $0, bytes: Array($0.utf8)) }
    var found: [String: UInt64] = [:]
    for table in symbols {
      for entry in stride(from: table.entries.lowerBound, to: table.entries.upperBound, by: Self.symbolSize) {
        // STT_FUNC, defined here.
        guard bytes[entry + 4] & 15 == 2, number(entry + 6, 2) != 0, let address = number(entry + 8, 8),
          let start = number(entry, 4).flatMap({ position($0, in: table.names) })
        else { continue }
        for (name, bytes) in names where found[name] == nil {
          if isName(bytes, at: start, before: table.names.upperBound) { found[name] = address }
        }
      }
    }
    return found
  }

  /// Where in the file the code at an address is; nil when no code is loaded there.
  package func offset(of address: UInt64) -> Int? {
    for part in code where address >= part.address && address - part.address < part.count {
      return Int(exactly: part.offset + (address - part.address))
    }
    return nil
  }

  /// Up to `count` bytes of code at an address; fewer at its end, none where no code is loaded.
  package func code(at address: UInt64, count: Int) -> [UInt8] {
    guard let start = offset(of: address),
      let part = code.first(where: { address >= $0.address && address - $0.address < $0.count })
    else { return [] }
    let left = Int(part.count - (address - part.address))
    return Array(bytes[start..<start + min(count, left)])
  }

  /// The segments that are executed: PT_LOAD with PF_X.
  private func segments() throws(Fault) -> [Code] {
    let table = try headers(at: 32, size: Self.segmentSize, sizeAt: 54, countAt: 56)
    var parts: [Code] = []
    for entry in table where number(entry, 4) == 1 && (number(entry + 4, 4) ?? 0) & 1 != 0 {
      guard let offset = number(entry + 8, 8), let address = number(entry + 16, 8),
        let count = number(entry + 32, 8)
      else { throw .malformed }
      guard range(offset, count) != nil, !address.addingReportingOverflow(count).overflow else {
        throw .malformed
      }
      parts.append(Code(address: address, offset: offset, count: count))
    }
    return parts
  }

  /// The tables of symbols: SHT_DYNSYM first, then SHT_SYMTAB, which a stripped file lacks.
  private func sections() throws(Fault) -> [Symbols] {
    let table = try headers(at: 40, size: Self.sectionSize, sizeAt: 58, countAt: 60)
    var tables: [Symbols] = []
    for kind: UInt64 in [11, 2] {
      // The first of a kind: there is no second one in a file that a linker made, and work has to be bounded.
      if let entry = table.first(where: { number($0 + 4, 4) == kind }) {
        guard number(entry + 56, 8) == UInt64(Self.symbolSize), let link = number(entry + 40, 4),
          link < UInt64(table.count), let entries = contents(of: entry),
          let names = contents(of: table[Int(link)])
        else { throw .malformed }
        let whole = entries.count / Self.symbolSize * Self.symbolSize
        tables.append(Symbols(entries: entries.lowerBound..<entries.lowerBound + whole, names: names))
      }
    }
    return tables
  }

  /// Where the entries of a table of headers begin.
  private func headers(at place: Int, size: Int, sizeAt: Int, countAt: Int) throws(Fault) -> [Int] {
    guard let start = number(place, 8), let count = number(countAt, 2) else { throw .malformed }
    if start == 0 || count == 0 { return [] }
    guard number(sizeAt, 2) == UInt64(size), count <= Self.mostHeaders,
      let table = range(start, count * UInt64(size))
    else { throw .malformed }
    return Array(stride(from: table.lowerBound, to: table.upperBound, by: size))
  }

  /// The bytes of a section.
  private func contents(of section: Int) -> Range<Int>? {
    guard let offset = number(section + 24, 8), let count = number(section + 32, 8) else { return nil }
    return range(offset, count)
  }

  /// Bytes of the file; nil when they are not all there.
  private func range(_ offset: UInt64, _ count: UInt64) -> Range<Int>? {
    let (end, isOver) = offset.addingReportingOverflow(count)
    guard !isOver, end <= UInt64(bytes.count) else { return nil }
    return Int(offset)..<Int(end)
  }

  private func position(_ offset: UInt64, in range: Range<Int>) -> Int? {
    offset < UInt64(range.count) ? range.lowerBound + Int(offset) : nil
  }

  /// Whether the name at `start`, which ends with a zero or a version's `@`, is this one.
  private func isName(_ name: [UInt8], at start: Int, before end: Int) -> Bool {
    guard name.count < end - start else { return false }
    for (index, byte) in name.enumerated() where bytes[start + index] != byte { return false }
    let last = bytes[start + name.count]
    return last == 0 || last == UInt8(ascii: "@")
  }

  /// The number of `count` bytes at `offset`, least significant first; nil beyond the end.
  private func number(_ offset: Int, _ count: Int) -> UInt64? {
    guard offset >= 0, offset <= bytes.count - count else { return nil }
    var number: UInt64 = 0
    for index in stride(from: count - 1, through: 0, by: -1) {
      number = number << 8 | UInt64(bytes[offset + index])
    }
    return number
  }
}
