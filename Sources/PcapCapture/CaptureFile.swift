// SPDX-License-Identifier: Apache-2.0

package import Capture
package import Packets
import System

/// One packet of a capture file.
package struct FilePacket: Sendable {
  /// Nanoseconds since 1970; 0 where the file has no time.
  package var time: UInt64
  /// Bytes on the wire, at least as many as were captured.
  package var wireLength: Int
  package var link: LinkLayer
  /// What the program that has written the file says of it, when that was this one.
  package var mark: RecordingMark?
}

/// A capture file of either format, read packet by packet: pcap in both byte orders and resolutions,
/// pcapng with any number of sections and interfaces.
package final class CaptureFile {
  /// A packet or block longer than this is no packet but a broken length.
  static let longest = 16 * 1024 * 1024

  package let input: FileInput
  /// Packets read so far.
  package internal(set) var packets: UInt64 = 0
  /// Packets whose link layer cannot be read.
  package internal(set) var unreadable: UInt64 = 0

  /// What the operator should know about the file.
  package internal(set) var notice: String?

  /// Receives key logs that a file brings, as its blocks are read; nil when nobody asks for them.
  var secrets: ((RawSpan) -> Void)?

  enum Format {
    case classic(ClassicFormat)
    case nextGeneration(NextGenerationFormat)
  }
  var format: Format
  /// The order in which packets are read, where it is not the file's own.
  var order: RecordOrder?

  /// Opens `path`, or standard input for `-`, and reads the header.
  package init(path: String) throws(CaptureError) {
    let input = try FileInput(path: path)
    self.input = input
    let count = input.available(24)
    if count < 24, let fault = input.fault {
      throw CaptureError(.badData, "\(input.name) cannot be read: \(fault)")
    }
    guard count >= 4 else {
      throw CaptureError(
        .badData, count == 0 ? "\(input.name) is empty" : "\(input.name) is too short to be a capture file",
        hint: "give a file written by tcpdump -w, dumpcap or tshark")
    }
    let head = input.bytes(min(count, 24))
    if head.big32(0) == NextGenerationFormat.sectionHeader {
      format = .nextGeneration(NextGenerationFormat())
    } else {
      format = .classic(try ClassicFormat(head, name: input.name))
      input.consume(24)
    }
    findOrder()
  }

  /// The depth of the watch that has written the file; nil when it is no recording.
  package var recordedDepth: CaptureDepth? {
    if case .nextGeneration = format { NextGenerationFormat.recordedDepth(of: input) } else { nil }
  }

  /// Bytes of the file that have been read.
  package var progress: UInt64 {
    guard let order, let size = input.size, !order.records.isEmpty else { return input.progress }
    return size / UInt64(order.records.count) * min(packets, UInt64(order.records.count))
  }

  /// Hands up to `count` packets to `body`, in one call so that the closure is made once; false at the
  /// end of the file.
  func next(_ count: Int, _ body: (FilePacket, RawSpan) -> Void) throws(CaptureError) -> Bool {
    if order == nil, case .classic(let classic) = format { return try classic.next(count, self, body) }
    for _ in 0..<count {
      guard try next(body) else { return false }
      // What a pipe has brought is handed on before more is waited for.
      if input.isDrained { break }
    }
    return true
  }

  /// Hands the next packet to `body`, by time where the file can be read so; false at the end of the file.
  package func next(_ body: (FilePacket, RawSpan) -> Void) throws(CaptureError) -> Bool {
    order == nil ? try read(body) : try nextInOrder(body)
  }

  /// Hands the packet at the current position to `body`; false at the end of the file.
  func read(_ body: (FilePacket, RawSpan) -> Void) throws(CaptureError) -> Bool {
    switch format {
    case .classic(let classic): return try classic.next(1, self, body)
    case .nextGeneration(var blocks):
      defer { format = .nextGeneration(blocks) }
      return try blocks.next(self, body)
    }
  }

  /// What is wrong at the current position.
  func broken(_ why: String) -> CaptureError {
    let good = packets == 1 ? "1 packet before it is good" : "\(packets) packets before it are good"
    let reason = input.fault.map { "reading failed: \($0)" } ?? why
    let place = "byte \(input.position)\(input.isCompressed ? " of what it holds" : "")"
    return CaptureError(.badData, "\(input.name) is broken at \(place): \(reason); \(good)")
  }
}
