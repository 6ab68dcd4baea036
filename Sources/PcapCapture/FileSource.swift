// SPDX-License-Identifier: Apache-2.0

package import Capture

/// Capture files, one after the other, as one source of segments.
package final class FileSource: SegmentSource {
  /// Packets handed on in one call of `receive`.
  private static let batch = 1_024

  private var paths: [String]
  private var file: CaptureFile?
  private var intake: PacketIntake
  /// Packets read of all files.
  package private(set) var packets: UInt64 = 0
  /// Packets whose link layer cannot be read.
  package private(set) var unreadable: UInt64 = 0
  private var latest: UInt64 = 0

  /// - Parameter paths: files in the order in which they are read; `-` is standard input.
  package init(paths: [String], ports: PortSet) {
    self.paths = paths.reversed()
    intake = PacketIntake(ports: ports, depth: .streams)
  }

  package var counters: CaptureCounters { intake.counters }

  /// Only packets move the clock of a file.
  package var now: UInt64? { nil }

  /// Which file is being read, and how far: position and size in bytes.
  package var progress: (name: String, position: UInt64, size: UInt64?)? {
    file.map { ($0.input.name, $0.input.position, $0.input.size) }
  }

  package func receive(
    timeout: Int32, _ body: (borrowing Segment, RawSpan) -> Void
  ) throws(CaptureError) -> ReceiveOutcome {
    guard let current = try currentFile() else { return .ended }
    var delivered = 0
    for _ in 0..<Self.batch {
      let more = try current.next { packet, bytes in
        // A packet without a time comes at the time of the one before it.
        let time = packet.time == 0 ? latest : packet.time
        latest = max(latest, time)
        if intake.read(bytes, wireLength: packet.wireLength, link: packet.link, time: time) {
          delivered += 1
          // Copied out: the receiver may ask for the counters while it reads the segment.
          let segment = intake.segment
          body(segment, intake.payload(of: bytes))
        }
      }
      guard more else {
        packets += current.packets
        unreadable += current.unreadable
        file = nil
        break
      }
    }
    return .delivered(delivered)
  }

  /// Goes on with the next file after one that was broken.
  package func abandonFile() {
    if let file {
      packets += file.packets
      unreadable += file.unreadable
    }
    file = nil
  }

  private func currentFile() throws(CaptureError) -> CaptureFile? {
    if let file { return file }
    guard let path = paths.popLast() else { return nil }
    let opened = try CaptureFile(path: path)
    file = opened
    return opened
  }
}
