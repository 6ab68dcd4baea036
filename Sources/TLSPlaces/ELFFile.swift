// SPDX-License-Identifier: Apache-2.0

/// An ELF file of 64 bits for this processor, read within bounds: its functions by their names, its code, its sections.
///
/// The file may be a stranger's, a container's for example. Every number of it is checked before it is used, no
/// arithmetic on them traps, and the work is bounded (System V ABI, chapters 4 and 5).
package struct ELFFile: Sendable {
  /// Why a file cannot be read.
  package enum Fault: Error, Equatable, Sendable {
    /// It is no ELF file, or ends before its tables do.
    case malformed
    /// It is for 32 bits, another order of bytes or another processor.
    case otherMachine
    /// It has no table of names: a static program that was stripped.
    case noSymbols
    /// A table of it is longer than is read.
    case tooLarge
  }

  /// A part of the file that is loaded to be executed.
  private struct Code {
    var address: UInt64
    var offset: UInt64
    var count: UInt64
  }

  /// A table of symbols and the table of their names, as ranges of the file.
  struct Symbols {
    var entries: Range<Int>
    var names: Range<Int>
  }

  /// Bytes of a program header, a section header and a symbol (Elf64_Phdr, Elf64_Shdr, Elf64_Sym).
  private static let (segmentSize, sectionSize) = (56, 64)
  static let symbolSize = 24
  /// Segments and sections that are looked at: linkers make some 10 and 40.
  private static let mostHeaders = 4_096
  /// Bytes of a table that are read: of the largest programs of distributions they have some 20 MB.
  static let longestTable = 64 << 20
  /// e_machine of x86-64.
  private static let machine: UInt64 = 62

  let file: any FileBytes
  /// The sections' headers, and where their names lie in the file.
  private var sections = NumberTable(bytes: [])
  private var sectionNames: Range<Int>?
  private var code: [Code] = []
  private(set) var symbols: [Symbols] = []

  package init(_ file: any FileBytes) throws(Fault) {
    self.file = file
    guard file.count >= 64, let bytes = file.read(0..<64), bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46])
    else { throw .malformed }
    let header = NumberTable(bytes: bytes)
    // ELFCLASS64, ELFDATA2LSB.
    guard bytes[4] == 2, bytes[5] == 1, header.number(18, 2) == Self.machine else { throw .otherMachine }
    code = try segments(Self.headers(header, at: 32, size: Self.segmentSize, sizeAt: 54, countAt: 56, file))
    sections = try Self.headers(header, at: 40, size: Self.sectionSize, sizeAt: 58, countAt: 60, file)
    if let index = header.number(62, 2).flatMap({ Int(exactly: $0) }), index < sectionCount {
      sectionNames = contents(of: index)
    }
    symbols = try symbolTables()
  }

  /// The number of the file's bytes.
  var count: Int { file.count }

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
    return file.read(start..<start + min(count, left)) ?? []
  }

  /// Where in the file the section of this name lies, and where it is loaded; nil when there is none.
  func section(named name: String) -> (range: Range<Int>, address: UInt64)? {
    guard !name.isEmpty, let all = sectionNames, all.count <= 1 << 20, let names = file.read(all) else {
      return nil
    }
    let wanted = Array(name.utf8) + [0]
    for index in 0..<sectionCount {
      let entry = index * Self.sectionSize
      // Not SHT_NOBITS, which has no bytes in the file.
      guard let start = sections.number(entry, 4), start < UInt64(names.count),
        sections.number(entry + 4, 4) != 8,
        names[Int(start)...].starts(with: wanted), let range = contents(of: index),
        let address = sections.number(entry + 16, 8)
      else { continue }
      return (range, address)
    }
    return nil
  }

  /// Bytes of a range within the file, which is no longer than tables are; nil when they cannot be read.
  func bytes(_ range: Range<Int>) -> [UInt8]? {
    range.count <= Self.longestTable ? file.read(range) : nil
  }

  private var sectionCount: Int { sections.bytes.count / Self.sectionSize }

  /// The segments that are executed: PT_LOAD with PF_X.
  private func segments(_ table: NumberTable) throws(Fault) -> [Code] {
    var parts: [Code] = []
    for entry in stride(from: 0, to: table.bytes.count, by: Self.segmentSize) {
      guard table.number(entry, 4) == 1, (table.number(entry + 4, 4) ?? 0) & 1 != 0 else { continue }
      guard let offset = table.number(entry + 8, 8), let address = table.number(entry + 16, 8),
        let count = table.number(entry + 32, 8), Self.range(offset, count, file) != nil,
        !address.addingReportingOverflow(count).overflow
      else { throw .malformed }
      parts.append(Code(address: address, offset: offset, count: count))
    }
    return parts
  }

  /// The tables of symbols: SHT_DYNSYM first, then SHT_SYMTAB, which a stripped file lacks.
  private func symbolTables() throws(Fault) -> [Symbols] {
    var tables: [Symbols] = []
    for kind: UInt64 in [11, 2] {
      // The first of a kind: there is no second one in a file that a linker made, and work has to be bounded.
      guard
        let index = (0..<sectionCount).first(where: { sections.number($0 * Self.sectionSize + 4, 4) == kind })
      else { continue }
      let entry = index * Self.sectionSize
      guard sections.number(entry + 56, 8) == UInt64(Self.symbolSize),
        let link = sections.number(entry + 40, 4),
        link < UInt64(sectionCount), let entries = contents(of: index), let names = contents(of: Int(link))
      else { throw .malformed }
      let whole = entries.count / Self.symbolSize * Self.symbolSize
      tables.append(Symbols(entries: entries.lowerBound..<entries.lowerBound + whole, names: names))
    }
    return tables
  }

  /// The entries of a table of headers.
  private static func headers(
    _ header: NumberTable, at place: Int, size: Int, sizeAt: Int, countAt: Int, _ file: any FileBytes
  ) throws(Fault) -> NumberTable {
    guard let start = header.number(place, 8), let count = header.number(countAt, 2) else { throw .malformed }
    if start == 0 || count == 0 { return NumberTable(bytes: []) }
    guard header.number(sizeAt, 2) == UInt64(size), count <= mostHeaders,
      let range = range(start, count * UInt64(size), file), let bytes = file.read(range)
    else { throw .malformed }
    return NumberTable(bytes: bytes)
  }

  /// The bytes of a section.
  private func contents(of index: Int) -> Range<Int>? {
    let entry = index * Self.sectionSize
    guard let offset = sections.number(entry + 24, 8), let count = sections.number(entry + 32, 8) else {
      return nil
    }
    return Self.range(offset, count, file)
  }

  /// Bytes of the file; nil when they are not all there.
  private static func range(_ offset: UInt64, _ count: UInt64, _ file: any FileBytes) -> Range<Int>? {
    let (end, isOver) = offset.addingReportingOverflow(count)
    guard !isOver, end <= UInt64(file.count) else { return nil }
    return Int(offset)..<Int(end)
  }
}
