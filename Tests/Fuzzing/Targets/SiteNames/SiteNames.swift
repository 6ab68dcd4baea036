// SPDX-License-Identifier: Apache-2.0

import HTTP1
import Randomness
import Support
import Text

/// Hosts and targets as sites: the reference agrees, and names are fit to be seen.
///
/// An input is a target, a line feed, and the value of `Host`; CONNECT when its first byte is odd.
enum SiteNames: FuzzTarget {
  static func seeds(_ random: inout SeededGenerator) -> [[UInt8]] {
    (0..<200).map { _ in
      let scheme = Messages.pick(["", "http://", "https://", "x+y-z.1://", "cache_object://", "//"], &random)
      let path = Messages.pick(["", "/", "/p?q#f", "?q", "#f"], &random)
      let target = scheme + Messages.pick(Messages.hosts, &random) + path
      let text = target + "\n" + Messages.pick(Messages.hosts, &random)
      return [UInt8.random(in: 0...1, using: &random)] + Array(text.utf8)
    }
  }

  static func test(_ input: RawSpan) {
    let bytes = input.array
    guard let feed = bytes.dropFirst().firstIndex(of: 10) else { return }
    var target = Array(bytes[1..<feed]), host = Array(bytes[(feed + 1)...])
    target.removeAll { $0 == 32 }
    host.removeAll { $0 == 10 }
    guard !target.isEmpty else { return }
    let isConnect = bytes[0] & 1 == 1
    let text =
      Array((isConnect ? "CONNECT " : "GET ").utf8) + target + Array(" HTTP/1.1\r\nHost:".utf8) + host
    let message = text + Array("\r\n\r\n".utf8)
    var head = MessageHead()
    guard HeadParser.parse(message.span.bytes, into: &head) == .complete else { return }
    let names = NameBuffer()
    let place = SiteName.append(head, message.span.bytes, to: names)
    let site = names.bytes(start: place.start, count: place.count).array
    expectName(site, "site")
    expect(!site.contains { (65...90).contains($0) }, "a site is in lower case")
    let hostField = Array(message[Int(head.host.start)..<head.host.end])
    var authority = isConnect ? target : plainAuthority(target) ?? hostField
    var plain = plainHost(authority)
    if plain.isEmpty {
      authority = hostField
      plain = plainHost(authority)
    }
    if plain.count <= 255 {
      expect(site == plain, "the references agree: \(site), \(plain)")
    } else {
      let cut = site.count - 18
      expect(cut > 200 && site[cut] == 92 && site[cut + 1] == 126, "a long name ends in its hash")
      expect(site[..<cut] == plain[..<cut], "a long name begins as it is")
    }
  }

  /// The authority of an absolute target.
  private static func plainAuthority(_ target: [UInt8]) -> [UInt8]? {
    let text = target.map { UnicodeScalar($0) }
    // Beside what RFC 3986 allows, `_`, as in the targets of cache managers.
    let scheme = text.prefix {
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-._".unicodeScalars.contains($0)
    }
    guard !scheme.isEmpty, text.dropFirst(scheme.count).starts(with: Array("://".unicodeScalars)) else {
      return nil
    }
    return Array(target[(scheme.count + 3)...].prefix { ![0x2f, 0x3f, 0x23].contains($0) })
  }

  /// An authority's host as a name.
  private static func plainHost(_ authority: [UInt8]) -> [UInt8] {
    var host = authority[...]
    if let at = host.lastIndex(of: 64) { host = host[(at + 1)...] }
    // Counted as bytes: text makes three of one that is no UTF-8.
    if host.count <= 64, isBareAddress(String(decoding: host, as: UTF8.self)) {
      return [91] + plainName(host) + [93]
    }
    if let colon = host.lastIndex(of: 58), host[(colon + 1)...].allSatisfy({ (48...57).contains($0) }) {
      host = host[..<colon]
    }
    if host.count > 1, host.last == 46 { host.removeLast() }
    return plainName(host)
  }

  /// Whether a host is an IPv6 address without brackets, before a zone or not.
  private static func isBareAddress(_ host: String) -> Bool {
    let address = host.prefix { $0 != "%" }
    let groups = address.split(separator: ":", omittingEmptySubsequences: false)
    guard groups.count > 2, address.contains("::") || groups.count == 8 else { return false }
    let hex = "0123456789abcdefABCDEF"
    return groups[0].utf8.count <= 4 && groups[0].allSatisfy { hex.contains($0) }
      && groups.dropFirst().allSatisfy { $0.allSatisfy { (hex + ".").contains($0) } }
  }

  private static func plainName(_ host: ArraySlice<UInt8>) -> [UInt8] {
    host.flatMap { byte -> [UInt8] in
      if byte == 92 { return [92, 92] }
      if (65...90).contains(byte) { return [byte | 32] }
      if byte > 32, byte < 127 { return [byte] }
      let digits = String(byte, radix: 16)
      return Array(("\\x" + (digits.count < 2 ? "0" : "") + digits).utf8)
    }
  }
}

@_cdecl("LLVMFuzzerInitialize")
public func begin(_ count: UnsafeMutablePointer<CInt>?, _ arguments: OpaquePointer?) -> CInt {
  SiteNames.begin()
}

@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt { unsafe SiteNames.run(bytes, count) }
