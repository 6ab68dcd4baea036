// SPDX-License-Identifier: Apache-2.0

/// The fields of one header block as the decoder leaves them; one list serves all connections of a worker.
///
///     fields:  | name, lengths, start | ... at most `most`, in the order sent
///     values:  | literals, and copies out of tables, of the names that are kept |
///
/// Nothing is allocated after it was made; what does not fit is counted in `omitted`.
@safe
package final class HeaderList {
  /// One field.
  package struct Field: BitwiseCopyable, Equatable, Sendable {
    package var name: FieldName = .unknown
    /// Whether the value's bytes are in the list.
    package var hasValue = false
    /// Bytes of the name; -1 when it is unknown.
    package var nameLength: Int32 = -1
    /// Bytes of the value; -1 when it is unknown.
    package var valueLength: Int32 = -1
    /// Where the value begins in the list.
    var start: Int32 = 0
  }

  /// The finding about a name in a block.
  package enum Finding: Equatable, Sendable {
    /// The first field of this name, by its index.
    case field(Int)
    /// No field has this name.
    case absent
    /// A field whose name or value is unknown may be it.
    case unknown
  }

  /// The most fields that are kept.
  package static let most = 256
  /// The most bytes of a block: `FrameReader` gives up longer ones.
  package static let longestBlock = 64 * 1024
  /// The most bytes of values copied out of tables into one list.
  static let mostCopied = 64 * 1024

  /// The number of fields in the block, those without a place in the list included.
  package internal(set) var total = 0
  /// Bytes of all names and values whose lengths are known, and 32 for each field (RFC 9113, section 6.5.2).
  package internal(set) var size = 0
  /// The number of fields that refer to what was inserted before the watch or a gap: their names are unknown.
  package internal(set) var unknowns = 0
  /// The number of those among them that may be pseudo-header fields: no regular field came before.
  package internal(set) var unknownPseudos = 0
  /// The number of fields that were left out since there were too many.
  package var omitted: Int { total - count }
  /// The number of fields in the list.
  package private(set) var count = 0

  private let fields = RecordArray(capacity: HeaderList.most, filledWith: Field())
  /// For each name the index of its first field and 1; 0 without any.
  private let firsts = RecordArray<UInt16>(capacity: FieldName.count, filledWith: 0)
  // The literals of the longest block, twice since a name is decoded at the end, and the copies.
  let values = ByteMemory(
    capacity: 2 * HuffmanDecoder.most(HeaderList.longestBlock) + HeaderList.mostCopied)
  /// Bytes of `values` in use, of which `copied` came out of tables.
  var used = 0
  var copied = 0
  /// A field that is no pseudo-header field was seen.
  private var hasRegular = false

  package init() {}

  /// Empties the list.
  package func reset() {
    total = 0
    size = 0
    unknowns = 0
    unknownPseudos = 0
    count = 0
    used = 0
    copied = 0
    hasRegular = false
    for index in 0..<FieldName.count { firsts[index] = 0 }
  }

  /// The field at `index`, below `count`, in the order sent.
  package subscript(index: Int) -> Field { fields[index] }

  /// What the block says of `name`, which is one of those that are kept.
  ///
  /// Pseudo-header fields come before all others (RFC 9113, section 8.3), so an unknown field after a
  /// regular one is none of them.
  package func find(_ name: FieldName) -> Finding {
    let first = firsts[Int(name.rawValue)]
    if first > 0 {
      let index = Int(first) - 1
      return fields[index].hasValue ? .field(index) : .unknown
    }
    if omitted > 0 { return .unknown }
    return (name.isPseudo ? unknownPseudos : unknowns) > 0 ? .unknown : .absent
  }

  /// The bytes of the first field of `name`; empty when it is absent or unknown, see `find`.
  @_lifetime(borrow self)
  package borrowing func value(of name: FieldName) -> RawSpan {
    if case .field(let index) = find(name) { return value(at: index) }
    return value(at: -1)
  }

  /// The bytes of the value at `index`; empty when they are not kept. Valid until the next block.
  @_lifetime(borrow self)
  package borrowing func value(at index: Int) -> RawSpan {
    var start = 0, length = 0
    if index >= 0, fields[index].hasValue {
      start = Int(fields[index].start)
      length = Int(fields[index].valueLength)
    }
    // In bounds by the check of `address`; the memory lives as long as the list.
    let span = unsafe RawSpan(_unsafeStart: values.address(start, count: length), byteCount: length)
    return unsafe _overrideLifetime(span, borrowing: self)
  }

  /// Adds a field.
  @inline(__always)
  func append(_ field: Field) {
    total &+= 1
    if field.nameLength >= 0, field.valueLength >= 0 {
      size &+= Int(field.nameLength) &+ Int(field.valueLength) &+ 32
    }
    let name = Int(field.name.rawValue)
    if field.name == .unknown {
      unknowns &+= 1
      if !hasRegular { unknownPseudos &+= 1 }
    } else if !field.name.isPseudo {
      hasRegular = true
    }
    guard count < Self.most else { return }
    fields[count] = field
    count &+= 1
    if firsts[name] == 0 { firsts[name] = UInt16(truncatingIfNeeded: count) }
  }

  /// Adds an entry of the static table, 1 to 61.
  @inline(__always)
  func append(_ entry: StaticTable.Entry, at index: Int, of table: StaticEntries) {
    var field = Field(
      name: entry.name, nameLength: Int32(entry.nameLength), valueLength: Int32(entry.valueLength))
    if entry.name.isKept {
      field.start = copy(table.values, from: index &* StaticTable.slot, count: Int(entry.valueLength))
      field.hasValue = field.start >= 0
    }
    append(field)
  }

  /// Copies a value out of a table; -1 when too much was copied for this block.
  @inline(__always)
  func copy(_ source: borrowing ByteMemory, from start: Int, count: Int) -> Int32 {
    guard copied &+ count <= Self.mostCopied else { return -1 }
    values.copyWords(source, from: start, count: count, to: used)
    let place = used
    used &+= count
    copied &+= count
    return Int32(truncatingIfNeeded: place)
  }
}
