// SPDX-License-Identifier: Apache-2.0

import System

/// The records of one file, one after the other, with what is damaged passed over.
///
///     │ header │ record │ record │ damaged … │ record │ record │ torn…
///                                 └ until the next  ┘            └ the file's end
///                                   whole record
///
/// Every byte may be anybody's. What is looked at twice is bounded, so that a file full of false markers costs no more
/// than a few times its length.
struct HistoryScan {
  /// A record that is whole.
  struct Record {
    /// Where its body begins, and the body.
    var offset: Int
    var body: ArraySlice<UInt8>
  }

  /// Bytes that false records may cost beyond the file's own.
  static let extraWork = 64 << 20
  private let extraWork: Int
  /// Bytes that are read at once.
  private static let window = 1 << 20

  private let file: StoreFile
  /// The file's length when the scan began.
  let size: Int
  /// Where the next record is looked for; at the end, how long the file is with whole records alone.
  private(set) var offset: Int
  /// Bytes that are no records, with whole records after them.
  private(set) var damaged = DamagedPlaces()
  /// Whether false records cost so much that what follows `offset` was not looked at: whole records may be there.
  private(set) var hasGivenUp = false
  /// Asked now and then: true ends the scan.
  private let isInterrupted: () -> Bool
  /// Whether it has.
  private(set) var wasInterrupted = false
  private var extra = 0
  private var buffer: [UInt8] = []
  private var bufferStart = 0

  /// Records from `offset` on, which is the first one after the header by default.
  init(
    _ file: StoreFile, from offset: Int = HistoryFormat.headerLength, extraWork: Int = HistoryScan.extraWork,
    isInterrupted: @escaping () -> Bool = { false }
  ) throws(SystemError) {
    self.file = file
    self.extraWork = extraWork
    self.isInterrupted = isInterrupted
    self.offset = offset
    size = try file.size()
  }

  /// The next whole record; nil at the end, where what follows `offset` is torn.
  mutating func next() throws(SystemError) -> Record? {
    guard !stops() else { return nil }
    if let record = try record(at: offset) { return take(record) }
    var place = offset + 1
    while let candidate = try marker(from: place) {
      if let record = try record(at: candidate) {
        damaged.add(offset..<candidate)
        return take(record)
      }
      place = candidate + 1
      if extra > extraWork {
        hasGivenUp = true
        break
      }
    }
    return nil
  }

  private mutating func stops() -> Bool {
    if isInterrupted() { wasInterrupted = true }
    return wasInterrupted
  }

  private mutating func take(_ record: Record) -> Record {
    offset = record.offset + record.body.count
    return record
  }

  /// The record that begins here; nil when there is none that is whole.
  private mutating func record(at offset: Int) throws(SystemError) -> Record? {
    let header = try bytes(at: offset, HistoryFormat.recordHeader)
    guard header.count == HistoryFormat.recordHeader, header.starts(with: HistoryFormat.marker) else {
      return nil
    }
    let numbers = Array(header)
    let length = Int(RecordReader.little32(numbers, at: 4))
    let start = offset + HistoryFormat.recordHeader
    guard length > 0, length <= HistoryFormat.longestBody, start + length <= size else { return nil }
    let body = try bytes(at: start, length)
    let checksum = CRC32C.checksum(body, after: CRC32C.checksum(numbers[4..<8]))
    guard body.count == length, checksum == RecordReader.little32(numbers, at: 8) else {
      extra += length
      return nil
    }
    return Record(offset: start, body: body)
  }

  /// Where the next marker is, from here on.
  private mutating func marker(from start: Int) throws(SystemError) -> Int? {
    let first = HistoryFormat.marker[0]
    var place = start
    while place < size, !stops() {
      let bytes = try bytes(at: place, min(Self.window / 2, size - place))
      if bytes.isEmpty { return nil }
      for index in bytes.indices
      where bytes[index] == first && bytes[index...].starts(with: HistoryFormat.marker) {
        return place + index - bytes.startIndex
      }
      // A marker may lie across the end.
      place += max(1, bytes.count - HistoryFormat.marker.count + 1)
      if bytes.count < HistoryFormat.marker.count { return nil }
    }
    return nil
  }

  /// This many bytes from here on; fewer at the file's end.
  private mutating func bytes(at offset: Int, _ count: Int) throws(SystemError) -> ArraySlice<UInt8> {
    if offset < bufferStart || offset + count > bufferStart + buffer.count {
      buffer = try file.read(at: offset, count: max(0, min(max(count, Self.window), size - offset)))
      bufferStart = offset
    }
    let start = offset - bufferStart
    return buffer[min(start, buffer.count)..<min(start + count, buffer.count)]
  }
}

/// Places of a file that are damaged: the first ones, and how many there are.
struct DamagedPlaces {
  /// Places that are named.
  static let limit = 5

  private(set) var first: [Range<Int>] = []
  private(set) var count = 0

  mutating func add(_ range: Range<Int>) {
    if count < Self.limit { first.append(range) }
    count += 1
  }
}
