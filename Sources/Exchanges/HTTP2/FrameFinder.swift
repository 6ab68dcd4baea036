// SPDX-License-Identifier: Apache-2.0

import HTTP1
import HTTP2
import System

/// The test whether bytes from the midst of a connection are HTTP/2 frames: by what they would have to be, never by a guess.
///
/// Frames are looked for at the start of segments, where senders begin them as a rule. Of one header 22 bits are fixed
/// in ordinary ones, so that random bytes begin with one in 2²² times. A flow of which nothing is known carries frames when
/// they begin with a request's block, whose method, scheme and path say so (about 17 bits more), or with three
/// ordinary frames one of which has a status. In a flow that is known to carry frames two headers, or one frame that
/// ends with the segment, are enough.
enum FrameFinder {
  /// The longest payload of a frame of which nothing is known: what is allowed without a setting.
  private static let longest = Int(Settings.initialFrameSize)
  /// Frames that are looked at, so that a segment takes a fixed number of steps.
  private static let most = 16

  /// Whether bytes begin with a header of either side.
  @inline(__always)
  static func mayBegin(_ bytes: RawSpan) -> Bool {
    guard bytes.byteCount >= FrameHeader.length else { return false }
    let header = FrameHeader(bytes, at: 0)
    return header.isOrdinary(from: .server, longest: longest)
      || header.isOrdinary(from: .client, longest: longest)
  }

  /// Who sends the frames; nil when the bytes may be anything else.
  static func sender(
    _ bytes: RawSpan, length: Int, _ probe: HeaderDecoder, _ list: HeaderList
  ) -> FrameSender? {
    for sender in [FrameSender.client, .server] {
      if isProven(bytes, from: sender, probe, list) { return sender }
    }
    return nil
  }

  private static func isProven(
    _ bytes: RawSpan, from sender: FrameSender, _ probe: HeaderDecoder, _ list: HeaderList
  ) -> Bool {
    var offset = 0, frames = 0
    var hasStatus = false
    while offset &+ FrameHeader.length <= bytes.byteCount, frames < most {
      let header = FrameHeader(bytes, at: offset)
      guard header.isOrdinary(from: sender, longest: longest) else { return false }
      frames &+= 1
      let payload = offset &+ FrameHeader.length
      offset = payload &+ header.payload
      if header.type == FrameHeader.Kind.headers, offset <= bytes.byteCount {
        guard header.has(FrameHeader.Flags.endHeaders) else { return false }
        guard let proof = proof(header, bytes, payload, probe, list) else { return false }
        if sender == .client, proof == .request { return mayFollow(bytes, at: offset, from: sender) }
        if sender == .server, proof == .status { hasStatus = true }
      }
      if hasStatus, frames >= 3 { return true }
    }
    return false
  }

  /// Whether a frame's end is followed by an ordinary header, as far as that is there.
  private static func mayFollow(_ bytes: RawSpan, at offset: Int, from sender: FrameSender) -> Bool {
    guard offset &+ FrameHeader.length <= bytes.byteCount else { return true }
    return FrameHeader(bytes, at: offset).isOrdinary(from: sender, longest: longest)
  }

  private enum Proof { case request, status, none }

  /// What a block says; nil when it is none.
  private static func proof(
    _ header: FrameHeader, _ bytes: RawSpan, _ start: Int, _ probe: HeaderDecoder, _ list: HeaderList
  ) -> Proof? {
    var start = start, end = start &+ header.payload
    if header.has(FrameHeader.Flags.padded) {
      let padding = bytes.extracting(start..<(start &+ 1))
      end &-= Int(padding.byte(0))
      start &+= 1
    }
    if header.has(FrameHeader.Flags.priority) { start &+= 5 }
    guard start < end else { return nil }
    probe.clear()
    do { try probe.decode(bytes.extracting(start..<end), into: list) } catch { return nil }
    if case .field = list.find(.status) {
      return StatusText.status(list.value(of: .status)) == nil ? nil : .status
    }
    // Method and scheme are in the static table, so they are known as a rule; the path may not be.
    guard case .field = list.find(.method), case .field = list.find(.scheme) else { return Proof.none }
    let method = list.value(of: .method), scheme = list.value(of: .scheme)
    // "http", "https"
    guard Method.named(method, 0, method.byteCount) != .other, scheme.byteCount >= 4, scheme.byteCount <= 5,
      scheme.big32(0) == 0x6874_7470
    else { return Proof.none }
    switch list.find(.path) {
    case .absent: return Proof.none
    case .unknown: return .request
    case .field:
      let path = list.value(of: .path)
      return path.byteCount > 0 && (path.byte(0) == 0x2f || path.byte(0) == 0x2a) ? .request : Proof.none
    }
  }

  /// Whether a chunk of a direction that is known to carry frames begins with one.
  static func begins(_ bytes: RawSpan, length: Int, from sender: FrameSender) -> Bool {
    var offset = 0, frames = 0
    while offset < length, frames < most {
      guard offset &+ FrameHeader.length <= bytes.byteCount else { return frames >= 2 }
      let header = FrameHeader(bytes, at: offset)
      guard header.isOrdinary(from: sender, longest: longest) else { return false }
      frames &+= 1
      offset &+= FrameHeader.length &+ header.payload
    }
    return offset == length || frames >= 2
  }
}

/// The value of `:status`.
enum StatusText {
  /// 100 to 599; nil for what is no status.
  static func status(_ value: RawSpan) -> UInt16? {
    guard value.byteCount == 3 else { return nil }
    var status: UInt16 = 0
    for offset in 0..<3 {
      let digit = value.byte(offset) &- 0x30
      guard digit < 10 else { return nil }
      status = status &* 10 &+ UInt16(digit)
    }
    return status >= 100 && status < 600 ? status : nil
  }
}
