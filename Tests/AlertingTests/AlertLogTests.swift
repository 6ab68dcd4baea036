// SPDX-License-Identifier: Apache-2.0
import Text
import Alerting
import Foundation
import System
import Testing

@Suite struct AlertLogTests {
  /// A directory of its own that goes with it.
  final class Directory {
    let path: String
    init() throws {
      path = NSTemporaryDirectory() + "wiretally-" + UUID().uuidString
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }
    func lines(_ name: String) throws -> [String] {
      let text = try String(contentsOfFile: path + "/" + name, encoding: .utf8)
      #expect(text.isEmpty || text.hasSuffix("\n"))
      return text.split(separator: "\n").map(String.init)
    }
  }

  private func transition(_ number: Int) throws -> AlertTransition {
    var transition = AlertTextTests.raised(try AlertTextTests.rule())
    transition.started = UInt64(number) * 1_000_000_000
    return transition
  }

  @Test func `the file and its directories are made, and lines appended`() throws {
    let directory = try Directory()
    let path = directory.path + "/a/b/alerts.log"
    for number in 1...2 {
      let log = try AlertLog(path: path)
      log.append(try transition(number))
      #expect(log.warning == nil)
    }
    let lines = try directory.lines("a/b/alerts.log")
    #expect(lines.count == 2)
    #expect(lines[0].hasPrefix("2021-02-23T04:06:18.000000Z ALERT raised: High traffic generated"))
    #expect(lines[1].hasSuffix("id=high-traffic-2"))
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode.map { $0 & 0o137 } == 0)
  }

  @Test func `a rotated or removed file is reopened`() throws {
    let directory = try Directory()
    let log = try AlertLog(path: directory.path + "/log")
    log.append(try transition(1))
    try FileManager.default.moveItem(atPath: directory.path + "/log", toPath: directory.path + "/log.1")
    log.append(try transition(2))
    try FileManager.default.removeItem(atPath: directory.path + "/log")
    log.reopen()
    log.append(try transition(3))
    #expect(try directory.lines("log.1").count == 1)
    #expect(try directory.lines("log").map { $0.suffix(2) } == ["-3"])
    #expect(log.warning == nil)
  }

  @Test func `a full disk warns, and the lines follow when there is room`() throws {
    let directory = try Directory()
    let path = directory.path + "/log"
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/full")
    let log = try AlertLog(path: path)
    log.append(try transition(1))
    log.append(try transition(2))
    #expect(
      log.warning == "cannot write the alert log \(path): no space left on device; 2 lines wait")
    try FileManager.default.removeItem(atPath: path)
    log.append(try transition(3))
    #expect(log.warning == nil)
    #expect(try directory.lines("log").map { $0.suffix(2) } == ["-1", "-2", "-3"])
  }

  @Test func `what waits is bounded`() throws {
    let directory = try Directory()
    let path = directory.path + "/log"
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/full")
    let log = try AlertLog(path: path)
    for number in 1...600 { log.append(try transition(number)) }
    #expect(log.warning?.contains("dropped") == true)
    try FileManager.default.removeItem(atPath: path)
    log.reopen()
    let lines = try directory.lines("log")
    #expect(lines.count < 400)
    #expect(lines.last?.hasSuffix("-600") == true)
  }

  @Test(arguments: ["/proc/none/alerts.log", "/dev/null/alerts.log", "/"])
  func `a path that cannot be made is a clear error with the hint`(path: String) {
    let error = #expect(throws: AlertError.self) { try AlertLog(path: path) }
    #expect(error?.description.hasPrefix("cannot write the alert log \(path): ") == true)
    #expect(error?.hint == "another file with --alert-log")
  }

  @Test func `a pipe that nobody reads is an error and no standstill`() throws {
    let directory = try Directory()
    #expect(unsafe mkfifo(directory.path + "/pipe", 0o600) == 0)
    #expect(throws: AlertError.self) { try AlertLog(path: directory.path + "/pipe") }
  }

  @Test func `what the system lacks is not answered with another path`() {
    #expect(AlertError.log(path: "/log", SystemError(EMFILE)).hint.contains("ulimit -n"))
    #expect(AlertError.log(path: "/log", SystemError(ENOSPC)).hint.contains("make room"))
    #expect(AlertError.log(path: "/log", SystemError(EACCES)).hint == "another file with --alert-log")
  }

  @Test func `the default path depends on who is watching`() {
    #expect(
      AlertLog.defaultPath(isRoot: true, stateHome: "/s", home: "/h") == "/var/log/wiretally/alerts.log")
    #expect(AlertLog.defaultPath(isRoot: false, stateHome: "/s", home: "/h") == "/s/wiretally/alerts.log")
    #expect(
      AlertLog.defaultPath(isRoot: false, stateHome: "s", home: "/h")
        == "/h/.local/state/wiretally/alerts.log")
    #expect(AlertLog.defaultPath(isRoot: false, stateHome: "", home: nil) == nil)
  }
}
