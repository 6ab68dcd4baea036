// SPDX-License-Identifier: Apache-2.0
import Capture
import CHTTPFilter
import HTTP1
import KernelCapture
import PacketBuilder
import Testing

@Suite(.enabled(if: isRoot, "loading a BPF program requires root"), .serialized)
struct StreamDepthTests {
  let trial: Trial

  init() throws { trial = try Trial(KernelCaptureOptions(depth: .streams, ringBytes: 1 << 20)) }

  @Test func `every payload passes, whatever it is`() throws {
    for text in [request, response, "body", "\u{16}\u{3}\u{1}", "x"] {
      let records = try trial.records(Packet().payload(text))
      #expect(records.map(\.text) == [text])
      #expect(records.first?.segment.kind == .stream)
      #expect(records.first?.segment.payloadLength == UInt32(text.utf8.count))
    }
    let long = String(repeating: "0123456789", count: 360)
    #expect(try trial.records(Packet().payload(long)).map(\.text) == [long])
  }

  @Test func `segments that open or close a flow pass without payload, acknowledgements do not`() throws {
    for flags in UInt8(0)...63 {
      let records = try trial.records(Packet().flags(flags))
      #expect(records.count == (flags & 7 == 0 ? 0 : 1), "flags \(flags)")
      if let record = records.first {
        #expect(record.segment.flags.rawValue == flags && record.payload.isEmpty)
        #expect(record.segment.sequence == (flags & 2 != 0 ? 1001 : 1000))
      }
    }
  }
}

@Suite struct MethodListTests {
  @Test func `the filter's methods are those of the parser`() {
    var names: [String] = []
    while let name = unsafe httpf_method(names.count) { names.append(unsafe String(cString: name)) }
    let parsed = Method.allCases.filter { $0 != .other }.map(\.name)
    #expect(Set(names) == Set(parsed) && names.count == parsed.count)
    #expect(
      names.allSatisfy { name in
        let first = name.utf8.prefix(3)
        return name.utf8.count < 24 && first.first != 45
          && first.allSatisfy { (65...90).contains($0) || $0 == 45 }
      })
  }
}
