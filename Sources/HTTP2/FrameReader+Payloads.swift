// SPDX-License-Identifier: Apache-2.0

/// The payloads that matter: header blocks, and RST_STREAM, GOAWAY and SETTINGS.
extension FrameReader {
  /// What a connection keeps of its memory for fragments between blocks.
  private static let keptFragments = 8 * 1024
  /// The most that a block's fragments, and the padding and priority of its last frame, take.
  private static let mostFragments = HeaderList.longestBlock + 512

  func beginBlock(isContinued: Bool) {
    phase = .block
    payloadBytes = 0
    if block == nil {
      var begun = HeaderBlock(stream: frame.stream)
      begun.isPromise = frame.type == FrameHeader.Kind.pushPromise
      begun.endsStream =
        frame.type == FrameHeader.Kind.headers && frame.has(FrameHeader.Flags.endStream)
      // Its beginning was before the watch, or in a gap.
      if isContinued { begun.outcome = .lost }
      block = begun
    }
    if fragmentBytes &+ frame.payload > Self.mostFragments, block?.outcome == .decoded {
      block?.outcome = .tooLong
    }
  }

  /// Reads a payload of a block; an event at the block's end, or when the chunk ends.
  func readBlock(_ chunk: RawSpan, _ offset: inout Int, into list: HeaderList) -> FrameEvent? {
    guard let outcome = block?.outcome else { return fail(.internalError) }
    let available = min(remaining, chunk.byteCount &- offset)
    let isWhole = available == remaining
    let isLast = frame.has(FrameHeader.Flags.endHeaders)
    guard outcome == .decoded else {
      offset &+= available
      remaining &-= available
      guard isWhole else { return .endOfChunk }
      phase = .header
      return isLast ? endBlock(of: 0, nil) : nil
    }
    let start = offset
    offset &+= available
    remaining &-= available
    if isWhole, isLast, payloadBytes == 0, fragmentBytes == 0 {
      guard let fragment = strip(chunk, start, offset) else { return fail(.protocolError) }
      let fault = headers.fault(in: chunk.extracting(fragment.start..<fragment.end), list)
      return endBlock(of: fragment.end &- fragment.start, fault)
    }
    gatherPayload(chunk, from: start, count: available)
    guard isWhole else { return .endOfChunk }
    let end = fragmentBytes &+ payloadBytes
    guard let fragment = strip(fragments.bytes(0, count: end), fragmentBytes, end) else {
      return fail(.protocolError)
    }
    fragments.move(from: fragment.start, count: fragment.end &- fragment.start, to: fragmentBytes)
    fragmentBytes &+= fragment.end &- fragment.start
    payloadBytes = 0
    phase = .header
    guard isLast else { return nil }
    let fault = headers.fault(in: fragments.bytes(0, count: fragmentBytes), list)
    return endBlock(of: fragmentBytes, fault)
  }

  /// Takes padding, priority and the promised stream off a payload; nil when the padding is longer than it.
  private func strip(_ bytes: RawSpan, _ start: Int, _ end: Int) -> (start: Int, end: Int)? {
    var start = start, end = end
    guard frame.type != FrameHeader.Kind.continuation else { return (start, end) }
    if frame.has(FrameHeader.Flags.padded) {
      // The header's check has found the byte to be there, and those below.
      end &-= Int(bytes.octet(start))
      start &+= 1
    }
    let isPromise = frame.type == FrameHeader.Kind.pushPromise
    let fixed = isPromise ? 4 : frame.has(FrameHeader.Flags.priority) ? 5 : 0
    guard end &- start >= fixed else { return nil }
    if isPromise { block?.promised = bytes.number32(start) & 0x7fff_ffff }
    return (start &+ fixed, end)
  }

  private func gatherPayload(_ chunk: RawSpan, from start: Int, count: Int) {
    let used = fragmentBytes &+ payloadBytes
    if used &+ count > fragments.capacity {
      var capacity = max(fragments.capacity, 512)
      while capacity < used &+ count { capacity *= 2 }
      fragments.resize(to: capacity, keeping: used)
    }
    fragments.copy(chunk, from: start, count: count, to: used)
    payloadBytes &+= count
  }

  /// Ends a block of `length` bytes, with what the decoder found wrong.
  private func endBlock(of length: Int, _ fault: HeaderFault?) -> FrameEvent {
    phase = .header
    guard var ended = block else { return fail(.internalError) }
    ended.length = length
    if let fault { ended.outcome = fault == .length ? .tooLong : .refused(fault) }
    block = nil
    dropFragments()
    if ended.outcome == .lost || ended.outcome == .tooLong { headers.clear() }
    return .block(ended)
  }

  func dropFragments() {
    fragmentBytes = 0
    payloadBytes = 0
    if fragments.capacity > Self.keptFragments { fragments.resize(to: Self.keptFragments, keeping: 0) }
  }

  /// Reads a control payload; an event at its end, or when the chunk ends.
  func readControl(_ chunk: RawSpan, _ offset: inout Int) -> FrameEvent? {
    let isSettings = frame.type == FrameHeader.Kind.settings
    let wanted = isSettings ? 6 : frame.type == FrameHeader.Kind.reset ? 4 : 8
    while remaining > 0 {
      let available = min(remaining, chunk.byteCount &- offset)
      guard available > 0 else { return .endOfChunk }
      guard !isCut, gatheredBytes < wanted else {
        // Debug data of GOAWAY, or what has no known place any more.
        offset &+= available
        remaining &-= available
        continue
      }
      let before = gatheredBytes
      var end = offset
      let isGathered = gather(min(wanted, before &+ available), chunk, &end)
      remaining &-= end &- offset
      offset = end
      guard isGathered, gatheredBytes == wanted, isSettings else { continue }
      let pair = UInt64(truncatingIfNeeded: gathered)
      gathered = 0
      gatheredBytes = 0
      if let fault = settings.apply(
        UInt16(truncatingIfNeeded: pair >> 32), UInt32(truncatingIfNeeded: pair))
      {
        return fail(fault)
      }
    }
    return endControl(isKnown: gatheredBytes == wanted)
  }

  private func endControl(isKnown: Bool) -> FrameEvent {
    let word = UInt64(truncatingIfNeeded: gathered)
    gathered = 0
    gatheredBytes = 0
    phase = .header
    switch frame.type {
    case FrameHeader.Kind.reset:
      return .reset(
        stream: frame.stream, code: isKnown ? ErrorCode(rawValue: UInt32(truncatingIfNeeded: word)) : nil)
    case FrameHeader.Kind.goAway:
      guard isKnown else { return .goAway(lastStream: nil, code: nil) }
      return .goAway(
        lastStream: UInt32(word >> 32) & 0x7fff_ffff,
        code: ErrorCode(rawValue: UInt32(truncatingIfNeeded: word)))
    default:
      if frame.has(FrameHeader.Flags.acknowledgement) {
        acknowledge()
        return .settingsAcknowledged
      }
      settings.isWhole = !isCut
      return .settings(settings)
    }
  }
}

extension HeaderDecoder {
  /// Decodes a block; what was wrong with it, as a value.
  fileprivate func fault(in block: RawSpan, _ list: HeaderList) -> HeaderFault? {
    do {
      try decode(block, into: list)
      return nil
    } catch {
      return error
    }
  }
}
