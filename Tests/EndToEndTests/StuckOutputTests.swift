// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// A reader of standard output that reads no more (a paused pager, Ctrl-S, a full pipe) holds up nothing else.
@Suite(.serialized, .enabled(if: Machine.hasServers, "needs root, network namespaces, nginx and curl"))
struct StuckOutputTests {
  /// A pipe of one page that nobody reads until `text` does.
  private final class Paused {
    let pipe = Pipe()
    var writing: Int32 { pipe.fileHandleForWriting.fileDescriptor }

    init() throws {
      // F_SETPIPE_SZ, which is not in Swift's view of the C library.
      try #require(fcntl(pipe.fileHandleForWriting.fileDescriptor, 1_031, 4_096) == 4_096)
    }

    /// Bytes that wait for the reader.
    var waiting: Int32 {
      var count: Int32 = 0
      _ = unsafe ioctl(pipe.fileHandleForReading.fileDescriptor, UInt(FIONREAD), &count)
      return count
    }

    /// Waits until the pipe is full, which one of a single page is from its first unit on (pipe_full).
    func fills() -> Bool {
      var before: Int32 = 0
      for _ in 0..<200 {
        let now = waiting
        if now > 100, now == before { return true }
        before = now
        usleep(100_000)
      }
      return false
    }
  }

  @Test(arguments: ["page", "json"])
  func `alerts are evaluated, logged and delivered, and the interface is bound again, while nobody reads`(
    format: String
  ) throws {
    let network = Network()
    let client = network.add("c"), name = network.add("s")
    func plug() { network.join(client, "eth0", "10.77.0.1/24", name, "eth0", "10.77.0.2/24") }
    plug()
    let server = WebServer(in: name)
    let folder = Folder()
    let reader = try Paused()
    let monitor = Monitor(
      in: name,
      [
        "-i", "eth0", "-t", "0", "--interval", "100ms", "--alert-window", "1s", "--format", format,
        "--on-alert",
        "echo $WIRETALLY_STATE >> \(folder.file("states"))",
      ], output: .descriptor(reader.writing))
    #expect(reader.fills())

    Shell.run("ip -n \(name) link del eth0")
    #expect(monitor.waitsForErrors("has been down since"), "\(monitor.errors)")
    plug()
    #expect(monitor.waitsForErrors("interface eth0 is back"), "\(monitor.errors)")

    // Seen only on the interface that is there now.
    Network.run("curl -s -m 5 -o /dev/null http://10.77.0.2/echo", in: client)
    #expect(Shell.waits(for: "ALERT raised", in: monitor.alertLog))
    #expect(Shell.waits(for: "raised", in: folder.file("states")))
    #expect(Shell.waits(for: "RECOVERED", in: monitor.alertLog))
    #expect(Shell.waits(for: "recovered", in: folder.file("states")))
    #expect(reader.fills())

    // Nobody reads the summary either: the end waits for a second and says so.
    let ended = monitor.end()
    #expect(ended.status == 0)
    let unit = format == "page" ? "pages" : "lines"
    let message = "cannot write to standard output: its reader takes no more; [0-9]+ \(unit) were not written"
    #expect(ended.errors.contains(try Regex(message)), "\(ended.errors)")
    server.stop()
  }

  /// A service manager that notes what it is sent.
  private final class Manager {
    /// The socket that it listens on.
    let path: String
    private let folder = Folder()
    private let process: ChildProcess

    init() {
      let states = folder.file("states")
      path = folder.file("notify")
      _ = FileManager.default.createFile(atPath: states, contents: nil)
      process = ChildProcess(
        ["python3", "\(ServiceTests.packaging)/notifications", path], output: .file(states))
      #expect(Shell.waits(for: "listening", in: states))
      // The watch continues as nobody.
      Shell.run("chmod 755 \(folder.path); chmod 666 \(path)")
    }

    deinit { process.send(SIGTERM) }

    /// The number of signs of life so far.
    var signs: Int { Shell.read(folder.file("states")).components(separatedBy: "WATCHDOG=1").count - 1 }

    /// Waits for ten more signs of life, five a second apart.
    func staysAlive() -> Bool {
      let before = signs
      for _ in 0..<200 where signs < before + 10 { usleep(50_000) }
      return signs >= before + 10
    }
  }

  /// Whether a thread of a process is in a system call, by its number (proc_pid_syscall(5)).
  private static func isInCall(_ number: String, thread name: String, of process: Int32) -> Bool {
    let tasks = "/proc/\(process)/task"
    return ((try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? []).contains { task in
      Shell.read("\(tasks)/\(task)/comm") == name + "\n"
        && Shell.read("\(tasks)/\(task)/syscall").hasPrefix(number + " ")
    }
  }

  private static func waits(inCall number: String, thread name: String, of process: Int32) -> Bool {
    for _ in 0..<600 {
      if isInCall(number, thread: name, of: process) { return true }
      usleep(50_000)
    }
    return false
  }

  /// Waits until the metrics that a watch in a namespace serves match a pattern.
  private static func waits(forMetric pattern: String, in name: String) throws -> Bool {
    let expression = try Regex(pattern)
    for _ in 0..<300 {
      let page = Network.attempt("curl -s -m 5 http://127.0.0.1:9180/metrics", in: name).output
      if page.contains(expression) { return true }
      usleep(100_000)
    }
    return false
  }

  @Test(.enabled(if: Machine.hasTerminals, "needs tmux"))
  func `a full screen that Ctrl-S has frozen holds up no alert, delivery, binding or sign of life`() throws {
    let network = Network()
    let client = network.add("c"), name = network.add("s")
    func plug() { network.join(client, "eth0", "10.77.0.1/24", name, "eth0", "10.77.0.2/24") }
    plug()
    let server = WebServer(in: name)
    let folder = Folder()
    let states = folder.file("states")
    let manager = Manager()
    let pane = TerminalPane()
    pane.enter("export NOTIFY_SOCKET=\(manager.path) WATCHDOG_USEC=200000")
    #expect(
      pane.watch(
        in: name,
        "-i eth0 --interval 100ms --alert 'requests > 0 over 1s' --on-alert 'echo $WIRETALLY_STATE >> \(states)' "
          + "--listen 127.0.0.1:9180"), "\(pane.text)")
    pane.press("C-s")
    // The pictures that are due are counted, so it is frozen.
    #expect(try Self.waits(forMetric: #"wiretally_output_dropped_total\{unit="pictures"\} [1-9]"#, in: name))

    Shell.run("ip -n \(name) link del eth0")
    #expect(try Self.waits(forMetric: #"\nwiretally_capture_interface_up 0\n"#, in: name))
    plug()
    #expect(try Self.waits(forMetric: #"\nwiretally_capture_interface_up 1\n"#, in: name))

    // Seen only on the interface that is there now.
    Network.run("curl -s -m 5 -o /dev/null http://10.77.0.2/echo", in: client)
    #expect(Shell.waits(for: "ALERT raised", in: pane.alertLog))
    #expect(Shell.waits(for: "raised", in: states))
    #expect(Shell.waits(for: "RECOVERED", in: pane.alertLog))
    #expect(Shell.waits(for: "recovered", in: states))
    #expect(manager.staysAlive())

    // The terminal takes pictures again: the next one is up to date, and keys are obeyed.
    pane.press("C-q")
    #expect(pane.waits(for: "req/s"), "\(pane.text)")
    pane.press("q")
    #expect(pane.waits(for: "ended 0"), "\(pane.text)")
    server.stop()
  }

  @Test
  func `a terminal that nobody reads holds up its picture, and no count, alert, delivery, metric or end`()
    throws
  {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name)
    let folder = Folder()
    let terminal = try #require(PseudoTerminal(rows: 60, columns: 200))
    terminal.fill()
    let monitor = Monitor(
      in: name,
      [
        "-i", "eth0", "--format", "screen", "--interval", "100ms", "--alert", "requests > 0 over 1s",
        "--on-alert", "echo $WIRETALLY_STATE >> \(folder.file("states"))", "--listen", "127.0.0.1:9180",
      ], environment: ["TERM": "xterm-256color"], output: .descriptor(terminal.descriptor))
    #expect(try Self.waits(forMetric: #"wiretally_output_dropped_total\{unit="pictures"\} [1-9]"#, in: name))
    // Room for a part of a picture: unlike after Ctrl-S, one is being written, and its thread waits in write(2).
    terminal.text(limit: 600)
    #expect(Self.waits(inCall: "1", thread: "wt-screen", of: monitor.program))

    Network.run("curl -s -m 5 -o /dev/null http://10.77.0.2/echo http://10.77.0.2/echo", in: client)
    #expect(
      try Self.waits(
        forMetric: #"\nwiretally_http_requests_total\{http_request_method="GET"\} 2\n"#, in: name))
    #expect(Shell.waits(for: "ALERT raised", in: monitor.alertLog))
    #expect(Shell.waits(for: "raised", in: folder.file("states")))
    #expect(Shell.waits(for: "RECOVERED", in: monitor.alertLog))
    #expect(Shell.waits(for: "recovered", in: folder.file("states")))

    let ended = monitor.end(SIGTERM)
    #expect(ended.status == 0)
    // The summary comes after the screen, on the same terminal.
    #expect(
      ended.errors.contains(
        "cannot write to standard output: its reader takes no more; 1 page was not written"),
      "\(ended.errors)")
    server.stop()
  }

  @Test func `a terminal that was slow once has the summary after the screen, not on it`() throws {
    let network = Network()
    let (_, name) = network.pair()
    let terminal = try #require(PseudoTerminal(rows: 60, columns: 200))
    terminal.fill()
    let monitor = Monitor(
      in: name,
      [
        "-i", "eth0", "--format", "screen", "--interval", "100ms", "-t", "1", "--listen", "127.0.0.1:9180",
      ],
      environment: ["TERM": "xterm-256color"], output: .descriptor(terminal.descriptor))
    terminal.text(limit: 600)
    #expect(Self.waits(inCall: "1", thread: "wt-screen", of: monitor.program))
    // It is being written for longer than it is waited for: the next one is due.
    #expect(try Self.waits(forMetric: #"wiretally_output_dropped_total\{unit="pictures"\} [1-9]"#, in: name))
    // The terminal takes it, and the thread waits for the next one, in poll(2).
    #expect(
      terminal.reads {
        $0.contains("req/s") && Self.isInCall("7", thread: "wt-screen", of: monitor.program)
      })
    kill(monitor.program, SIGTERM)
    // It leaves the screen by itself, once and before the summary: the rescue has nothing to put back.
    let end = terminal.rest()
    #expect(monitor.wait().status == 0)
    let parts = end.components(separatedBy: "\u{1b}[?1049l")
    #expect(parts.count == 2 && parts[1].contains("Total Requests: 0"), "\(end)")
  }

  @Test func `signs of life reach the service manager while nobody reads`() throws {
    let manager = Manager()
    let network = Network()
    let reader = try Paused()
    let monitor = Monitor(
      in: network.add("e"), ["--interval", "100ms", "--alert-window", "1s", "--format", "page"],
      environment: ["NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "200000"],
      output: .descriptor(reader.writing))
    #expect(reader.fills())
    #expect(manager.staysAlive())
    #expect(monitor.end(SIGTERM).status == 0)
  }

  @Test func `what does not fit is dropped whole, counted and reported; the rest is whole`() throws {
    let network = Network()
    let name = network.add("s")
    let reader = try Paused()
    let monitor = Monitor(
      in: name, ["-i", "lo", "--interval", "10ms", "--alert-window", "1s", "--format", "json"],
      output: .descriptor(reader.writing))
    // More than a mebibyte of lines.
    #expect(monitor.waitsForErrors("dropped: standard output is read too slowly"), "\(monitor.errors)")
    // The reader continues. The test's own end of the pipe is closed, so that the text ends with the program.
    kill(monitor.program, SIGINT)
    reader.pipe.fileHandleForWriting.closeFile()
    let text = String(decoding: reader.pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    #expect(monitor.wait().status == 0)
    #expect(text.hasSuffix("\n"))
    let types = text.split(separator: "\n").map { line -> String in
      let object = (try? JSONSerialization.jsonObject(with: Data(line.utf8))) as? [String: Any]
      return object?["type"] as? String ?? "torn: \(line)"
    }
    #expect(types.count > 500)
    #expect(types.last == "summary")
    #expect(types.dropLast().allSatisfy { $0 == "interval" }, "\(Set(types))")
    let last = try #require(text.split(separator: "\n").last)
    let object = try #require(try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any])
    let dropped = try #require(object["outputDropped"] as? [String: Int], "\(last.suffix(300))")
    let count = try #require(dropped["lines"])
    #expect(count > 0 && dropped.count == 1)
    let warning = "\(count) line\(count == 1 ? "" : "s") dropped: standard output is read too slowly"
    #expect((object["warnings"] as? [String])?.contains(warning) == true, "\(last.suffix(300))")
    #expect(SchemaTests.types(String(last) + "\n") == ["summary"])
  }
}
