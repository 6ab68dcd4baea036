// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// The page as its operator reads it, and every way to end the watch.
@Suite(.serialized, .enabled(if: Machine.hasServers, "needs root, network namespaces, nginx and curl"))
struct PageTests {
  @Test func `the tables of a file's pages are of the window that is asked for`() {
    let file = "\(JSONDocumentTests.root)/Tests/Captures/zeek-get.pcap"
    let page = Shell.run("\(Machine.program) read --window 10s \(file)").output
    #expect(page.contains("Total Requests: 1\n"), "\(page)")
    #expect(
      page.contains("Top 5 Sites, last 10s:\n\tSite: ") && page.contains("Top 5 Site totals:"), "\(page)")
    #expect(page.contains("Counts by Request Method, last 10s:\n\tMethod: GET - Count: 1"), "\(page)")
  }

  @Test func `a file without HTTP on the watched port names the ports that have it`() {
    let file = "\(JSONDocumentTests.root)/Tests/Captures/zeek-get.pcap"
    let ran = Shell.run("\(Machine.program) read --port 8081 \(file)")
    #expect(
      ran.output.hasPrefix("Summary: nothing was counted.\nNo TCP on port 8081 (14 other packets). "),
      "\(ran.output)")
    #expect(
      ran.errors.contains("no requests on port 8081; HTTP seen on port 80: --port 80\n"), "\(ran.errors)")
    #expect(!Shell.run("\(Machine.program) read \(file)").errors.contains("HTTP seen on port"))
  }

  @Test func `a page tells the most visited site, totals, methods, top sites and the alert`() {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name)
    let monitor = Monitor(in: name, ["-t", "4.5", "--interval", "2s", "--alert-window", "4s"])
    Network.run(
      """
      for n in 1 2 3 4 5; do curl -s -o /dev/null -H "Host: google.com" http://10.77.0.2/a/b; done
      curl -s -o /dev/null -H "Host: google.com" http://10.77.0.2/echo
      curl -s -o /dev/null -H "Host: google.com" http://10.77.0.2/echo
      curl -s -o /dev/null -X POST -d x -H "Host: linkedin.com" http://10.77.0.2/nothing
      curl -s -o /dev/null -H "Host: linkedin.com" http://10.77.0.2/fail
      bash -c 'exec 3<>/dev/tcp/10.77.0.2/80; printf "GET /\\033[2J HTTP/1.1\\r\\nHost: \\033[31mred\\r\\n\\r\\n" >&3; cat <&3'
      """, in: client)
    #expect(monitor.waits(for: "High traffic alert recovered at: "))
    let ran = monitor.end()
    #expect(ran.status == 0)
    for line in [
      "Most visited site in the last 2 seconds: google.com.", "google.com sections hit:", "\t/a - Hits: 5",
      "\t/echo - Hits: 2", "\tTotal Requests: 10", "\tTotal Failures: 3", "\tTotal Successes: 7",
      "\tMethod: GET - Count: 9", "\tMethod: POST - Count: 1", "\tSite: google.com - Hits: 7",
      "\tSite: linkedin.com - Hits: 2", "High traffic generated an alert - hits = 5.00, triggered at: ",
      "High traffic alert currently active! triggered at: ", "No past alerts to display.",
      "High traffic alert recovered at: ", "No currently active alerts.", "\tPast alert started: ",
      "All alerts are logged in \(monitor.alertLog)",
    ] {
      #expect(ran.output.contains(line), "\(line) is missing in:\n\(ran.output)")
    }
    #expect(ran.output.contains("Capture: eBPF, all interfaces, packets seen: "))
    #expect(ran.output.utf8.allSatisfy { $0 == 10 || $0 == 9 || ($0 >= 32 && $0 < 127) })
    let log = Shell.read(monitor.alertLog).split(separator: "\n")
    #expect(log.count == 2)
    #expect(log.first?.contains("ALERT raised") == true)
    #expect(log.last?.contains("RECOVERED") == true)
    #expect(server.log.values.reduce(0, +) <= 10)
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func `a signal ends it at once, with the summary`(signal: Int32) {
    let network = Network()
    let monitor = Monitor(in: network.add("e"), [])
    let before = Date()
    let ran = monitor.end(signal)
    #expect(ran.status == 0)
    #expect(Date().timeIntervalSince(before) < 5)
    #expect(ran.output.contains("Summary from "))
    #expect(ran.output.contains("No packets on all interfaces."))
  }

  @Test func `it ends by itself after the duration`() {
    let network = Network()
    let ran = Monitor(in: network.add("e"), ["--duration", "1s", "--format", "json"]).wait()
    #expect(ran.status == 0)
    #expect(Lines(ran.output).summary?.requests == 0)
  }

  @Test(.enabled(if: Shell.has("script"), "needs script(1)"))
  func `q on a terminal ends it, and the terminal is as before`() {
    let network = Network()
    let name = network.add("e")
    let folder = Folder()
    // script(1) gives it a terminal; stty tells the mode before and after.
    let ran = Shell.run(
      """
      (sleep 1.5; printf q; sleep 0.5) | timeout 20 script -q -e -c 'stty -a > \(folder.file("before")); ip netns exec \(name) \
      \(Machine.program) -t 1 --alert-log \(folder.file("log")); echo status $?; stty -a > \(folder.file("after"))' /dev/null
      """)
    #expect(ran.output.contains("press q to quit"), "\(ran.output)")
    #expect(ran.output.contains("Summary"))
    #expect(ran.output.contains("status 0"))
    #expect(!Shell.read(folder.file("before")).isEmpty)
    #expect(Shell.read(folder.file("before")) == Shell.read(folder.file("after")))
  }

  @Test(.enabled(if: Machine.isRoot && Shell.has("script"), "needs root and script(1)"))
  func `keys are mentioned only where they are read`() {
    let network = Network()
    let name = network.add("e")
    let program = "\(Machine.program) -t 1 --duration 1s --format page --alert-log /dev/null"
    func announced(_ through: String) -> String {
      Shell.run(
        "timeout 60 script -q -e -c 'ip netns exec \(name) \(through) \(program) 2>&1' /dev/null < /dev/null"
      )
      .output
    }
    #expect(announced("").contains("page every 10s, press q to quit"))
    // The terminal is there, but another session's.
    let apart = announced("setsid -w")
    #expect(apart.contains("; page every 10s") && !apart.contains("q to quit"), "\(apart)")
  }

  @Test func `a reader that goes away is a normal end`() {
    let network = Network()
    let name = network.add("e")
    let ran = Shell.run(
      "(ip netns exec \(name) \(Machine.program) -t 1 --interval 100ms --alert-window 1s --duration 10s --alert-log /dev/null; "
        + "echo status $? >&2) | head -n 1")
    #expect(ran.errors.contains("status 0"))
  }

  @Test func `a full disk is reported once and does not end the watch`() {
    let network = Network()
    let name = network.add("e")
    let ran = Shell.run(
      "ip netns exec \(name) \(Machine.program) -t 1 --interval 100ms --alert-window 1s --duration 1s --alert-log /dev/null "
        + "> /dev/full")
    #expect(ran.status == 0)
    #expect(ran.errors.components(separatedBy: "cannot write to standard output").count == 2, "\(ran.errors)")
  }

  @Test func `standard output that was closed at the start is no network`() {
    let network = Network()
    let name = network.add("e")
    let ran = Shell.run(
      "ip netns exec \(name) \(Machine.program) -t 1 --interval 100ms --alert-window 1s --duration 500ms --alert-log /dev/null "
        + "0<&- 1>&- 2>&-")
    #expect(ran.status == 0)
  }

  @Test func `a rotated alert log is reopened on SIGHUP`() {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name)
    let monitor = Monitor(in: name, ["-t", "0", "--interval", "500ms", "--alert-window", "500ms"])
    Network.run("curl -s -o /dev/null http://10.77.0.2/", in: client)
    #expect(monitor.waits(for: "alert recovered"))
    Shell.run("mv \(monitor.alertLog) \(monitor.alertLog).1")
    kill(monitor.identifier, SIGHUP)
    for _ in 0..<600 where !FileManager.default.fileExists(atPath: monitor.alertLog) { usleep(50_000) }
    Network.run("curl -s -o /dev/null http://10.77.0.2/", in: client)
    #expect(Shell.waits(for: "ALERT raised", in: monitor.alertLog))
    monitor.end()
    #expect(Shell.read(monitor.alertLog + ".1").components(separatedBy: "ALERT raised").count == 2)
    #expect(Shell.read(monitor.alertLog + ".1").contains("RECOVERED"))
    server.stop()
  }
}
