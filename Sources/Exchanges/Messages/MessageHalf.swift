// SPDX-License-Identifier: Apache-2.0

import HTTP1

/// The phase of reading one direction.
enum ReadingPhase: BitwiseCopyable, Sendable {
  /// Inside something unknown: a head is looked for at the start of segments only. All zero bytes.
  case desynchronized
  /// A head may begin here, by the rules of the message before it or of the connection's start.
  case boundary
  /// Inside a head whose first bytes are stored.
  case head
  /// Inside a body of known length: `remaining` bytes are to come.
  case body
  /// Inside a chunked body.
  case chunked
  /// Inside a body that ends with the connection.
  case untilClose
  /// After a request for CONNECT or an upgrade: its response decides what follows.
  case awaitingResponse
  /// No longer HTTP/1.
  case tunnel
  /// HTTP/2: the other implementation of this stage reads on.
  case frames
}

/// The state of reading one direction's messages, and where the next head may begin.
///
/// `phase` changes by the transitions below alone; ARCHITECTURE.md draws them.
struct MessageHalf: BitwiseCopyable {
  fileprivate(set) var phase = ReadingPhase.desynchronized
  /// The body's length may be wrong: the request, which may have been HEAD, was not seen; or the body is a request's
  /// and was refused after its beginning and before its end.
  fileprivate(set) var isBodyUncertain = false
  /// The head being stored follows on what was read before it.
  fileprivate(set) var isHeadInStep = false
  /// Body bytes to come, in phase `body`.
  fileprivate(set) var remaining: UInt64 = 0
  /// Bytes of the body have come, in phase `body`.
  fileprivate var hasBegunBody = false
  var chunks = ChunkedBody()
  /// The bytes of an unfinished head, in phase `head`.
  var stored = StoredHead()
  /// The number of segments counted as continuations for the unfinished head.
  var headSegments: Int32 = 0
  /// The sequence number of the unfinished head's first byte.
  fileprivate(set) var headStart: UInt32 = 0
}

/// The transitions. Each asserts in debug builds that it may follow on the phase before it.
extension ElementRef<MessageHalf> {
  /// A stream begins: by a SYN (a head may begin), or in the midst of it.
  @inline(__always)
  func start(atBoundary: Bool) {
    // A direction of which nothing was read may have left HTTP/1 by the other one's doing.
    if self.phase == .frames { return }
    expect(.desynchronized, .tunnel)
    let phase: ReadingPhase = atBoundary ? .boundary : .desynchronized
    self.phase = phase
  }

  /// Bytes are missing or make no sense: the next head is looked for.
  @inline(__always)
  func desynchronize() {
    assert(self.phase != .head && self.phase != .tunnel, "a head or a tunnel ends by itself")
    self.phase = .desynchronized
  }

  /// The first bytes of a head were stored; `segments` are counted for them.
  @inline(__always)
  func beginHead(_ stored: StoredHead, at start: UInt32, isInStep: Bool, segments: Int32) {
    expect(.boundary, .desynchronized)
    self.phase = .head
    self.stored = stored
    self.headStart = start
    self.isHeadInStep = isInStep
    self.headSegments = segments
  }

  /// The stored head is whole, or was ended without its end; its block has been given back.
  @inline(__always)
  func endHead(isWhole: Bool) {
    expect(.head, .head)
    let phase: ReadingPhase = isWhole ? .boundary : .desynchronized
    self.phase = phase
    self.stored = StoredHead()
    self.headSegments = 0
  }

  /// A head without a body, or whose body has been read, was read whole.
  @inline(__always)
  func endMessage() {
    assert(self.phase != .head && self.phase != .tunnel && self.phase != .untilClose)
    self.phase = .boundary
  }

  /// A head was read whose body has a known length.
  @inline(__always)
  func beginBody(length: UInt64) {
    expect(.boundary, .desynchronized)
    self.remaining = length
    self.hasBegunBody = false
    let phase: ReadingPhase = length == 0 ? .boundary : .body
    self.phase = phase
  }

  /// Body bytes were read or are missing; no more than remain.
  @inline(__always)
  func passBody(_ count: UInt64) {
    expect(.body, .body)
    self.remaining &-= count
    self.hasBegunBody = true
    if self.remaining == 0 { self.phase = .boundary }
  }

  /// A head was read whose body is chunked.
  @inline(__always)
  func beginChunks() {
    expect(.boundary, .desynchronized)
    self.chunks = ChunkedBody()
    self.phase = .chunked
  }

  /// A response was read whose body ends with the connection.
  @inline(__always)
  func readUntilClose() {
    expect(.boundary, .desynchronized)
    self.phase = .untilClose
  }

  /// A request was read whose response decides what follows it.
  @inline(__always)
  func awaitResponse() {
    expect(.boundary, .desynchronized)
    self.phase = .awaitingResponse
  }

  /// The response has come, and the server keeps to HTTP/1.
  @inline(__always)
  func stayInHTTP() {
    expect(.awaitingResponse, .awaitingResponse)
    self.phase = .boundary
  }

  /// The connection carries something else from here on.
  @inline(__always)
  func leaveHTTP() {
    assert(self.phase != .head, "a head in the making is ended first")
    self.phase = .tunnel
  }

  /// The connection carries HTTP/2 from here on.
  @inline(__always)
  func beginFrames() {
    assert(self.phase != .head, "a head in the making is ended first")
    self.phase = .frames
  }

  /// The connection is not read as HTTP/2 any more: a head may begin here, or is looked for.
  func endFrames(atBoundary: Bool) {
    let phase: ReadingPhase = atBoundary ? .boundary : .desynchronized
    self.phase = phase
  }

  /// Whether the body's length is to be trusted, from its head on.
  @inline(__always)
  func trustBody(_ isTrusted: Bool) { self.isBodyUncertain = !isTrusted }

  /// A request has been refused, and if the body being read is its body, the client may leave the rest out.
  @inline(__always)
  func doubtUnfinishedBody() {
    if self.phase == .body && self.hasBegunBody || self.phase == .chunked && self.chunks != ChunkedBody() {
      self.isBodyUncertain = true
    }
  }

  @inline(__always)
  private func expect(_ a: ReadingPhase, _ b: ReadingPhase) {
    assert(self.phase == a || self.phase == b, "a reading in phase \(self.phase) instead of \(a) or \(b)")
  }
}
