// SPDX-License-Identifier: Apache-2.0

/// The static table of RFC 7541, appendix A: index 1 to 61.
struct StaticTable: Sendable {
  /// The number of entries.
  static let count = 61
  /// Bytes of a slot in `values`; the longest value that is kept, `/index.html`, fits.
  static let slot = 16

  /// One entry; its value lies in `values` at `slot` times its index.
  struct Entry: BitwiseCopyable {
    var name: FieldName
    var nameLength: UInt8
    var valueLength: UInt8
  }

  /// Name and value of each entry, in the RFC's order.
  static let texts: [(name: String, value: String)] = [
    (":authority", ""), (":method", "GET"), (":method", "POST"), (":path", "/"), (":path", "/index.html"),
    (":scheme", "http"), (":scheme", "https"), (":status", "200"), (":status", "204"), (":status", "206"),
    (":status", "304"), (":status", "400"), (":status", "404"), (":status", "500"), ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"), ("accept-language", ""), ("accept-ranges", ""), ("accept", ""),
    ("access-control-allow-origin", ""), ("age", ""), ("allow", ""), ("authorization", ""),
    ("cache-control", ""), ("content-disposition", ""), ("content-encoding", ""), ("content-language", ""),
    ("content-length", ""), ("content-location", ""), ("content-range", ""), ("content-type", ""),
    ("cookie", ""), ("date", ""), ("etag", ""), ("expect", ""), ("expires", ""), ("from", ""), ("host", ""),
    ("if-match", ""), ("if-modified-since", ""), ("if-none-match", ""), ("if-range", ""),
    ("if-unmodified-since", ""), ("last-modified", ""), ("link", ""), ("location", ""), ("max-forwards", ""),
    ("proxy-authenticate", ""), ("proxy-authorization", ""), ("range", ""), ("referer", ""), ("refresh", ""),
    ("retry-after", ""), ("server", ""), ("set-cookie", ""), ("strict-transport-security", ""),
    ("transfer-encoding", ""), ("user-agent", ""), ("vary", ""), ("via", ""), ("www-authenticate", ""),
  ]
}

/// The static table as the decoder reads it: one for all decoders, never written after it was made.
@safe
final class StaticEntries: @unchecked Sendable {
  static let shared = StaticEntries()

  // Written in init alone, so that threads may share them.
  let entries: RecordArray<StaticTable.Entry>
  let values: ByteMemory

  private init() {
    let entries = RecordArray(
      capacity: StaticTable.count + 1,
      filledWith: StaticTable.Entry(name: .other, nameLength: 0, valueLength: 0))
    let values = ByteMemory(capacity: StaticTable.slot * (StaticTable.count + 1))
    for (index, text) in StaticTable.texts.enumerated() {
      let name = Array(text.name.utf8), value = Array(text.value.utf8)
      entries[index + 1] = StaticTable.Entry(
        name: FieldNames.shared.find(name.octets, 0, name.count),
        nameLength: UInt8(truncatingIfNeeded: name.count), valueLength: UInt8(truncatingIfNeeded: value.count)
      )
      values.copy(value.octets, from: 0, count: value.count, to: StaticTable.slot * (index + 1))
    }
    self.entries = entries
    self.values = values
  }
}
