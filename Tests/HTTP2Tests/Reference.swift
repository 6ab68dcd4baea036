// SPDX-License-Identifier: Apache-2.0
import CNGHTTP2
import HTTP2

/// A field as a reference implementation reads it.
struct ReferenceField: Equatable {
  var name: [UInt8]
  var value: [UInt8]

  var nameText: String { String(decoding: name, as: UTF8.self) }

  /// The fields that were written as `wt_reference_decode` does.
  static func parse(_ bytes: [UInt8]) -> [ReferenceField] {
    var fields: [ReferenceField] = []
    var offset = 0
    func number(_ at: Int) -> Int { (0..<4).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) } }
    while offset + 8 <= bytes.count {
      let name = offset + 8, value = name + number(offset), end = value + number(offset + 4)
      fields.append(ReferenceField(name: Array(bytes[name..<value]), value: Array(bytes[value..<end])))
      offset = end
    }
    return fields
  }

  /// Fields as `wt_reference_encode` reads them.
  static func write(_ fields: [(String, String)]) -> [UInt8] {
    var bytes: [UInt8] = []
    for (name, value) in fields {
      for count in [name.utf8.count, value.utf8.count] {
        bytes += (0..<4).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }
      }
      bytes += Array(name.utf8) + Array(value.utf8)
    }
    return bytes
  }
}

/// Memory for what libnghttp2 decodes or encodes; one thread uses it.
@safe
final class ReferenceResults {
  /// A block of 4,096 bytes may refer as often to an entry of 4,096 bytes.
  static let capacity = 1 << 25
  // Owned from init to deinit.
  let base = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)

  deinit { unsafe base.deallocate() }
}

/// libnghttp2's coder.
@safe
final class Reference {
  // Owned from init to deinit; the results are copied out before the next call.
  private let coder: UnsafeMutablePointer<wt_reference>
  private let results: ReferenceResults

  init?(table: UInt32 = 4096, results: ReferenceResults = ReferenceResults()) {
    guard let coder = unsafe wt_reference_new(table) else { return nil }
    unsafe self.coder = coder
    self.results = results
  }

  deinit { unsafe wt_reference_free(coder) }

  func setBound(_ bytes: UInt32) -> Bool { unsafe wt_reference_bound(coder, bytes) == 0 }

  /// The fields of a block; nil when it is refused.
  func decode(_ block: [UInt8]) -> [ReferenceField]? {
    let count = unsafe wt_reference_decode(coder, block, block.count, results.base, ReferenceResults.capacity)
    return count < 0 ? nil : ReferenceField.parse(copy(count))
  }

  /// The block of some fields; nil when they cannot be encoded.
  func encode(_ fields: [(String, String)]) -> [UInt8]? {
    let bytes = ReferenceField.write(fields)
    let count = unsafe wt_reference_encode(coder, bytes, bytes.count, results.base, ReferenceResults.capacity)
    return count < 0 ? nil : copy(count)
  }

  private func copy(_ count: Int) -> [UInt8] {
    unsafe Array(UnsafeBufferPointer(start: results.base, count: count))
  }
}

extension HeaderList {
  /// The kept name of a reference's field.
  private static let kept: [String: FieldName] = .init(
    uniqueKeysWithValues: FieldName.allCases.filter { $0.isKept && $0 != .client }.map { ("\($0.text)", $0) })

  /// What differs from the fields of a reference; nil when nothing does.
  func difference(from fields: [ReferenceField]) -> String? {
    guard total == fields.count else { return "\(total) fields, not \(fields.count)" }
    let bytes = fields.reduce(0) { $0 + 32 + $1.name.count + $1.value.count }
    guard size == bytes else { return "\(size) bytes, not \(bytes)" }
    guard unknowns == 0 else { return "\(unknowns) unknown fields" }
    for index in 0..<count {
      let field = self[index], wanted = fields[index]
      let name = Self.kept[wanted.nameText] ?? .other
      guard field.name == name, Int(field.nameLength) == wanted.name.count,
        Int(field.valueLength) == wanted.value.count
      else { return "field \(index) is \(field), not \(wanted.nameText): \(wanted.value)" }
      guard name.isKept, field.hasValue else { continue }
      let value = unsafe value(at: index).withUnsafeBytes { unsafe Array($0) }
      guard value == wanted.value else { return "\(name.text): \(value), not \(wanted.value)" }
    }
    return nil
  }
}
