// SPDX-License-Identifier: Apache-2.0

extension AddressName {
  /// The bytes of an address that is written as RFC 4291 (section 2.2) and dotted IPv4 have it, as two big-endian
  /// numbers, IPv4 in its IPv4-mapped form; nil for anything else.
  package static func parse(_ text: some StringProtocol) -> (high: UInt64, low: UInt64)? {
    if let address = dotted(text) { return (0, 0xffff_0000_0000 | UInt64(address)) }
    guard let groups = groups(text) else { return nil }
    let words = groups.map(UInt64.init)
    return (
      words[0] << 48 | words[1] << 32 | words[2] << 16 | words[3],
      words[4] << 48 | words[5] << 32 | words[6] << 16 | words[7]
    )
  }

  private static func dotted(_ text: some StringProtocol) -> UInt32? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var address: UInt32 = 0
    for part in parts {
      guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ (48...57).contains($0) }),
        part.utf8.count == 1 || part.first != "0", let byte = UInt8(part)
      else { return nil }
      address = address << 8 | UInt32(byte)
    }
    return address
  }

  /// The eight groups of an IPv6 address.
  private static func groups(_ text: some StringProtocol) -> [UInt16]? {
    guard let gap = text.firstRange(of: "::") else {
      guard let all = plainGroups(text), all.count == 8 else { return nil }
      return all
    }
    let (before, after) = (text[..<gap.lowerBound], text[gap.upperBound...])
    guard !after.contains("::"), let first = before.isEmpty ? [] : plainGroups(before, mayEndDotted: false),
      let last = after.isEmpty ? [] : plainGroups(after), first.count + last.count < 8
    else { return nil }
    return first + [UInt16](repeating: 0, count: 8 - first.count - last.count) + last
  }

  /// Groups between single colons; the last one may be dotted IPv4, which is two.
  private static func plainGroups(_ text: some StringProtocol, mayEndDotted: Bool = true) -> [UInt16]? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    var groups: [UInt16] = []
    for (index, part) in parts.enumerated() {
      if mayEndDotted, index == parts.count - 1, let address = dotted(part) {
        groups += [UInt16(address >> 16), UInt16(truncatingIfNeeded: address)]
      } else {
        guard (1...4).contains(part.utf8.count), part.allSatisfy({ $0.isASCII && $0.isHexDigit }),
          let group = UInt16(part, radix: 16)
        else { return nil }
        groups.append(group)
      }
    }
    return groups.count <= 8 ? groups : nil
  }
}
