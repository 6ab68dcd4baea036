// SPDX-License-Identifier: Apache-2.0
import Alerting
import Capture
import CaptureWriting
import Foundation
import Statistics
import System
import Testing

@testable import wiretally

/// The names of alerts' capture files: what log lines and messages say before the file is made.
@Suite struct RecordingOutputTests {
  private static let second: UInt64 = 1_000_000_000
  private let folder: String = FileManager.default.temporaryDirectory.path + "/recording-\(UUID().uuidString)"

  private func output(span: UInt64?) throws -> RecordingOutput {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    return try RecordingOutput(
      CaptureRecorder.Plan(
        names: CaptureNames(folder + "/heads.pcapng"), size: 1 << 20, files: 5, span: span,
        program: "wiretally 1", source: "eth0", depth: .auto), sources: [],
      labels: LabelClock(wallOffset: 0))
  }

  private static func transition(_ rule: String, _ state: AlertTransition.State = .raised) throws
    -> AlertTransition
  {
    let plan = try IntervalPlan(interval: second)
    var list = AlertRuleList(AlertRuleParser(plan: plan, window: second, every: nil), threshold: nil)
    try list.add(rule, from: "--alert")
    return AlertTransition(
      state: state, about: list.rules[0], at: 2_000 * second, started: 1_000 * second, hits: 1)
  }

  @Test func `alerts of one rule and one second have files of their own`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let output = try output(span: Self.second)
    let first = try Self.transition("failures > 0 over 1s name=broken site=a.example")
    let second = try Self.transition("failures > 0 over 1s name=broken site=b.example")
    let name = folder + "/heads.19700101T001640Z.broken-a.example.pcapng"
    #expect(output.recording(of: first) == name)
    #expect(output.recording(of: second) == folder + "/heads.19700101T001640Z.broken-b.example.pcapng")
    // Its end has the same name, whatever lies there by then.
    _ = FileManager.default.createFile(atPath: name, contents: nil)
    let end = try Self.transition("failures > 0 over 1s name=broken site=a.example", .recovered)
    #expect(output.recording(of: end) == name)
    // Signs that no file's name has make two names one.
    let dotted = try Self.transition("failures > 0 over 1s name=broken site=_x")
    let odd = try Self.transition("failures > 0 over 1s name=broken section=/x")
    let paths = [output.recording(of: dotted), output.recording(of: odd)].compactMap { $0 }
    let begin = folder + "/heads.19700101T001640Z.broken-"
    #expect(Set(paths).count == 2 && paths.allSatisfy { $0.hasPrefix(begin) })
  }

  @Test func `a file that is there already is not named again, and without alerts none is`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let output = try output(span: Self.second)
    let name = folder + "/heads.19700101T001640Z.broken"
    _ = FileManager.default.createFile(atPath: name + ".pcapng", contents: nil)
    let alert = try Self.transition("failures > 0 over 1s name=broken")
    #expect(output.recording(of: alert) == name + ".2.pcapng")
    #expect(output.recording(of: alert) == name + ".2.pcapng")
    #expect(try self.output(span: nil).recording(of: alert) == nil)
  }
}
