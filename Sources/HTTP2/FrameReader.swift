// SPDX-License-Identifier: Apache-2.0

/// The frames of one direction of a connection, read from chunks of its bytes in order.
///
///     outOfStep ◀── a fault, or a gap beyond a payload ──┐
///         │ resume                                       │
///         ▼                                              │
///     preface ─▶ header ─▶ skipping (DATA and what does not matter: by length)
///                  ▲   ├─▶ control  (RST_STREAM, GOAWAY, SETTINGS)
///                  └───┴─▶ block    (HEADERS, PUSH_PROMISE, CONTINUATION up to END_HEADERS)
///
/// The caller asks for one event after the other until `endOfChunk`, reports each gap, and hands SETTINGS to the other
/// direction's reader. A block that lies in one chunk is decoded where it is; others are gathered, up to
/// `HeaderList.longestBlock` bytes. Not for two threads at once.
package final class FrameReader {
  /// The position where a direction's bytes begin.
  package enum Start: Sendable {
    /// With the connection, or with the preface after an upgrade.
    case connection
    /// Anywhere: nothing is read until `resume`.
    case middle
  }

  enum Phase {
    case outOfStep, preface, header, skipping, control, block
  }

  package let sender: FrameSender
  /// The decoder of this direction's header blocks.
  package let headers: HeaderDecoder

  var phase: Phase
  /// Bytes of a preface, a header or a control payload gathered so far, and how many.
  var gathered: UInt128 = 0
  var gatheredBytes = 0
  /// The frame being read, and bytes of its payload still to come.
  var frame = FrameHeader()
  var remaining = 0
  /// Bytes of the frame's payload were lost.
  var isCut = false
  /// The SETTINGS frame being read.
  var settings = Settings()

  /// The block being read.
  var block: HeaderBlock?
  /// Fragments of the block, without padding, then what was gathered of a frame's payload.
  var fragments = ByteMemory(capacity: 0)
  var fragmentBytes = 0
  var payloadBytes = 0

  /// The first frame has to be SETTINGS.
  private var expectsSettings: Bool
  /// The first frame after `resume` may continue a block that was not seen.
  private var mayContinue = false
  private var tableLimit: SettingLimit
  private var frameLimit: SettingLimit
  /// SETTINGS frames of the receiver that are not acknowledged.
  private var outstanding = 0

  /// - Parameter names: the names whose values are kept.
  package init(sender: FrameSender, from start: Start, names: FieldNames = .shared) {
    self.sender = sender
    let isLate = start == .middle
    headers = HeaderDecoder(joinedLate: isLate, names: names)
    phase = isLate ? .outOfStep : sender == .client ? .preface : .header
    expectsSettings = !isLate
    tableLimit = SettingLimit(isLate ? .max : Settings.initialTableSize)
    frameLimit = SettingLimit(isLate ? .max : Settings.initialFrameSize)
  }

  /// Whether frames are being read; if not, `resume` is what helps.
  package var isInStep: Bool { phase != .outOfStep }

  /// Whether a header block has begun and not ended.
  package var isInBlock: Bool { block != nil || gatheredBytes > 0 && phase == .header }

  /// Whether the frame that the last event is of has padding.
  package var isPadded: Bool { frame.has(FrameHeader.Flags.padded) }

  /// Bytes of a payload that are still to come and of which none is looked at; 0 between frames and in those that
  /// matter. What a caller may leave out and report as a gap.
  package var skippable: Int { phase == .skipping ? remaining : 0 }

  /// Bytes up to the next frame's header; nil when nobody knows, or the header has begun.
  package var bytesToHeader: Int? {
    switch phase {
    case .outOfStep, .preface: nil
    case .header: gatheredBytes == 0 ? 0 : nil
    case .skipping, .control, .block: remaining
    }
  }

  /// Bytes of memory that this direction holds beside the object itself.
  package var memory: Int { headers.memory + fragments.capacity }

  /// Reads on from `offset`, which moves; the fields of a block go into `list`.
  package func next(_ chunk: RawSpan, from offset: inout Int, into list: HeaderList) -> FrameEvent {
    precondition(offset >= 0 && offset <= chunk.byteCount)
    while true {
      switch phase {
      case .outOfStep:
        offset = chunk.byteCount
        return .endOfChunk
      case .preface:
        if let event = readPreface(chunk, &offset) { return event }
      case .header:
        guard readHeader(chunk, &offset) else { return .endOfChunk }
        if let event = begin() { return event }
      case .skipping:
        let count = min(remaining, chunk.byteCount &- offset)
        offset &+= count
        remaining &-= count
        if remaining > 0 { return .endOfChunk }
        phase = .header
      case .control:
        if let event = readControl(chunk, &offset) { return event }
      case .block:
        if let event = readBlock(chunk, &offset, into: list) { return event }
      }
    }
  }

  /// Passes over `count` bytes that were not seen; nil: nobody knows how many.
  ///
  /// Within a payload that is skipped nothing is lost. Within one that matters its frame is. Beyond it the
  /// frames themselves are lost, with what they inserted into the table, and the reader is out of step.
  /// - Returns: Whether it still is in step.
  @discardableResult
  package func gap(_ count: Int?) -> Bool {
    guard phase != .outOfStep, count != 0 else { return isInStep }
    guard let count, count > 0, count <= remaining, phase != .header, phase != .preface else {
      lose()
      return false
    }
    remaining &-= count
    isCut = true
    if phase == .block { block?.outcome = .lost }
    return true
  }

  /// Begins to read at a frame's header, which is the next byte; entries of the table from before are unknown.
  package func resume() {
    lose()
    phase = .header
    mayContinue = true
    expectsSettings = false
  }

  /// The other direction brought a SETTINGS frame, or an upgrade's `HTTP2-Settings`, which the answer acknowledges.
  package func receiverAnnounced(_ settings: Settings, isAcknowledged: Bool = false) {
    guard settings.isWhole else { return receiverSettingsUnknown() }
    if let size = settings.tableSize { tableLimit.announce(size) }
    if let size = settings.frameSize { frameLimit.announce(size) }
    outstanding &+= 1
    if isAcknowledged { acknowledge() }
    updateBound()
  }

  /// The other direction has a gap, in which SETTINGS may have been lost.
  package func receiverSettingsUnknown() {
    tableLimit = SettingLimit(.max)
    frameLimit = SettingLimit(.max)
    outstanding = 0
    updateBound()
  }

  func acknowledge() {
    if outstanding > 0 { outstanding &-= 1 }
    guard outstanding == 0 else { return }
    tableLimit.acknowledge()
    frameLimit.acknowledge()
    updateBound()
  }

  private func updateBound() {
    let most = tableLimit.most
    headers.setBound(most == .max ? nil : most, isAcknowledged: outstanding == 0)
  }

  /// Forgets the frame, the block and the table.
  private func lose() {
    phase = .outOfStep
    block = nil
    dropFragments()
    gatheredBytes = 0
    gathered = 0
    remaining = 0
    isCut = false
    headers.clear()
  }

  func fail(_ code: ErrorCode) -> FrameEvent {
    lose()
    return .outOfStep(code)
  }

  /// Gathers a header; false when its end is not in the chunk.
  @inline(__always)
  private func readHeader(_ chunk: RawSpan, _ offset: inout Int) -> Bool {
    if gatheredBytes == 0, chunk.byteCount &- offset >= FrameHeader.length {
      frame = FrameHeader(chunk, at: offset)
      offset &+= FrameHeader.length
      return true
    }
    guard gather(FrameHeader.length, chunk, &offset) else { return false }
    frame = FrameHeader(
      high: UInt64(truncatingIfNeeded: gathered >> 8), low: UInt8(truncatingIfNeeded: gathered))
    gathered = 0
    gatheredBytes = 0
    return true
  }

  /// Gathers up to `count` bytes, 16 at most, most significant first; false when they are not all here.
  func gather(_ count: Int, _ chunk: RawSpan, _ offset: inout Int) -> Bool {
    while gatheredBytes < count {
      guard offset < chunk.byteCount else { return false }
      gathered = gathered << 8 | UInt128(chunk.octet(offset))
      gatheredBytes &+= 1
      offset &+= 1
    }
    return true
  }

  /// Compares with the preface.
  private func readPreface(_ chunk: RawSpan, _ offset: inout Int) -> FrameEvent? {
    while gatheredBytes < ConnectionPreface.length {
      guard offset < chunk.byteCount else { return .endOfChunk }
      guard chunk.octet(offset) == ConnectionPreface.byte(gatheredBytes) else { return fail(.protocolError) }
      gatheredBytes &+= 1
      offset &+= 1
    }
    gatheredBytes = 0
    phase = .header
    return .preface
  }

  /// Decides by the header how the payload is read.
  private func begin() -> FrameEvent? {
    let isContinuation = frame.type == FrameHeader.Kind.continuation
    if let block {
      guard isContinuation, frame.stream == block.stream else { return fail(.protocolError) }
    } else if isContinuation {
      guard mayContinue, frame.fault(from: sender) == nil else { return fail(.protocolError) }
    }
    if expectsSettings {
      guard frame.type == FrameHeader.Kind.settings, !frame.has(FrameHeader.Flags.acknowledgement) else {
        return fail(.protocolError)
      }
      expectsSettings = false
    }
    if let fault = frame.fault(from: sender) { return fail(fault) }
    if UInt32(frame.payload) > frameLimit.most { return fail(.frameSizeError) }
    remaining = frame.payload
    isCut = false
    switch frame.type {
    case FrameHeader.Kind.headers, FrameHeader.Kind.pushPromise, FrameHeader.Kind.continuation:
      beginBlock(isContinued: isContinuation)
    case FrameHeader.Kind.reset, FrameHeader.Kind.goAway, FrameHeader.Kind.settings:
      settings = Settings()
      phase = .control
    case FrameHeader.Kind.data:
      phase = .skipping
      mayContinue = false
      return .data(
        stream: frame.stream, length: frame.payload, endsStream: frame.has(FrameHeader.Flags.endStream))
    default: phase = .skipping
    }
    if !isContinuation { mayContinue = false }
    return nil
  }
}
