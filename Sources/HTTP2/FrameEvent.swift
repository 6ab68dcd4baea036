// SPDX-License-Identifier: Apache-2.0

/// The events that a direction's bytes bring, one after the other.
package enum FrameEvent: Equatable, Sendable {
  /// All bytes of the chunk were read.
  case endOfChunk
  /// The client's connection preface is complete (RFC 9113, section 3.4).
  case preface
  /// A header block: its fields are in the list.
  case block(HeaderBlock)
  /// The header of a DATA frame; its payload, padding included, is skipped.
  case data(stream: UInt32, length: Int, endsStream: Bool)
  /// RST_STREAM; nil when its payload was lost.
  case reset(stream: UInt32, code: ErrorCode?)
  /// GOAWAY: streams of the receiver above the last one were not processed; nil when its payload was lost.
  case goAway(lastStream: UInt32?, code: ErrorCode?)
  /// SETTINGS: for `FrameReader.receiverAnnounced` of the other direction.
  case settings(Settings)
  /// The sender acknowledges SETTINGS of its peer.
  case settingsAcknowledged
  /// The receiver ends the connection with this error, or these are no frames: nothing is read until `resume`.
  case outOfStep(ErrorCode)
}

/// A header block: HEADERS or PUSH_PROMISE with the CONTINUATION frames after it.
package struct HeaderBlock: Equatable, Sendable {
  package enum Outcome: Equatable, Sendable {
    /// Its fields are in the list.
    case decoded
    /// A decoding error, with which the receiver ends the connection; the table was cleared.
    case refused(HeaderFault)
    /// Beyond `HeaderList.longestBlock`; the table was cleared.
    case tooLong
    /// Bytes of it were lost, or it began before the watch; the table was cleared.
    case lost
  }

  package var stream: UInt32
  /// The stream that a PUSH_PROMISE reserves; 0 for HEADERS, or when its payload was lost.
  package var promised: UInt32 = 0
  /// Whether it is a PUSH_PROMISE.
  package var isPromise = false
  /// Whether the sender sends no more on the stream.
  package var endsStream = false
  /// Encoded bytes, without padding and priority.
  package var length = 0
  package var outcome: Outcome = .decoded

  package init(stream: UInt32) { self.stream = stream }
}
