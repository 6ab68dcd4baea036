// SPDX-License-Identifier: Apache-2.0

import HTTP1

/// A step of reading a chunk of frames: what it came upon.
enum FrameStep: BitwiseCopyable {
  /// All of the chunk has been read.
  case endOfChunk
  /// What looked like a server's first frame was followed by no client's preface: the connection is none of HTTP/2.
  /// `isClients`: the chunk is of the client's direction.
  case noFrames(isClients: Bool)
  /// A request, whose fields are in the list; to be added with `FrameConnection.add`.
  case request(StreamRequest)
  /// An interim response.
  case interim(status: UInt16, request: RequestIndex?)
  /// A final response's head.
  case response(StreamResponse)
  /// The head of a response, interim or final, to a request that was not seen.
  case unmatched(status: UInt16)
  /// An exchange is over.
  case ended(EndedStream)
  /// A request that nobody made (PUSH_PROMISE); `isRead`: its fields could be read.
  case promise(isRead: Bool)
  /// A block could not be read, with which an exchange may be over, or frames were found again after a gap.
  case resync(EndedStream?)
}

/// A request of a stream.
struct StreamRequest: BitwiseCopyable {
  var stream: UInt32
  var method: Method
  var call: StreamState.Call
  /// CONNECT: what follows a success is a tunnel.
  var isTunnel: Bool
}

/// A final response's head.
struct StreamResponse: BitwiseCopyable {
  /// A head came before it whose status nobody can know: that was an interim one.
  var isSecond = false
  /// A tunnel begins with it.
  var isTunnel = false
  /// The exchange, when it is over with the head.
  var ended: EndedStream?
}

/// An exchange that is over, and all that its stream says of it.
struct EndedStream: BitwiseCopyable {
  enum End: BitwiseCopyable {
    /// With a final status, and for a call with its own.
    case answered
    /// Either side gave it up before.
    case aborted
    /// Nobody can know how.
    case unknown
  }

  var end: End
  var outcome: ExchangeOutcome
  /// The status that a gRPC call ended with.
  var call: CallMark
  /// As the request was added with.
  var request: PackedIndex<RequestIndex>
  /// A final response's head was seen.
  var hasResponse: Bool
  /// The final status; 0 when nobody can know it.
  var status: UInt16
  /// The client gave it up, of `.aborted`.
  var isClients = false
  /// Capture time of the response's head.
  var responseTime: UInt64
  /// Bytes of the response's body, when `isBodyKnown`.
  var bodyBytes: UInt64
  var isBodyKnown: Bool
}
