// SPDX-License-Identifier: Apache-2.0
import Capture
import Children
import CTLSFilter
import Glibc
import System
import TLSPlaces
import Testing

@testable import KernelCapture

/// What keeps probes from doing harm, and the program in this kernel.
@Suite(.serialized, .enabled(if: geteuid() == 0, "needs root"))
struct TLSCaptureTests {
  @Test func `a child that is killed forbids probes, and so does one of which nothing was seen`() {
    let alive = wt_tls_canary_run(0), dead = wt_tls_canary_run(1)
    #expect(TLSCanary.verdict(alive, isProbed: true) == .alive)
    #expect(TLSCanary.verdict(alive, isProbed: false) == .unknown)
    #expect(TLSCanary.verdict(dead, isProbed: true) == .killed(signal: SIGKILL))
    #expect(TLSCanary.verdict(-1, isProbed: true) == .unknown)
    #expect(TLSCanary.fault(.alive) == nil)
    #expect(TLSCanary.fault(.killed(signal: 9))?.contains("signal 9") == true)
    #expect(TLSCanary.fault(.unknown) != nil)
  }

  /// A new file, which is empty. No child of another test has it open for longer than until it executes its program.
  private static func file() throws -> String {
    let path = "/tmp/wiretally-guard-\(UInt64.random(in: .min ... .max))"
    // The path is passed as a C string for the call alone.
    let number = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    try #require(number >= 0)
    close(number)
    return path
  }

  private static func opened(_ path: String, _ flags: Int32) -> Descriptor {
    // The path is passed as a C string for the call alone.
    Descriptor(unsafe open(path, flags | O_CLOEXEC))
  }

  /// Asks until it is so: a child of another test has all that is open here open as well until it executes its program.
  private static func wait(until condition: () -> Bool) -> Bool {
    for _ in 0..<1_000 {
      if condition() { return true }
      usleep(20_000)
    }
    return condition()
  }

  private static func isWritable(_ path: String) -> Bool { opened(path, O_WRONLY | O_NONBLOCK).number >= 0 }

  @Test func `a file that is open for writing is not guarded, and a writer breaks the guard`() throws {
    let path = try Self.file()
    // The path is passed as a C string for the call alone.
    defer { unsafe unlink(path) }
    do {
      let writer = Self.opened(path, O_WRONLY)
      #expect(throws: SystemError(EAGAIN)) { try FileGuard(Self.opened(path, O_RDONLY)) }
      _ = writer
    }
    var guarded: FileGuard?
    #expect(
      Self.wait {
        guarded = try? FileGuard(Self.opened(path, O_RDONLY))
        return guarded != nil
      })
    #expect(guarded?.isBroken == false)
    // Readers do no harm.
    #expect(Self.opened(path, O_RDONLY).number >= 0)
    #expect(guarded?.isBroken == false)
    // Without waiting for the lease it is refused, and the guard knows.
    #expect(!Self.isWritable(path))
    #expect(guarded?.isBroken == true)
    guarded = nil
    #expect(Self.wait { Self.isWritable(path) })
  }

  /// A program that has a file open for writing until its input has ended, and an instant longer.
  private static let writing =
    "import sys, time; f = open(sys.argv[1], 'a'); print('open', flush=True); sys.stdin.read(); time.sleep(0.03)"

  /// Runs `body` with the path of a copy of the system's OpenSSL that a process has mapped, which lives on to its own end.
  private static func withLoadedLibrary(_ body: (_ path: String) throws -> Void) throws {
    let path = try file()
    // The paths are passed as C strings for the calls alone.
    defer {
      unsafe unlink(path)
      unsafe unlink(path + ".out")
    }
    let original = try #require(
      LibrarySearch.run().libraries.first {
        $0.kind == .openSSL && $0.root.isEmpty && $0.path.contains("/libssl.so")
      })
    #expect(ChildProcess(["/bin/cp", original.path, path]).wait(seconds: 20))
    let loader = "import ctypes, sys; ctypes.CDLL(sys.argv[1]); print('loaded', flush=True); sys.stdin.read()"
    let process = ChildProcess(["python3", "-c", loader, path], isFed: true, output: .file(path + ".out"))
    #expect(wait { !process.isRunning || SmallFile.text(of: path + ".out")?.isEmpty == false })
    try body(path)
    process.endInput()
    #expect(process.wait(seconds: 20) && process.status == 0)
  }

  @Test
  func
    `a library that is open for writing for an instant gets probes at the start, one that stays so does not`()
    throws
  {
    try Self.withLoadedLibrary { path in
      var found = LibrarySearch.run()
      let library = try #require(found.libraries.first { $0.path == path })
      (found.libraries, found.replaced) = ([library], [])
      let (object, _) = try TLSCapture.proven(try #require(PortSet([44_313...44_313])), .ofKernel)
      var held: Set<TLSLibrary.Identity> = []
      // A child of ours that has the file open as one of any program has until it executes its own.
      let writer = ChildProcess(
        ["python3", "-c", Self.writing, path], isFed: true, output: .file(path + ".out"))
      #expect(Self.wait { SmallFile.text(of: path + ".out")?.hasPrefix("open") == true })
      let refused = TLSAttachments(found, object.programs, &held)
      #expect(refused.findings == [TLSFinding(library, .isOpenForWriting)] && held.isEmpty)
      writer.endInput()
      let attached = TLSAttachments(found, object.programs, &held, moreTries: 2_000)
      #expect(attached.findings == [TLSFinding(library)] && held == [library.identity])
      #expect(writer.wait(seconds: 20))
    }
  }

  @Test
  func `a library that somebody writes to while it has probes loses them first, and its process runs on`()
    throws
  {
    try Self.withLoadedLibrary { path in
      let ports = try #require(PortSet([44_315...44_315]))
      let capture = try KernelCapture(KernelCaptureOptions(interfaces: ["lo"], ports: ports))
      let tls = try capture.openTLS(ports: ports)
      #expect(tls.findings.contains { $0.library.path == path && $0.reason == nil })
      #expect(!Self.isWritable(path))
      #expect(tls.follow().contains { $0.isWarning && $0.text.contains(path) })
      #expect(tls.writtenFiles.contains { $0.path == path })
      // As a writer does that waits: the probes have gone, and so has the lease; another watch of this machine may give up its own
      // later.
      #expect(Self.wait { Self.isWritable(path) })
      tls.stop()
      capture.stop()
    }
  }

  @Test func `before Linux 6.6 probes are events, and their child is to live as well`() throws {
    let ports = try #require(PortSet([44_314...44_314]))
    #expect(try TLSCapture.proven(ports, .events).0.way == .events)
    #expect(TLSCanary.reason(SystemError(EACCES), .events).contains("CAP_SYS_ADMIN"))
    #expect(TLSCanary.reason(SystemError(ENOSYS), .events).contains("CONFIG_UPROBE_EVENTS"))
    #expect(TLSCanary.reason(SystemError(EACCES), .links) == SystemError(EACCES).reason)
    #expect(!KernelRelease.isBefore("6.6.0-amd64", 6, 6) && !KernelRelease.isBefore("7.0", 6, 6))
    #expect(KernelRelease.isBefore("5.10.0-30-cloud-amd64", 5, 17) && KernelRelease.isBefore("6.1.0", 6, 6))
  }

  @Test func `Go's returns and connections' ends get no probe of a return`() throws {
    let all = ProbePlace.Function.allCases
    let places = all.enumerated().flatMap { index, function in
      [
        ProbePlace(function, offset: UInt64(index)),
        ProbePlace(function, offset: UInt64(100 + index), isEnd: true),
      ]
    }
    let plan = UprobeLinks.Plan(places)
    let starts = all.indices.filter { plan.starts.offsets.contains(UInt64($0)) }.map { all[$0] }
    #expect(starts == all.filter { $0 != .goWrite })
    let ends = Set(zip(plan.ends.offsets, plan.ends.cookies).map { [$0, $1] })
    // The program that reads text is the one at ends.
    let write = UInt64(try #require(all.firstIndex(of: .goWrite)))
    #expect(ends.count == all.count + 1 && ends.contains([write, UInt64(TLS_GO_WRITE_START)]))
    #expect(all.indices.allSatisfy { ends.contains([UInt64(100 + $0), all[$0].cookie]) })
    let returned = all.indices.filter { plan.returns.offsets.contains(UInt64($0)) }.map { all[$0] }
    #expect(returned == [.read, .write, .writeWithFlags, .receive, .send, .handshake])
    #expect(plan.returns.cookies == returned.map(\.cookie))
  }

  @Test func `the libraries of this machine get probes once the canary has lived, and lose them at the end`()
    throws
  {
    let ports = try #require(PortSet([44_316...44_316]))
    let capture = try KernelCapture(KernelCaptureOptions(interfaces: ["lo"], ports: ports))
    let tls = try capture.openTLS(ports: ports)
    #expect(tls.files > 0 && tls.findings.filter { $0.reason == nil }.count == tls.files)
    #expect(tls.follow().isEmpty && tls.writtenFiles.isEmpty)
    var counters = CaptureCounters()
    tls.add(to: &counters)
    #expect(counters.lost == 0)
    tls.stop()
    #expect(tls.files == 0)
    capture.stop()
    var outcome = try tls.source.receive(timeout: 0) { _, _ in }
    while outcome != .ended { outcome = try tls.source.receive(timeout: 0) { _, _ in } }
  }

  /// A server of one file, which answers each POST with a cookie and a body.
  private static let server = """
    import http.server, ssl, sys
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Set-Cookie", "id=given")
            self.end_headers()
            self.wfile.write(b"answered body")
    server = http.server.HTTPServer(("127.0.0.1", 44312), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1])
    server.socket = context.wrap_socket(server.socket, server_side=True)
    print("listens", flush=True)
    server.handle_request()
    """

  @Test func `heads leave the kernel whole, with cookies and authorization, and bodies do not`() throws {
    let path = try Self.file()
    // The paths are passed as C strings for the calls alone.
    defer {
      unsafe unlink(path)
      unsafe unlink(path + ".out")
    }
    let key = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=a -days 2"
    let made = [
      "/bin/sh", "-c",
      "\(key) -keyout \(path) -out \(path).c 2>/dev/null && cat \(path).c >>\(path); rm \(path).c",
    ]
    #expect(ChildProcess(made).wait(seconds: 20))
    let server = ChildProcess(["python3", "-c", Self.server, path], output: .file(path + ".out"))
    #expect(Self.wait { !server.isRunning || SmallFile.text(of: path + ".out")?.isEmpty == false })
    let ports = try #require(PortSet([44_312...44_312]))
    let capture = try KernelCapture(KernelCaptureOptions(interfaces: ["lo"], ports: ports))
    let tls = try capture.openTLS(ports: ports)
    let curl = [
      "curl", "-sk", "-o", "/dev/null", "-H", "Cookie: id=kept", "-H", "Authorization: Basic YTpi", "-d",
      "asked body",
      "https://127.0.0.1:44312/",
    ]
    let client = ChildProcess(curl)
    #expect(client.wait(seconds: 20) && client.status == 0)
    tls.stop()
    capture.stop()
    var text = ""
    while try tls.source.receive(
      timeout: 0,
      { _, payload in
        text += String(decoding: (0..<payload.byteCount).map { payload.byte($0) }, as: UTF8.self)
      }) != .ended
    {}
    for field in ["Cookie: id=kept\r\n", "Authorization: Basic YTpi\r\n", "Set-Cookie: id=given\r\n"] {
      #expect(text.contains(field), "\(text)")
    }
    #expect(!text.contains("asked body") && !text.contains("answered body"), "\(text)")
  }
}
