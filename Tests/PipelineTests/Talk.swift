// SPDX-License-Identifier: Apache-2.0
import Capture
import HTTP1

/// One connection's segments, as a backend delivers them.
struct Talk {
  var packets: [(segment: Segment, payload: [UInt8])] = []
  let depth: CaptureDepth
  let client = Endpoint(ipv4: 0x0a00_0001, port: 40_000)
  let server = Endpoint(ipv4: 0x0a00_0002, port: 80)
  private var clientNext: UInt32 = 1_000
  private var serverNext: UInt32 = 5_000
  private var time: UInt64 = 1_000_000_000_000

  init(depth: CaptureDepth) {
    self.depth = depth
    guard depth == .streams else { return }
    add(true, [], [.syn], kind: .stream)
    add(false, [], [.syn, .ack], kind: .stream)
  }

  /// Sends bytes, in one segment or cut into two.
  mutating func send(fromClient: Bool, _ bytes: [UInt8], cut: Int?) {
    // A segment holds less than 64 KiB as a rule; long ones come as they do with segmentation offloads.
    let cut = min(max(cut ?? 0, 0), bytes.count)
    if cut > 0 { add(fromClient, Array(bytes[..<cut]), [.ack, .psh], kind: .start) }
    if cut < bytes.count {
      add(fromClient, Array(bytes[cut...]), [.ack, .psh], kind: cut > 0 ? .continuation : .start)
    }
  }

  private mutating func add(
    _ fromClient: Bool, _ payload: [UInt8], _ flags: Segment.Flags, kind: Segment.Kind
  ) {
    let segment = Segment(
      time: time, source: fromClient ? client : server, destination: fromClient ? server : client,
      sequence: fromClient ? clientNext : serverNext,
      acknowledgement: fromClient ? serverNext : clientNext, payloadLength: UInt32(payload.count),
      flags: flags, kind: depth == .streams ? .stream : kind)
    packets.append((segment, payload))
    time += 1_000_000
    if fromClient { clientNext &+= UInt32(payload.count) } else { serverNext &+= UInt32(payload.count) }
  }
}
