// SPDX-License-Identifier: Apache-2.0

import System
import HTTP1

/// The head parser with its names, without anything around it.
enum ParserCase {
  static func run() -> Measurement {
    let heads = (0..<64).map { Array(Traffic.request($0, padding: 180).utf8) }
    let names = NameBuffer()
    return .of("parser: request of 350 bytes, site and section", "ns/head") {
      var head = MessageHead()
      var done = 0
      for _ in 0..<2_000 {
        for bytes in heads {
          names.reset()
          guard HeadParser.parse(bytes.rawSpan, into: &head) == .complete else { continue }
          _ = SiteName.append(head, bytes.rawSpan, to: names)
          _ = RequestTarget.appendSection(head, bytes.rawSpan, to: names)
          done += 1
        }
      }
      return done
    }
  }
}
