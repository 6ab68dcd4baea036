// SPDX-License-Identifier: Apache-2.0

import Capture

/// The state of a connection's end, by its FIN or RST and by what has been read.
enum ConnectionEnd: BitwiseCopyable {
  /// None has been seen, or none that fits the connection.
  case open
  /// Bytes before it are missing and may still come.
  case missing
  /// All before it has been read.
  case reached
  /// The bytes before it were received, and never seen here.
  case unseen
}

/// A FIN or RST that was seen, until all before it has been read.
struct Closing: BitwiseCopyable {
  var direction = Direction.forward
  var isReset = false
  /// The sequence number after the last byte of the direction.
  var position: UInt32 = 0
  /// The next byte's number where nothing of the direction was read, as the other side knew it.
  var expected: UInt32?
}

extension StreamAssembler {
  /// Bytes that may lie between what was read and a reset that is believed, where every byte is delivered: a window
  /// that is not scaled.
  private static var farthestReset: Int32 { 65_535 }

  /// Bytes of a direction that may have gone by unrecognised, where not all is delivered.
  private static var unrecognised: Int64 { 1_024 }

  /// Whether a FIN or RST has a number that its direction may have come to, where bodies are not delivered: with all
  /// that was read and `unread` bytes more, or where the latest request expects the answer.
  func mayEnd(_ flow: FlowIndex, by closing: Closing, unread: UInt32) -> Bool {
    // Where all is delivered, the end waits for the bytes before it.
    if isStreams || firstHeld(flow, closing.direction) != nil { return true }
    if let expected = closing.expected {
      let distance = Int64(SequenceNumber.distance(closing.position, from: expected))
      if distance >= 0, distance <= Self.unrecognised { return true }
    }
    guard let next = position(of: flow, closing.direction) else { return closing.expected == nil }
    let distance = Int64(SequenceNumber.distance(closing.position, from: next))
    return distance >= 0 && distance <= Int64(unread) + Self.unrecognised
  }

  /// Notes a FIN, which may overtake bytes before it. One that was reached stays: a stranger may send others.
  mutating func finish(_ flow: FlowIndex, _ direction: Direction, at position: UInt32) {
    if finish(of: flow, direction)?.isReached != true { setFinish(flow, direction, at: position) }
  }

  /// Whether a direction's FIN was seen, with a number that this may have come to by now; `unread` as above.
  func isHalfClosed(_ flow: FlowIndex, _ direction: Direction, unread: UInt32) -> Bool {
    guard let finish = finish(of: flow, direction) else { return false }
    if finish.isReached { return true }
    let closing = Closing(direction: direction, position: finish.position)
    return !isStreams && mayEnd(flow, by: closing, unread: unread)
  }

  /// Notes a FIN or RST. `expected` is the direction's next byte where nothing of it was read.
  mutating func close(_ flow: FlowIndex, by closing: Closing) { setClosing(flow, closing) }

  /// How a connection's end stands; `acknowledgement` is what the other side has received, if a segment tells.
  mutating func end(of flow: FlowIndex, acknowledgement: UInt32?) -> ConnectionEnd {
    guard let closing = closing(of: flow) else { return .open }
    let end = end(closing, flow, acknowledgement)
    // What does not fit is forgotten: a stranger's segment, or one of an earlier connection.
    if end != .missing { setClosing(flow, nil) }
    return end
  }

  private func end(_ closing: Closing, _ flow: FlowIndex, _ acknowledgement: UInt32?) -> ConnectionEnd {
    guard let next = position(of: flow, closing.direction) ?? closing.expected else { return .reached }
    let missing = SequenceNumber.distance(closing.position, from: next)
    if missing < 0 { return .open }
    if missing == 0 { return .reached }
    // Without bodies, nobody knows how far the direction had come; what is held shows that it passes whole.
    guard isStreams || firstHeld(flow, closing.direction) != nil else {
      return missing < 1 << 30 ? .reached : .open
    }
    if closing.isReset {
      // A reset after a FIN has the number after the FIN's own.
      if missing == 1 { return .reached }
      return missing <= Self.farthestReset ? .unseen : .open
    }
    if let acknowledgement, SequenceNumber.distance(acknowledgement, from: closing.position) > 0 {
      return .unseen
    }
    return .missing
  }
}
