// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// Memory is bounded whatever the traffic: every table full at once.
@Suite(.enabled(if: Shell.has(Stage.python), "needs python3"))
struct FloodTests {
  @Test func `traffic that fills every table at once is counted in full, within 64 MiB`() throws {
    let script = URL(fileURLWithPath: Stage.script).deletingLastPathComponent().appendingPathComponent(
      "flood.py")
    let ran = Shell.run("\(Stage.python) \(script.path) \(Machine.program)")
    let numbers = ran.output.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
    try #require(numbers.count == 3, "\(ran.errors)")
    print("every table full: \(numbers[2]) KiB resident at most")
    #expect(numbers[1] == numbers[0])
    // A debug build needs more for its code alone.
    if ProcessInfo.processInfo.environment["WIRETALLY"] != nil { #expect(numbers[2] < 64 << 10) }
  }
}
