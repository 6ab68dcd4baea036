// SPDX-License-Identifier: Apache-2.0

import Alerting
import Glibc
import Randomness
import Statistics
import Support

/// The alert log on a file that is moved, removed, replaced by a directory and brought back: as long as no line
/// was given up, the files together hold every line once, whole and in order.
enum AlertLogFile: FuzzTarget {
  static func seeds(_ random: inout SeededGenerator) -> [[UInt8]] {
    (0..<100).map { _ in
      (0..<Int.random(in: 2..<60, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
    }
  }

  private static let folder: String = {
    let folder = "/dev/shm/wiretally-fuzz-\(getpid())"
    // The path ends in zero for the time of the call, here and below.
    unsafe expect(mkdir(folder, 0o700) == 0, "a folder in memory")
    unsafe atexit { AlertLogFile.clean() }
    return folder
  }()

  private static func clean() {
    for index in 0..<100 { unsafe _ = unlink("\(folder)/old-\(index)") }
    unsafe _ = unlink("\(folder)/alerts.log")
    unsafe _ = rmdir("\(folder)/alerts.log")
    unsafe _ = rmdir(folder)
  }

  static func test(_ input: RawSpan) {
    clean()
    unsafe _ = mkdir(folder, 0o700)
    var script = Script(input)
    let path = "\(folder)/alerts.log"
    guard let log = try? AlertLog(path: path) else { return expect(false, "the log opens") }
    var expected: [String] = [], files: [String] = [], isBlocked = false
    while !script.isOver, files.count < 90 {
      switch script.byte() % 8 {
      case 0 where !isBlocked:
        let moved = "\(folder)/old-\(files.count)"
        if unsafe rename(path, moved) == 0 { files.append(moved) }
      case 1 where !isBlocked:
        // A directory in its place: nothing can be written there.
        let moved = "\(folder)/old-\(files.count)"
        if unsafe rename(path, moved) == 0 { files.append(moved) }
        unsafe expect(mkdir(path, 0o700) == 0, "a directory in the log's place")
        isBlocked = true
      case 2 where isBlocked:
        unsafe expect(rmdir(path) == 0, "the directory goes")
        isBlocked = false
        log.reopen()
        expect(log.warning == nil, "what waited is written: \(log.warning ?? "")")
      case 3: log.reopen()
      default:
        let change = transition(&script)
        log.append(change)
        expected.append(change.logLine(nil))
      }
    }
    if isBlocked {
      unsafe _ = rmdir(path)
      log.reopen()
    }
    expect(log.warning == nil, "all is written: \(log.warning ?? "")")
    let lines = (files + [path]).map(read).joined()
    expect(lines == expected.joined(), "every line is there once, in order")
  }

  private static func transition(_ script: inout Script) -> AlertTransition {
    guard let plan = try? IntervalPlan(interval: 10_000_000_000),
      var rule = try? AlertRule(threshold: Double(script.byte()) / 4, plan: plan)
    else { fatalError("the rule is one") }
    if script.flag() { rule.subject = .site("site-\(script.byte()).example") }
    return AlertTransition(
      state: script.flag() ? .raised : .recovered, about: rule, at: script.skewed(), started: script.skewed(),
      hits: Double(script.number32()) / 7, lost: script.skewed())
  }

  private static func read(_ path: String) -> String {
    guard let file = unsafe fopen(path, "r") else { return "" }
    defer { unsafe fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 18)
    let count = unsafe fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes[..<count], as: UTF8.self)
  }
}

@_cdecl("LLVMFuzzerInitialize")
public func begin(_ count: UnsafeMutablePointer<CInt>?, _ arguments: OpaquePointer?) -> CInt {
  AlertLogFile.begin()
}

@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  unsafe AlertLogFile.run(bytes, count)
}
