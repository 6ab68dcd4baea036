// SPDX-License-Identifier: Apache-2.0

import HTTP1
import HeadChecks
import Randomness
import Support
import Text

/// Any bytes as a request's head: the references agree, and what people would see of it is fit to be seen.
enum RequestHead: FuzzTarget {
  static func seeds(_ random: inout SeededGenerator) -> [[UInt8]] {
    (0..<500).map { _ in
      Messages.request(&random) + (Bool.random(using: &random) ? Messages.request(&random) : [])
    }
  }

  static func test(_ input: RawSpan) {
    let (head, verdict) = HeadChecks.read(input)
    let begins = HeadStart.verdict(input)
    expect(begins == plainVerdict(input.array), "the test of a start agrees with its plain rule: \(begins)")
    guard verdict == .complete, head.kind == .request else { return }
    let names = NameBuffer()
    let section = RequestTarget.appendSection(head, input, to: names)
    let bytes = names.bytes(start: section.start, count: section.count).array
    expectName(bytes, "section")
    expect(bytes.isEmpty == (head.method == .connect), "all but CONNECT have a section")
    expect(!bytes.dropFirst().contains(UInt8(ascii: "/")), "a section is one path segment")
  }

  /// A payload and a start agree as far as both reach.
  private static func plainVerdict(_ payload: [UInt8]) -> HeadStart.Verdict {
    var payload = payload[...]
    let skipped = payload.dropLast().prefix(4).prefix { $0 == 13 || $0 == 10 }.count
    payload = payload.dropFirst(skipped)
    guard !payload.isEmpty else { return .none }
    func agrees(_ start: String) -> Bool { zip(payload, start.utf8).allSatisfy { $0 == $1 } }
    if payload.count > 1, agrees("HTTP/") { return payload.count >= 5 ? .response : .responsePrefix }
    for method in Method.allCases where method != .other && agrees(method.name + " ") {
      return payload.count > method.name.utf8.count ? .request : .requestPrefix
    }
    if agrees("PRI * HTTP/2.0\r\n") { return .http2 }
    // Any other name in capitals, before a target that begins with a slash.
    let seen = payload.prefix(24 - skipped)
    let name = seen.prefix { (65...90).contains($0) || $0 == 45 || $0 == 95 }
    guard name.count >= 3, (65...90).contains(name[name.startIndex]),
      !name.dropFirst().prefix(2).contains(95)
    else { return .none }
    return seen.dropFirst(name.count).starts(with: [32, 47]) ? .request : .none
  }
}

@_cdecl("LLVMFuzzerInitialize")
public func begin(_ count: UnsafeMutablePointer<CInt>?, _ arguments: OpaquePointer?) -> CInt {
  RequestHead.begin()
}

@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  unsafe RequestHead.run(bytes, count)
}
