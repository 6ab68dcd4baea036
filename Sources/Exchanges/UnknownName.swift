// SPDX-License-Identifier: Apache-2.0

import Text

/// The placeholder where a name refers to what was sent before the watch, or in a gap.
enum UnknownName {
  private static let text = Array("(unknown)".utf8)

  static func append(to names: NameBuffer) -> (start: Int, count: Int) {
    let start = names.count
    for byte in text { names.append(byte) }
    return (start, names.count - start)
  }
}
