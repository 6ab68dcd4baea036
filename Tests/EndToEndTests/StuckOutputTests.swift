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

  /// Waits until a file contains a text.
  private static func waits(for text: String, in path: String) -> Bool {
    for _ in 0..<600 {
      if Shell.read(path).contains(text) { return true }
      usleep(50_000)
    }
    return false
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
    #expect(Self.waits(for: "ALERT raised", in: monitor.alertLog))
    #expect(Self.waits(for: "raised", in: folder.file("states")))
    #expect(Self.waits(for: "RECOVERED", in: monitor.alertLog))
    #expect(Self.waits(for: "recovered", in: folder.file("states")))
    #expect(reader.fills())

    // Nobody reads the summary either: the end waits for a second and says so.
    let ended = monitor.end()
    #expect(ended.status == 0)
    let unit = format == "page" ? "pages" : "lines"
    let message = "cannot write to standard output: its reader takes no more; [0-9]+ \(unit) were not written"
    #expect(ended.errors.contains(try Regex(message)), "\(ended.errors)")
    server.stop()
  }

  @Test func `signs of life reach the service manager while nobody reads`() throws {
    let folder = Folder()
    let states = folder.file("states"), path = folder.file("notify")
    _ = FileManager.default.createFile(atPath: states, contents: nil)
    let manager = ChildProcess(
      ["python3", "\(ServiceTests.packaging)/notifications", path], output: .file(states))
    defer { manager.send(SIGTERM) }
    #expect(Self.waits(for: "listening", in: states))
    Shell.run("chmod 755 \(folder.path); chmod 666 \(path)")
    let network = Network()
    let reader = try Paused()
    let monitor = Monitor(
      in: network.add("e"), ["--interval", "100ms", "--alert-window", "1s", "--format", "page"],
      environment: ["NOTIFY_SOCKET": path, "WATCHDOG_USEC": "200000"], output: .descriptor(reader.writing))
    #expect(reader.fills())
    func signs() -> Int { Shell.read(states).components(separatedBy: "WATCHDOG=1").count - 1 }
    let before = signs()
    for _ in 0..<200 where signs() < before + 10 { usleep(50_000) }
    #expect(signs() >= before + 10)
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
    #expect(last.contains(/[0-9]+ lines? dropped: standard output is read too slowly/), "\(last.suffix(300))")
  }
}
