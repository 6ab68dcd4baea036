// SPDX-License-Identifier: Apache-2.0

import Capture
import Ciphers
import PcapCapture
import TLSCoverage
import TLSDecryption

/// The decryption of TLS while files are read: its keys, its ports, and what could not be read.
struct TLSReading {
  let source: TLSSource
  private let decryptor: TLSDecryptor
  private let keys: KeyStore
  private let files: FileSource

  /// What is seen and read of TLS, as the decryption says.
  let coverage: TLSCoverage

  /// Reads the key log, before the sandbox; nil when nothing is to be decrypted.
  /// - Parameter ports: the ports of HTTP, where what is no TLS is read as it is.
  init?(_ command: ReadCommand, _ files: FileSource, plainPorts ports: PortSet) throws(CaptureError) {
    guard let tlsPorts = Self.ports(command) else { return nil }
    guard RecordCipher.start() else {
      throw CaptureError(.unavailable, "libcrypto lacks a cipher of TLS")
    }
    if !RecordCipher.hideMemory() {
      Failure.say("the kernel refuses to keep this process out of core dumps: one may hold keys", .warning)
    }
    let keys = KeyStore()
    if let path = command.keyLog { try Self.read(path, into: keys) }
    self.keys = keys
    self.files = files
    decryptor = TLSDecryptor(keys: keys, ports: tlsPorts, plainPorts: ports)
    source = TLSSource(files, decryptor)
    coverage = TLSCoverage(CoverageConditions(ports: tlsPorts, reading: .keys))
    decryptor.observer = DecryptionCoverage(coverage)
    files.secrets = { text in
      var lines = KeyStore.Lines()
      _ = keys.add(text, isEnd: true, &lines)
    }
  }

  /// The ports that are decrypted; nil when nothing is.
  static func ports(_ command: ReadCommand) -> PortSet? {
    command.tlsPorts?.ports ?? (command.keyLog == nil ? nil : .https)
  }

  /// The packets' counters, with the segments of text in place of the encrypted ones.
  var counters: CaptureCounters {
    var counters = files.counters
    counters.matched = source.delivered
    return counters
  }

  /// What was read of TLS, and what was not and why, as messages.
  var notices: [String] {
    let counters = decryptor.counters
    guard counters.connections > 0 else { return [] }
    var notices = [
      "TLS: \(counters.connections) connections, \(counters.read) read; records: \(counters.decryptedRecords) "
        + "decrypted, \(counters.passedRecords) passed over, \(counters.lostRecords) lost"
    ]
    for reason in UnreadReason.allCases where counters[reason] > 0 {
      notices.append("TLS: not read, \(reason.rawValue): \(counters[reason])\(names(reason))")
    }
    return notices
  }

  /// The servers of connections that were not read, the most frequent ones first.
  private func names(_ reason: UnreadReason) -> String {
    let names = decryptor.unread[reason, default: [:]].filter { $0.key != "" }
      .sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    guard !names.isEmpty else { return "" }
    let shown = names.prefix(5).map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    return " (\(shown)\(names.count > 5 ? ", and \(names.count - 5) more names" : ""))"
  }

  private static func read(_ path: String, into keys: KeyStore) throws(CaptureError) {
    let input = try FileInput(path: path)
    var lines = KeyStore.Lines()
    while true {
      let available = input.available(KeyStore.longestLine + 1)
      guard available > 0 else { break }
      let isEnd = available <= KeyStore.longestLine
      input.consume(keys.add(input.bytes(available), isEnd: isEnd, &lines))
    }
    if lines.bad > 0 {
      Failure.say(
        "\(input.name): \(lines.bad) of \(lines.count) lines are no secrets; the first is line \(lines.firstBad)",
        hint: "lines are LABEL RANDOM SECRET, in hexadecimal digits, as SSLKEYLOGFILE has them", .warning)
    }
    if lines.surplus > 0 {
      Failure.say("\(input.name): there was no room for \(lines.surplus) secrets", .warning)
    }
    guard lines.secrets > 0 else {
      throw CaptureError(
        .badData, "\(input.name) has no secrets of TLS 1.2 or 1.3",
        hint: "SSLKEYLOGFILE=\(input.name) curl https://... writes one")
    }
  }
}
