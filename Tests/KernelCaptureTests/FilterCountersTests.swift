// SPDX-License-Identifier: Apache-2.0
import Capture
import CHTTPFilter
import Testing

/// The filter's counters and the program's are one list.
@Suite struct FilterCountersTests {
  @Test func `the filter counts what is declared, in the same order`() {
    let fields = Mirror(reflecting: httpf_counters()).children.compactMap(\.label)
    let names = CaptureCounters.filterCounters.map(\.name)
    #expect(fields.firstIndex(of: "clock") == names.count, "the clock comes after the last counter")
    for (field, name) in zip(fields, names) {
      // The words of one are among those of the other: `tail_calls_failed`, `failedTailCalls`.
      let words = Set(field.split(separator: "_").map(String.init))
      #expect(words.isSubset(of: Self.words(name)), "\(field) is no \(name)")
    }
  }

  /// The words of a name, in lower case.
  private static func words(_ name: String) -> [String] {
    name.reduce(into: [""]) { words, character in
      if character.isUppercase { words.append("") }
      words[words.count - 1] += character.lowercased()
    }
  }
}
