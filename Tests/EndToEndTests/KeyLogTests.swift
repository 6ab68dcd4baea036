// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// `read --keylog`: TLS in capture files; no privilege needed.
@Suite struct KeyLogTests {
  static let folder = JSONDocumentTests.root + "/Tests/Captures/tls"

  private func read(_ arguments: String) -> Ran {
    Shell.attempt("cd \(Self.folder) && TZ=UTC \(Machine.program) read \(arguments)")
  }

  @Test func `lines and summary are as for clear text, and the connections are counted`() {
    let ran = read("--follow --keylog tls13-key-update.keys tls13-key-update.pcap")
    #expect(ran.status == 0)
    let requests = ran.output.split(separator: "\n").map {
      $0.split(separator: " ").suffix(2).joined(separator: " ")
    }
    #expect(
      requests == [
        "GET shop.example/first", "GET shop.example/second", "GET shop.example/third",
        "GET shop.example/fourth",
      ])
    #expect(
      ran.errors.contains(
        "wiretally: TLS: 1 connections, 1 read; records: 22 decrypted, 0 passed over, 0 lost\n"))
  }

  @Test func `the packet accounting balances with the segments of text`() throws {
    let ran = read("--format json --keylog tls12-aes128.keys tls12-aes128.pcap")
    let summary = try #require(Lines(ran.output).summary)
    let capture = summary.capture
    #expect(
      summary.requests == 14 && summary.responses == 14
        && summary.statuses == ["200": 10, "201": 1, "404": 3])
    #expect(capture.matched == capture.delivered && capture.lost == 0)
    #expect(
      capture.delivered == capture.headSegments + capture.continuations + capture.duplicates
        + capture.unparseable
        + capture.falseHeads + capture.otherSegments)
    #expect(summary.requests + summary.responses == capture.headSegments + capture.pipelinedHeads)
  }

  @Test func `the same as tshark finds in the same packets`() {
    for name in ["tls13-chacha20", "tls12-cbc-sha384", "tls13-http2", "tls13-early-data"] {
      let requests = Shell.run(
        """
        cd \(Self.folder) && tshark -r \(name).pcap -o tls.keylog_file:\(name).keys -T fields -e http.request.uri \
        -e http2.headers.path -Y 'http.request or http2.headers.method' 2>/dev/null | tr -d '\\t' | tr ',' '\\n' | sort
        """
      ).output.split(separator: "\n").filter { !$0.isEmpty }
      let lines = read("--follow --query keep --format json --keylog \(name).keys \(name).pcap").output
      let own = lines.split(separator: "\n").compactMap { line in
        (try? JSONSerialization.jsonObject(with: Data(line.utf8))) as? [String: Any]
      }.compactMap { $0["target"] as? String }.sorted()
      #expect(own == requests.map(String.init) && !own.isEmpty, "\(name)")
    }
  }

  @Test func `a pcapng file's own secrets need the ports alone`() {
    let ran = read("--format common --tls-port 443 with-secrets.pcapng")
    #expect(ran.status == 0 && ran.output.split(separator: "\n").count == 14)
    // Without the option nothing is decrypted.
    #expect(read("--format common --port 443 with-secrets.pcapng").output.isEmpty)
    // Secrets that stand after their packets, as some programs write them.
    let folder = Folder()
    let late = folder.file("late.pcapng")
    Shell.run("cd \(Self.folder) && editcap tls13-aes128.pcap \(late)")
    let blocks = FileManager.default.contents(atPath: "\(Self.folder)/with-secrets.pcapng") ?? Data()
    let packets = FileManager.default.contents(atPath: late) ?? Data()
    _ = FileManager.default.createFile(atPath: late, contents: packets + KeyLogTests.secretBlocks(blocks))
    #expect(read("--format common --tls-port 443 \(late)").output.split(separator: "\n").count == 14)
  }

  /// The blocks of secrets of a pcapng file.
  private static func secretBlocks(_ file: Data) -> Data {
    var offset = 0, found = Data()
    let bytes = [UInt8](file)
    func number(_ at: Int) -> Int { (0..<4).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) } }
    while offset + 12 <= bytes.count {
      let length = number(offset + 4)
      if number(offset) == 10 { found.append(contentsOf: bytes[offset..<offset + length]) }
      offset += length
    }
    return found
  }

  @Test func `connections without keys are named with the reason`() {
    let ran = read("--keylog tls12-aes256.keys tls12-aes128.pcap")
    #expect(ran.status == 0)
    #expect(
      ran.errors.contains(
        "wiretally: TLS: 3 connections, 0 read; records: 0 decrypted, 0 passed over, 0 lost\n"))
    #expect(
      ran.errors.contains(
        "wiretally: TLS: not read, no key: 3 (api.example 1, gone.example 1, shop.example 1)\n"))
  }

  @Test func `faults of a key log name the line, and no secret`() throws {
    let folder = Folder()
    let log = folder.file("keys.log")
    let good = Shell.read("\(Self.folder)/tls13-aes128.keys")
    let secret = try #require(
      good.split(separator: "\n").first { !$0.hasPrefix("#") }?.split(separator: " ").last)
    try "# log\nCLIENT_RANDOM 12 \(secret)\n\(good)".write(toFile: log, atomically: true, encoding: .utf8)
    let ran = read("--keylog \(log) tls13-aes128.pcap")
    #expect(ran.status == 0)
    #expect(ran.errors.contains("lines are no secrets; the first is line 2\n"))
    for line in good.split(separator: "\n") {
      for word in line.split(separator: " ").dropFirst() where word.count > 32 {
        #expect(!ran.output.contains(word) && !ran.errors.contains(word))
      }
    }
    try "nothing of that kind\n".write(toFile: log, atomically: true, encoding: .utf8)
    let none = read("--keylog \(log) tls13-aes128.pcap")
    #expect(
      none.status == 65 && none.errors.contains("has no secrets of TLS 1.2 or 1.3\n  hint: SSLKEYLOGFILE="))
    let missing = read("--keylog /nowhere/keys tls13-aes128.pcap")
    #expect(missing.status == 66 && missing.errors.contains("cannot open /nowhere/keys: "))
  }

  @Test func `a process with keys leaves no core`() {
    let script = JSONDocumentTests.root + "/Tests/EndToEndTests/Scripts/core_of_reader.py"
    let folder = Folder()
    let ran = Shell.run(
      "cd \(folder.path) && python3 \(script) \(Machine.program) \(Self.folder)/tls13-aes128.pcap "
        + "\(Self.folder)/tls13-aes128.keys")
    // The first line shows whether this machine writes cores at all.
    let lines = ran.output.split(separator: "\n")
    #expect(lines.count == 2 && lines.first?.hasPrefix("11 ") == true && lines.last == "11 False")
  }

  @Test func `wrong options are refused with a hint`() {
    let auto = read("--tls-port auto x.pcap")
    #expect(auto.status == 64 && auto.errors.contains("hint: --tls-port 443,8443"))
    let both = read("--keylog - -")
    #expect(
      both.status == 64 && both.errors.contains("standard input cannot be both the key log and a capture"))
  }
}
