// SPDX-License-Identifier: Apache-2.0

import HTTP1
import System
import Text
import Randomness
import Support

/// The escapes of all sinks: printable whatever comes, and no two texts fall together.
///
/// An input's first byte says where it is cut into two texts.
enum Escaping: FuzzTarget {
  static func seeds(_ random: inout SeededGenerator) -> [[UInt8]] {
    (0..<200).map { index in
      let length = [0, 1, 7, 60, 230, 237, 238, 239, 255, 256, 300][index % 11]
      let kinds: [ClosedRange<UInt8>] = [0...255, 32...126, 90...96, 128...255, 0...31]
      let kind = kinds[index / 11 % 5]
      let text = (0..<2 * length).map { _ in UInt8.random(in: kind, using: &random) }
      // Twice the same, sometimes: equal texts have equal names.
      return [128] + (index % 4 == 0 ? Array(text[..<length]) + Array(text[..<length]) : text)
    }
  }

  static func test(_ input: RawSpan) {
    guard input.byteCount > 0 else { return }
    let cut = 1 + (input.byteCount - 1) * Int(input.byte(0)) / 256
    let one = input.slice(1, cut).array, two = input.slice(cut, input.byteCount).array
    for isLower in [false, true] {
      let first = name(one, isLower), second = name(two, isLower)
      let isSame = isLower ? lower(one) == lower(two) : one == two
      expect(isSame == (first == second), "names are equal when the texts are: \(one), \(two)")
    }
    checkText(String(decoding: one, as: UTF8.self))
  }

  private static func name(_ text: [UInt8], _ isLower: Bool) -> [UInt8] {
    let names = NameBuffer()
    let place = PrintableName.append(text.span.bytes, 0, text.count, lowercased: isLower, to: names)
    let name = names.bytes(start: place.start, count: place.count).array
    expectName(name, "name")
    if let decoded = decode(name) {
      expect(decoded == (isLower ? lower(text) : text), "a name that is whole can be read back: \(text)")
    } else {
      expect(text.count * 4 > 255, "only long names are cut")
    }
    return name
  }

  private static func lower(_ text: [UInt8]) -> [UInt8] { text.map { (65...90).contains($0) ? $0 | 32 : $0 } }

  /// The bytes that a name stands for; nil for one that was cut.
  private static func decode(_ name: [UInt8]) -> [UInt8]? {
    var bytes: [UInt8] = []
    var offset = 0
    while offset < name.count {
      guard name[offset] == 92 else {
        bytes.append(name[offset])
        offset += 1
        continue
      }
      expect(offset + 1 < name.count, "no escape is cut")
      switch name[offset + 1] {
      case 92:
        bytes.append(92)
        offset += 2
      case 120:
        let digits = String(decoding: name[(offset + 2)..<min(offset + 4, name.count)], as: UTF8.self)
        guard digits.utf8.count == 2, let byte = UInt8(digits, radix: 16) else {
          expect(false, "an escape has two digits")
          return nil
        }
        bytes.append(byte)
        offset += 4
      default:
        expect(name[offset + 1] == 126 && offset + 18 == name.count, "the mark of a cut stands at the end")
        return nil
      }
    }
    return bytes
  }

  /// What is not off the wire: a JSON string reads back as it was, and text stays on its line.
  private static func checkText(_ text: String) {
    var writer = JSONWriter()
    writer.string(text)
    let json = writer.text.string
    expect(
      json.unicodeScalars.allSatisfy { !VisibleText.isInvisible($0) }, "JSON shows no invisible character")
    expect(readBack(json) == text, "JSON reads back: \(text.debugDescription)")
    let visible = VisibleText.escaped(text)
    expect(visible.unicodeScalars.allSatisfy { !VisibleText.isInvisible($0) }, "text moves no cursor")
    var page = ByteText()
    page.line(text)
    expect(page.bytes.count { $0 == 10 } == 1 && page.bytes.last == 10, "a line stays one line")
  }

  /// The text that a JSON string stands for (RFC 8259, section 7), as far as the writer's escapes go.
  private static func readBack(_ json: String) -> String? {
    var units: [UInt16] = []
    var rest = Array(json.utf16)[...]
    guard rest.popFirst() == 34, rest.popLast() == 34 else { return nil }
    while let unit = rest.popFirst() {
      guard unit != 34, unit >= 32 else { return nil }
      guard unit == 92 else {
        units.append(unit)
        continue
      }
      switch rest.popFirst() {
      case 34: units.append(34)
      case 92: units.append(92)
      case 117:
        let digits = String(decoding: rest.prefix(4), as: UTF16.self)
        guard digits.utf8.count == 4, let value = UInt16(digits, radix: 16) else { return nil }
        units.append(value)
        rest = rest.dropFirst(4)
      default: return nil
      }
    }
    return String(decoding: units, as: UTF16.self)
  }
}

@_cdecl("LLVMFuzzerInitialize")
public func begin(_ count: UnsafeMutablePointer<CInt>?, _ arguments: OpaquePointer?) -> CInt {
  Escaping.begin()
}

@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt { unsafe Escaping.run(bytes, count) }
