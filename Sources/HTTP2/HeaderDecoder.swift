// SPDX-License-Identifier: Apache-2.0

/// The HPACK decoder of one direction of a connection (RFC 7541), which may be joined late.
///
/// It decodes what can be known: fields that refer to entries from before the watch or a gap are reported as
/// unknown, see `DynamicTable`. Only the values of `FieldName`'s names are kept, in the list and in the table.
package final class HeaderDecoder {
  private var table: DynamicTable
  private let fixed = StaticEntries.shared
  private let huffman = HuffmanDecoder.shared
  private let names: FieldNames

  /// The most bytes of dynamic table that the sender may use: what its peer's settings allow; nil when those
  /// are not known.
  package private(set) var bound: UInt32?
  /// The next block has to begin with a size update: the bound has fallen below the table's maximum, to this.
  private var demanded: UInt32?

  /// A decoder for a connection from its first block on, or from the middle.
  ///
  /// - Parameter names: the names whose values are kept.
  package init(joinedLate: Bool, names: FieldNames = .shared) {
    self.names = names
    table = DynamicTable(joinedLate: joinedLate)
    bound = joinedLate ? nil : Settings.initialTableSize
  }

  /// Bytes of memory that its table holds.
  package var memory: Int { table.memory }
  /// What the known entries count, at least (RFC 7541, section 4.1).
  package var tableSize: Int { table.size }
  /// The number of entries in the table that are known.
  package var entries: Int { table.count }
  /// Whether an index beyond the known entries is a fault rather than something unknown.
  package var isComplete: Bool { table.isComplete }

  /// Forgets all entries: a block was lost, and what it inserted is unknown.
  package func clear() {
    demanded = nil
    table.clear(bound: bound.map { Int($0) } ?? .max)
  }

  /// Sets the most bytes that the sender may use from the next block on; nil: unknown.
  ///
  /// With `isAcknowledged` the sender has seen it: below the table's maximum it has to begin the next block with a
  /// size update (RFC 7541, section 4.2).
  package func setBound(_ bytes: UInt32?, isAcknowledged: Bool) {
    bound = bytes
    guard let bytes, isAcknowledged else { return }
    // After a gap nobody knows whether the sender is below already, or sent the update in the gap.
    if table.isMaximumExact, Int(bytes) < table.maximum { demanded = min(demanded ?? bytes, bytes) }
    table.limit(to: Int(bytes))
  }

  /// Decodes a whole block into `list`, which is emptied first.
  ///
  /// Throws what was wrong; then the table is cleared, and later blocks are decoded as after a late join.
  package func decode(_ block: RawSpan, into list: HeaderList) throws(HeaderFault) {
    list.reset()
    do {
      try fields(of: block, into: list)
    } catch {
      list.reset()
      clear()
      throw error
    }
  }

  private func fields(of block: RawSpan, into list: HeaderList) throws(HeaderFault) {
    guard block.byteCount <= HeaderList.longestBlock else { throw .length }
    var offset = 0
    try sizeUpdates(block, &offset)
    while offset < block.byteCount {
      let first = block.octet(offset)
      if first & 0x80 != 0 {
        var index = Int(first & 0x7f)
        offset &+= 1
        if index == 0x7f { index = try integer(block, &offset, index) }
        try indexed(index, into: list)
      } else if first & 0x40 != 0 {
        try literal(block, &offset, prefix: 0x3f, isInserted: true, into: list)
      } else if first & 0x20 != 0 {
        // Only at the block's beginning (RFC 7541, section 4.2).
        throw .tableSize
      } else {
        try literal(block, &offset, prefix: 0x0f, isInserted: false, into: list)
      }
    }
  }

  /// Reads the size updates that a block may begin with.
  @inline(__always)
  private func sizeUpdates(_ block: RawSpan, _ offset: inout Int) throws(HeaderFault) {
    while offset < block.byteCount, block.octet(offset) & 0xe0 == 0x20 {
      let prefix = Int(block.octet(offset) & 0x1f)
      offset &+= 1
      let bytes = prefix == 0x1f ? try integer(block, &offset, prefix) : prefix
      if let bound, bytes > Int(bound) { throw .tableSize }
      if let least = demanded {
        guard bytes <= Int(least) else { throw .tableSize }
        demanded = nil
      }
      table.resize(to: bytes)
    }
    if demanded != nil { throw .tableSize }
  }

  @inline(__always)
  private func indexed(_ index: Int, into list: HeaderList) throws(HeaderFault) {
    guard index > 0 else { throw .index }
    if index <= StaticTable.count {
      list.append(fixed.entries[index], at: index, of: fixed)
      return
    }
    let place = index &- StaticTable.count &- 1
    if place < table.count {
      table.append(place, to: list)
    } else if table.isComplete {
      throw .index
    } else {
      list.append(HeaderList.Field())
    }
  }

  /// A literal field: its name by an index or as a string, then its value.
  private func literal(
    _ block: RawSpan, _ offset: inout Int, prefix: UInt8, isInserted: Bool, into list: HeaderList
  ) throws(HeaderFault) {
    var index = Int(block.octet(offset) & prefix)
    offset &+= 1
    if index == Int(prefix) { index = try integer(block, &offset, index) }
    var field = HeaderList.Field()
    if index == 0 {
      try name(block, &offset, of: &field, into: list)
    } else if index <= StaticTable.count {
      let entry = fixed.entries[index]
      field.name = entry.name
      field.nameLength = Int32(entry.nameLength)
    } else if index &- StaticTable.count &- 1 < table.count {
      let entry = table.entry(index &- StaticTable.count &- 1)
      field.name = entry.name
      field.nameLength = entry.nameLength
    } else if table.isComplete {
      throw .index
    }
    try value(block, &offset, of: &field, into: list)
    if isInserted {
      table.insert(
        field.name, nameLength: field.nameLength, valueLength: field.valueLength, from: list,
        at: Int(field.start))
    }
    list.append(field)
  }

  private func name(
    _ block: RawSpan, _ offset: inout Int, of field: inout HeaderList.Field, into list: HeaderList
  ) throws(HeaderFault) {
    let (end, isEncoded) = try string(block, &offset)
    if isEncoded {
      let length = huffman.decode(block, offset, end, into: list.values, at: list.used)
      guard length >= 0 else { throw .huffman }
      field.name = names.find(list.values, at: list.used, count: length)
      field.nameLength = Int32(truncatingIfNeeded: length)
    } else {
      field.name = names.find(block, offset, end)
      field.nameLength = Int32(truncatingIfNeeded: end &- offset)
    }
    offset = end
  }

  private func value(
    _ block: RawSpan, _ offset: inout Int, of field: inout HeaderList.Field, into list: HeaderList
  ) throws(HeaderFault) {
    let (end, isEncoded) = try string(block, &offset)
    var length = end &- offset
    field.start = Int32(truncatingIfNeeded: list.used)
    if isEncoded {
      length = huffman.decode(block, offset, end, into: list.values, at: list.used)
      guard length >= 0 else { throw .huffman }
    } else if field.name.isKept {
      list.values.copy(block, from: offset, count: length, to: list.used)
    }
    field.valueLength = Int32(truncatingIfNeeded: length)
    if field.name.isKept {
      field.hasValue = true
      list.used &+= length
    }
    offset = end
  }

  /// Reads a string's length; its bytes begin at `offset` then.
  /// - Returns: Where they end, inside of the block, and whether they are Huffman-encoded.
  @inline(__always)
  private func string(
    _ block: RawSpan, _ offset: inout Int
  ) throws(HeaderFault) -> (end: Int, isEncoded: Bool) {
    guard offset < block.byteCount else { throw .truncated }
    let first = block.octet(offset)
    offset &+= 1
    var length = Int(first & 0x7f)
    if length == 0x7f { length = try integer(block, &offset, length) }
    guard length <= block.byteCount &- offset else { throw .truncated }
    return (offset &+ length, first & 0x80 != 0)
  }

  /// The rest of an integer whose prefix is full (RFC 7541, section 5.1), at most 2³² - 1.
  private func integer(
    _ block: RawSpan, _ offset: inout Int, _ prefix: Int
  ) throws(HeaderFault) -> Int {
    var value = UInt64(truncatingIfNeeded: prefix)
    var shift: UInt64 = 0
    while offset < block.byteCount {
      let byte = block.octet(offset)
      offset &+= 1
      // Five bytes hold 35 bits: no sum of them overflows 64.
      value &+= UInt64(byte & 0x7f) &<< shift
      guard value <= UInt64(UInt32.max) else { throw .integer }
      if byte & 0x80 == 0 { return Int(value) }
      shift &+= 7
      guard shift < 35 else { throw .integer }
    }
    throw .truncated
  }
}
