// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// A sample of the fault matrix and of the sweep; all of it is `make test-faults`.
@Suite(
  .serialized,
  .enabled(if: Machine.hasNamespaces && Shell.has("strace"), "needs root, network namespaces and strace"))
struct FaultTests {
  static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("FaultInjection/faults").path

  /// The faults of the sample, by name.
  static let sample = Shell.run("\(Stage.python) \(script) --list --sample").output
    .split(separator: "\n").map(String.init)

  @Test func `the matrix has sixty faults and more`() {
    #expect(Shell.run("\(Stage.python) \(Self.script) --list").output.split(separator: "\n").count >= 60)
    #expect(Self.sample.count >= 12)
  }

  @Test(arguments: sample)
  func `a fault is survived or reported, and the counts are exact`(name: String) {
    let quoted = "'\(name.replacingOccurrences(of: "'", with: "'\\''"))'"
    let ran = Shell.run("\(Stage.python) \(Self.script) \(Machine.program) --exactly \(quoted)")
    #expect(ran.status == 0, "\(ran.output)\(ran.errors)")
    #expect(ran.output.contains("1 passed, 0 failed"))
  }

  @Test(arguments: ["setsockopt", "socket", "bind", "seccomp", "setresuid", "write"])
  func `each call of the start may fail`(call: String) {
    let ran = Shell.run("\(Stage.python) \(Self.script) \(Machine.program) --sweep \(call)")
    #expect(ran.status == 0, "\(ran.output)\(ran.errors)")
    #expect(ran.output.contains("ok   auto: \(call) fails with"), "\(ran.output)")
  }
}
