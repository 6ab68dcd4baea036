// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// Attacks beside an honest load, which must be counted right all the same. What they cost is `make bench-hostile`.
@Suite(
  .serialized,
  .enabled(if: Machine.hasNamespaces && Shell.has("python3"), "needs root, network namespaces and python3"))
struct HostileTests {
  static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Hostile/hostile").path

  /// The attacks of the sample, by name.
  static let sample = Shell.run("\(Stage.python) \(script) --list --sample").output
    .split(separator: "\n").map(String.init)

  @Test func `there are twelve attacks and more`() {
    #expect(Shell.run("\(Stage.python) \(Self.script) --list").output.split(separator: "\n").count >= 26)
    #expect(Self.sample.count >= 12)
  }

  @Test(arguments: sample)
  func `an attack moves the counter of its limit, and the honest load is counted right`(name: String) {
    let ran = Shell.run("\(Stage.python) \(Self.script) \(Machine.program) --counts '\(name)'")
    #expect(ran.status == 0 && ran.output.contains("\n0 wrong\n"), "\(ran.output)\(ran.errors)")
  }
}
