// SPDX-License-Identifier: Apache-2.0

import System
package import Capture
import Packets

/// Capture files, one after the other, as one source of segments.
package final class FileSource: SegmentSource {
  /// Packets handed on in one call of `receive`.
  private static let batch = 1_024
  /// Segments to other ports that are looked into, while the watched ones are silent.
  private static let samples = 65_536

  private var paths: [String]
  private var file: CaptureFile?
  private var intake: PacketIntake
  /// Packets read of all files.
  package private(set) var packets: UInt64 = 0
  /// Packets whose link layer cannot be read.
  package private(set) var unreadable: UInt64 = 0
  /// What the operator should know about the files read so far.
  package private(set) var notices: [String] = []
  /// Receives the key logs of TLS that files bring; nil when nobody asks for them.
  package var secrets: ((RawSpan) -> Void)?
  private var latest: UInt64 = 0
  private var joiner = DatagramJoiner()
  private var timestamps = TimestampCheck()
  /// Packets whose time was absurd, and that were read at the time of the one before them.
  package var absurdTimestamps: UInt64 { timestamps.absurd }

  /// Whether a recording's packets count whatever their ports are: those of its watch.
  private let takesRecordedPorts: Bool

  /// - Parameters:
  ///   - paths: files in the order in which they are read; `-` is standard input.
  ///   - helloPorts: ports of TLS, of whose connections the hellos are handed on too; nil for none.
  package init(paths: [String], ports: PortSet, helloPorts: PortSet? = nil) {
    self.paths = paths.reversed()
    takesRecordedPorts = ports == .http
    intake = PacketIntake(
      ports: ports, helloPorts: helloPorts, depth: .streams, joinsFragments: true, allowsShortPackets: true)
    intake.sampleOtherPorts(Self.samples)
  }

  /// Ports with requests, most of them first, of files that have nothing on the watched ones.
  package var portsWithRequests: [UInt16] { intake.portsWithRequests }

  package var counters: CaptureCounters { intake.counters }

  /// Only packets move the clock of a file.
  package var now: UInt64? { nil }

  /// Which file is being read, and how far: position and size in bytes.
  package var progress: (name: String, position: UInt64, size: UInt64?)? {
    file.map { ($0.input.name, $0.progress, $0.input.size) }
  }

  package func receive(
    timeout: Int32, _ body: (borrowing Segment, RawSpan) -> Void
  ) throws(CaptureError) -> ReceiveOutcome {
    if file == nil, let held = timestamps.flush() {
      return .delivered(read(held.packet, held.bytes.rawSpan, body))
    }
    guard let current = try currentFile() else {
      let rest = joiner.finish(&intake)
      for joined in rest { body(joined.segment, joined.payload.rawSpan) }
      return rest.isEmpty ? .ended : .delivered(rest.count)
    }
    var delivered = 0
    let more = try current.next(Self.batch) { packet, bytes in
      if !timestamps.passes(packet.time) {
        if let held = timestamps.release(before: packet.time) {
          delivered &+= read(held.packet, held.bytes.rawSpan, body)
        }
        if timestamps.holds(packet, bytes) { return }
      }
      delivered &+= read(packet, bytes, body)
    }
    if !more {
      packets += current.packets
      unreadable += current.unreadable
      file = nil
    }
    return .delivered(delivered)
  }

  /// Hands on what a packet holds or completes; returns the number of segments.
  @inline(__always)
  private func read(
    _ packet: FilePacket, _ bytes: RawSpan, _ body: (borrowing Segment, RawSpan) -> Void
  ) -> Int {
    var delivered = 0
    // A packet without a time comes at the time of the one before it.
    let time = packet.time == 0 ? latest : packet.time
    latest = max(latest, time)
    intake.takesAnyPort = takesRecordedPorts && packet.mark != nil
    if intake.read(bytes, wireLength: packet.wireLength, link: packet.link, time: time) {
      delivered &+= 1
      if let mark = packet.mark { intake.apply(mark) }
      // Copied out: the receiver may ask for the counters while it reads the segment.
      let segment = intake.segment
      body(segment, intake.payload(of: bytes))
    }
    if intake.isFragment {
      for joined in joiner.join(bytes, time, &intake) {
        delivered &+= 1
        body(joined.segment, joined.payload.rawSpan)
      }
    }
    return delivered
  }

  /// Opens the first file; the depth of the watch that has written it, nil when it is no recording. Throws what is wrong with it.
  package func recordedDepth() throws(CaptureError) -> CaptureDepth? { try currentFile()?.recordedDepth }

  /// Continues with the next file after one that was broken.
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
    if let notice = opened.notice { notices.append(notice) }
    if let secrets { opened.findSecrets(secrets) }
    return opened
  }
}
