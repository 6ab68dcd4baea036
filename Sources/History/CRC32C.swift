// SPDX-License-Identifier: Apache-2.0

/// The checksum of records: CRC-32C (Castagnoli), as iSCSI and ext4 have it, eight bytes a step.
enum CRC32C {
  /// The polynomial 0x1EDC6F41, bits reversed.
  private static let polynomial: UInt32 = 0x82f6_3b78

  /// Eight tables of 256: the first is the byte's own, each further one what a byte before it has become.
  private static let tables: [UInt32] = {
    var tables = [UInt32](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      var value = UInt32(byte)
      for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ polynomial : value >> 1 }
      tables[byte] = value
    }
    for index in 256..<tables.count {
      let before = tables[index - 256]
      tables[index] = before >> 8 ^ tables[Int(before & 0xff)]
    }
    return tables
  }()

  /// The checksum of these bytes, after those whose checksum is `before`.
  static func checksum(_ bytes: ArraySlice<UInt8>, after before: UInt32 = 0) -> UInt32 {
    let tables = tables
    var crc = ~before
    var index = bytes.startIndex
    let end = bytes.endIndex
    while end - index >= 8 {
      var low: UInt32 = 0, high: UInt32 = 0
      for place in 0..<4 {
        low |= UInt32(bytes[index + place]) << UInt32(8 * place)
        high |= UInt32(bytes[index + 4 + place]) << UInt32(8 * place)
      }
      low ^= crc
      crc =
        tables[7 * 256 + Int(low & 0xff)] ^ tables[6 * 256 + Int(low >> 8 & 0xff)]
        ^ tables[5 * 256 + Int(low >> 16 & 0xff)] ^ tables[4 * 256 + Int(low >> 24)]
      crc ^=
        tables[3 * 256 + Int(high & 0xff)] ^ tables[2 * 256 + Int(high >> 8 & 0xff)]
        ^ tables[256 + Int(high >> 16 & 0xff)] ^ tables[Int(high >> 24)]
      index += 8
    }
    while index < end {
      crc = crc >> 8 ^ tables[Int((crc ^ UInt32(bytes[index])) & 0xff)]
      index += 1
    }
    return ~crc
  }
}
