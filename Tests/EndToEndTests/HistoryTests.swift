// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// The file of `--history` while a watch keeps it: what happens to it, and who reads it meanwhile.
@Suite(
  .serialized, .enabled(if: Machine.hasServers, "needs root, network namespaces, nginx and curl"))
struct HistoryTests {
  private let folder = Folder()
  private let visited = VisitedServer()
  private var name: String { visited.name }

  init() {
    // For the user that the watch becomes.
    Shell.run("chmod 777 \(folder.path)")
  }

  private func watch(_ history: String) -> Monitor {
    Monitor(in: name, ["--format", "json", "--interval", "500ms", "--history", history])
  }

  private func replay(_ history: String) -> Ran {
    Shell.attempt("\(Machine.program) replay --format json \(history)")
  }

  /// Polls until a replay shows a site.
  private func isKept(_ site: String, in history: String) -> Bool {
    for _ in 0..<200 {
      if replay(history).output.contains(site) { return true }
      usleep(100_000)
    }
    return false
  }

  @Test func `a full disk is a warning and is counted, and the history continues when there is space`() throws
  {
    let disk = folder.file("disk"), history = disk + "/history"
    Shell.run("mkdir \(disk) && mount -t tmpfs -o size=128k,mode=777 none \(disk)")
    defer { Shell.run("umount -l \(disk)") }
    let monitor = watch(history)
    visited.visit("before.example")
    #expect(isKept("before.example", in: history))
    Shell.run("cat /dev/zero >\(disk)/filler", mayFail: "it ends when the disk is full")
    #expect(monitor.waits(for: "cannot write the history \(history): no space left on device"))
    visited.visit("missing.example")
    #expect(monitor.waits(for: "missing.example"))
    Shell.run("rm \(disk)/filler")
    visited.visit("after.example")
    #expect(isKept("after.example", in: history))
    let ran = monitor.end()
    #expect(ran.status == 0 && Lines(ran.output).summary?.requests == 3)
    let dropped = ran.output.split(separator: "\n").last?.contains("\"outputDropped\":{\"intervals\":")
    #expect(dropped == true)
    // No record of the full disk is there in part.
    let replayed = replay(history)
    #expect(replayed.status == 0 && replayed.errors.isEmpty, "\(replayed.errors)")
    #expect(replayed.output.contains("before.example"))
  }

  @Test func `files that were moved away begin again upon SIGHUP, and a replay reads them meanwhile`() throws
  {
    let history = folder.file("history"), moved = folder.file("moved")
    let monitor = watch(history)
    visited.visit("before.example")
    #expect(isKept("before.example", in: history))
    let meanwhile = replay(history)
    #expect(meanwhile.status == 0 && meanwhile.errors.isEmpty, "\(meanwhile.errors)")
    Shell.run("mv \(history) \(moved) && mv \(history).1 \(moved).1")
    kill(monitor.program, SIGHUP)
    visited.visit("after.example")
    #expect(isKept("after.example", in: history))
    #expect(Shell.run("stat -c '%a %U' \(history)").output == "640 nobody\n")
    let ran = monitor.end()
    #expect(ran.status == 0 && !ran.output.contains("taken away"), "\(ran.errors)")
    let (old, new) = (replay(moved), replay(history))
    #expect(old.status == 0 && old.output.contains("before.example") && !old.output.contains("after.example"))
    #expect(new.status == 0 && !new.output.contains("before.example"))
    #expect((Lines(old.output).summary?.requests ?? 0) + (Lines(new.output).summary?.requests ?? 0) == 2)
  }

  @Test func `a folder that the watch's user may not enter is no file that was taken away`() {
    let closed = folder.file("closed"), history = closed + "/history"
    Shell.run("mkdir -m 700 \(closed)")
    let monitor = watch(history)
    visited.visit("first.example")
    #expect(isKept("first.example", in: history))
    kill(monitor.program, SIGHUP)
    visited.visit("second.example")
    #expect(isKept("second.example", in: history))
    let ran = monitor.end()
    #expect(ran.status == 0 && !ran.output.contains("the history \(history)"), "\(ran.output)")
    #expect(Lines(replay(history).output).summary?.requests == 2)
  }

  @Test func `a history of a file of options is as if typed`() throws {
    let history = folder.file("history")
    let options = folder.file("config.toml")
    let lines = ["no-alert = true", "history = \"\(history)\"", "history-size = 1", "interval = \"500ms\""]
    try lines.map { $0 + "\n" }.joined().write(toFile: options, atomically: true, encoding: .utf8)
    let monitor = Monitor(in: name, ["--config", options], threshold: nil, alertLog: nil)
    visited.visit("kept.example")
    #expect(isKept("kept.example", in: history))
    #expect(monitor.end().status == 0)
  }
}
