// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// wiretally in a namespace, as a user would run it.
final class Monitor {
  private let folder = Folder()
  private let process: ChildProcess
  private let isTraced: Bool
  let alertLog: String

  /// Starts it and waits until it watches; `arguments` come behind `-t` and the threshold, unless they
  /// bring one of their own. `through` is a command that runs it, as strace does; `output` takes what it
  /// prints.
  ///
  /// `isTraced` when that command stays in front of it, as strace does.
  init(
    in name: String?, _ arguments: [String], threshold: String? = "1000000",
    environment: [String: String] = [:], through: [String] = [], program: String = Machine.program,
    alertLog: String? = nil, isTraced: Bool? = nil, output: ChildProcess.Stream? = nil
  ) {
    self.isTraced = isTraced ?? !through.isEmpty
    // In a folder that the program makes itself, and so owns.
    self.alertLog = alertLog ?? folder.file("log/alerts.log")
    var command = through + [program]
    if let threshold, !arguments.contains("-t") { command += ["-t", threshold] }
    if !arguments.contains("--alert-log") { command += ["--alert-log", self.alertLog] }
    command += arguments
    let place = name.map { ["ip", "netns", "exec", $0] } ?? []
    process = ChildProcess(
      ["env"] + environment.map { "\($0)=\($1)" } + place + command, isFed: true,
      output: output ?? .file(folder.file("out")), errors: .file(folder.file("err")))
    for _ in 0..<1_000 where process.isRunning && !errors.contains("capturing on") { usleep(20_000) }
  }

  var output: String { Shell.read(folder.file("out")) }
  var errors: String { Shell.read(folder.file("err")) }
  var isRunning: Bool { process.isRunning }
  var identifier: Int32 { process.identifier }

  /// Ends it by a signal and returns what it printed.
  @discardableResult
  func end(_ signal: Int32 = SIGINT) -> Ran {
    // What is on the wire has been seen; what is in the ring is drained at the end.
    usleep(100_000)
    kill(program, signal)
    return wait()
  }

  /// The program's own process: strace keeps signals to itself, and runs it as its child.
  var program: Int32 {
    let path = "/proc/\(identifier)/task/\(identifier)/children"
    let children = isTraced ? Shell.read(path).split(separator: " ").compactMap { Int32($0) } : []
    return children.first ?? identifier
  }

  /// Waits for its own end.
  func wait(seconds: Int = 20) -> Ran {
    if !process.wait(seconds: seconds) { Issue.record("it did not end within \(seconds) s") }
    return Ran(status: process.status ?? 127, output: output, errors: errors)
  }

  /// Waits until it has printed a text this often on standard error, for at most half a minute.
  func waitsForErrors(
    _ text: String, times: Int = 1, seconds: Int = 30, sourceLocation: SourceLocation = #_sourceLocation
  ) -> Bool {
    waits("standard error", for: text, seconds: seconds, sourceLocation) {
      self.errors.components(separatedBy: text).count > times
    }
  }

  /// Waits until the output contains a text, for at most `seconds`.
  func waits(for text: String, seconds: Int = 20, sourceLocation: SourceLocation = #_sourceLocation) -> Bool {
    waits("standard output", for: text, seconds: seconds, sourceLocation) { self.output.contains(text) }
  }

  /// Waits for a condition; when it does not come true, an issue says what has become of the process.
  private func waits(
    _ place: String, for text: String, seconds: Int, _ sourceLocation: SourceLocation,
    _ isTrue: () -> Bool
  ) -> Bool {
    for _ in 0..<(seconds * 20) {
      if isTrue() { return true }
      usleep(50_000)
    }
    let state = process.status.map { "it has ended with \($0)" } ?? "it runs: \(threads)"
    Issue.record(
      """
      not on \(place) within \(seconds) s: \(text)
      \(state)
      standard error: \(errors.suffix(2_000))
      standard output: \(output.suffix(1_000))
      """, sourceLocation: sourceLocation)
    return false
  }

  /// What its threads and those of the processes that it has started wait for (the state, the kernel's function and the
  /// system call), the files that those have open, and how busy the machine is.
  private var threads: String {
    Shell.attempt(
      """
      for p in \(program) $(pgrep -P \(program)); do
        for t in /proc/$p/task/*; do
          echo "$p $(cut -d' ' -f2,3,14,15 $t/stat) $(cat $t/wchan) $(cat $t/syscall)"
        done
        [ $p = \(program) ] || readlink /proc/$p/fd/*
      done
      cat /proc/loadavg; ls /proc | grep -c '^[0-9]'
      """
    ).output
  }
}

/// The lines of `--format json`.
struct Lines {
  struct Interval: Decodable {
    struct Site: Decodable {
      struct Section: Decodable {
        var section: String
        var requests: Int
      }
      var site: String
      var requests: Int
      var successes: Int
      var failures: Int
      var aborted: Int
      var timedOut: Int
      var unknown: Int
      var sections: [Section]
    }
    struct Client: Decodable {
      var client: String
      var requests: Int
      var successes: Int
      var failures: Int
      var aborted: Int
      var slowest: Double?
    }
    struct Capture: Decodable {
      var packets: Int
      var matched: Int
      var delivered: Int
      var lost: Int
      var headSegments: Int
      var pipelinedHeads: Int
      var continuations: Int
      var duplicates: Int
      var unparseable: Int
      var falseHeads: Int
      var otherSegments: Int
      var truncated: Int
      var uncountedRequests: Int?
      var uncountedResponses: Int?
      var backlogDropped: Int?
      var nicMissed: Int?
      var h2DataSkipped: Int?
    }
    var type: String
    var backend: String
    var source: String
    var requests: Int
    var responses: Int
    var successes: Int
    var failures: Int
    var exchanges: Int
    var aborted: Int
    var timedOut: Int
    var unknown: Int
    var inFlight: Int
    var oldestInFlight: Double?
    var unmatchedResponses: Int
    var methods: [String: Int]
    var protocols: [String: Int]
    var statuses: [String: Int]
    var sites: [Site]
    var clients: [Client]
    var capture: Capture
  }

  var intervals: [Interval] = []
  var summary: Interval?

  init(_ output: String) {
    for line in output.split(separator: "\n") {
      guard let interval = try? JSONDecoder().decode(Interval.self, from: Data(line.utf8)) else { continue }
      if interval.type == "summary" { summary = interval } else { intervals.append(interval) }
    }
  }
}

extension Lines.Interval {
  /// Whether every segment is in one class, every head in one place (docs/semantics.md).
  var isBalanced: Bool {
    let c = capture
    return c.matched == c.delivered + c.lost
      && c.delivered == c.headSegments + c.continuations + c.duplicates + c.unparseable + c.falseHeads
        + c.otherSegments
      && requests + responses + (c.uncountedRequests ?? 0) + (c.uncountedResponses ?? 0)
        == c.headSegments + c.pipelinedHeads
  }

  var siteCounts: [String: Int] {
    Dictionary(sites.map { ($0.site, $0.requests) }, uniquingKeysWith: +)
  }

  var sectionCounts: [String: Int] {
    Dictionary(sites.flatMap { $0.sections.map { ($0.section, $0.requests) } }, uniquingKeysWith: +)
  }
}
