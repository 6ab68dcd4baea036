// SPDX-License-Identifier: Apache-2.0

/// The hint that the reading of a direction gets about the other one and about the requests that wait, by value.
struct PairingHint: BitwiseCopyable {
  /// Requests of the flow wait for their responses.
  var isWaiting = false
  /// What the client had received when it sent the last of them, when `hasLastAcknowledgement`.
  var lastAcknowledgement: UInt32 = 0
  var hasLastAcknowledgement = false
  /// The sequence number up to which the other direction has been read; nil when nothing is known of it.
  var otherPosition: UInt32?
}

/// The properties of a request that decide how its response is read.
struct AnsweredRequest: BitwiseCopyable {
  var isHead: Bool
  var isConnect: Bool
  /// The request asked for another protocol.
  var isUpgrade: Bool
}

/// The outcome of reading a chunk; it decides the one class of the accounting that the segment falls in.
struct ChunkOutcome: BitwiseCopyable {
  /// The number of heads that ended in the chunk.
  var heads = 0
  /// A part of a head was stored, not its end.
  var hasPartialHead = false
  var isUnparseable = false
  var isFalseHead = false
}

/// The reading of one chunk: where it stands, and what it has come to.
struct ChunkReading: BitwiseCopyable {
  /// The offset of the next byte to read.
  var offset = 0
  var outcome = ChunkOutcome()
  /// Needed where `MessageReader.needsHint` says so.
  var hint = PairingHint()
  /// The chunk came after reading had continued without it: its heads decide nothing about its direction.
  var isLate = false
  /// The chunk's numbers may be a guess: its requests count and wait for no response, but those that `mayBeAnswered`, and its
  /// responses answer none.
  var isDoubtful = false
  var mayBeAnswered = false

  /// The rest of the chunk was not captured from where a head would begin.
  var isCutAtBoundary = false
  /// A head has given way to one of the chunk: `evicted`'s.
  var hasEvicted = false
  /// Whose head gives way, after `ReadingStep.noRoom`.
  var evicted = HeadOwner(flow: FlowIndex(offset: 0), direction: .forward, isAnswered: false)

  // Of the head that was read last.

  /// The offset of its first byte in the chunk, unless it is `stored`.
  var headOffset = 0
  /// The sequence number of its first byte.
  var headStart: UInt32 = 0
  /// No bytes of the direction are missing before it.
  var isInStep = false
  var stored = StoredHead()
}

/// A step of reading a chunk: what it came upon.
enum ReadingStep: BitwiseCopyable {
  /// No head that counts: reading continues.
  case none
  /// Bytes where a head was due that begin none; `headOffset` is where they lie.
  case stray
  /// A message's head, in the chunk's bytes.
  case head
  /// A message's head, in the store.
  case storedHead
  /// A proxy's header before a connection's first bytes, from `headOffset` to `offset`.
  case proxyHeader
  /// There is no room for the bytes of a head: another one is to be ended, and the chunk read again from here.
  case noRoom
  /// The first bytes of HTTP/2, of a client or of a server: the connection leaves HTTP/1.
  case preface(isClient: Bool)
  /// A client's preface that was stored.
  case storedPreface
}

/// The meaning of a gap in a direction whose gaps are not waited for.
enum GapMeaning: BitwiseCopyable {
  /// The chunk after it is body: it is not read, and counts as a false head or not.
  case isBody(looksLikeHead: Bool)
  /// The chunk after it is of a head in the making, and waits for the bytes before it.
  case insideHead
  /// The chunk after it is of a head that is too long to wait for: it is not read.
  case beyondHead
  /// A head in the making is over; the chunk is to be read.
  case endsHead
  /// This many first bytes of the gap were the rest of a body; the chunk is to be read.
  case endsBody(UInt32)
  /// The chunk is to be read.
  case unknown
}
