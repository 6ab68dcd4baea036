// SPDX-License-Identifier: Apache-2.0
import Capture
import Foundation
import PcapCapture
import Testing

/// Files that are cut or broken give what is good before the fault, then its position.
@Suite struct BrokenFileTests {
  /// Packets read before the fault, and the fault.
  private func read(_ bytes: [UInt8]) -> (packets: UInt64, fault: CaptureError?) {
    let path = NSTemporaryDirectory() + "wiretally-broken-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    guard FileManager.default.createFile(atPath: path, contents: Data(bytes)) else { return (0, nil) }
    let source = FileSource(paths: [path], ports: .http)
    do throws(CaptureError) {
      while try source.receive(timeout: 0, { _, _ in }) != .ended {}
      return (source.packets, nil)
    } catch {
      return (source.counters.packets, error)
    }
  }

  private func capture(_ name: String) throws -> [UInt8] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return Array(try Data(contentsOf: folder.appendingPathComponent("Captures/\(name)")))
  }

  @Test(arguments: ["zeek-get.pcap", "zeek-image.pcapng"])
  func `a file cut anywhere gives its whole packets and one fault, or none at a packet's end`(name: String)
    throws
  {
    let bytes = try capture(name)
    let whole = read(bytes)
    #expect(whole.fault == nil)
    var last: UInt64 = 0
    for cut in stride(from: 0, to: bytes.count, by: 7) {
      let (packets, fault) = read(Array(bytes[..<cut]))
      #expect(packets >= last && packets <= whole.packets)
      last = packets
      if let fault { #expect(fault.reason == .badData) }
    }
  }

  @Test func `the fault names the byte, the packet and how many are good`() throws {
    let bytes = try capture("zeek-get.pcap")
    let fault = read(Array(bytes[..<(bytes.count - 1)])).fault
    #expect(fault?.message.contains("is broken at byte ") == true)
    #expect(fault?.message.contains("packets before it are good") == true)
    var long = bytes
    long.replaceSubrange(32..<36, with: [0xff, 0xff, 0xff, 0xff])
    #expect(read(long).fault?.message.contains("packet 1 says it has 4294967295 bytes") == true)
  }

  @Test(arguments: [[], [1, 2], [0x1f, 0x8b, 8, 0], Array("hello, this is no capture".utf8)] as [[UInt8]])
  func `what is no capture file is reported as none`(bytes: [UInt8]) {
    #expect(read(bytes).fault?.reason == .badData)
  }
}
