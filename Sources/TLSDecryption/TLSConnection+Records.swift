// SPDX-License-Identifier: Apache-2.0

import Capture
import Ciphers
import System
import TLSRecords

/// The records of a connection.
extension TLSConnection {
  /// Bytes of a record from which on it is worth asking whether it is body.
  private static let worthPassing = 512

  /// Reads bytes that follow on those read before; returns how many: fewer when a record must wait.
  func feed(
    _ stream: CipherStream, _ bytes: RawSpan, _ arrival: Arrival, _ context: DecryptionContext,
    _ emit: SegmentReceiver
  ) -> Int {
    var offset = 0
    while true {
      switch stream.phase {
      case .over: return bytes.byteCount
      case .searching:
        stream.gathered.append(bytes.slice(offset, bytes.byteCount))
        stream.recordEnd = stream.next &+ UInt32(truncatingIfNeeded: bytes.byteCount)
        search(stream, arrival, context, emit)
        return bytes.byteCount
      case .header:
        if offset == bytes.byteCount { return offset }
        guard readHeader(stream, bytes, &offset, context) else { return offset }
      case .ready:
        if isBlocked(stream, stream.header) { return offset }
        begin(stream, bytes, &offset, arrival, context, emit)
      case .body:
        let wanted = stream.header.count - stream.gathered.count
        let count = min(wanted, bytes.byteCount - offset)
        stream.gathered.append(bytes.slice(offset, offset + count))
        offset += count
        if count < wanted { return offset }
        stream.recordEnd = stream.next &+ UInt32(truncatingIfNeeded: offset)
        var body: [UInt8] = []
        swap(&body, &stream.gathered)
        stream.phase = .header
        read(stream, stream.header, body.rawSpan, arrival, context, emit)
        if stream.phase == .header, stream.gathered.isEmpty {
          body.removeAll(keepingCapacity: true)
          swap(&body, &stream.gathered)
        }
      case .passing:
        let count = min(stream.remaining, bytes.byteCount - offset)
        offset += count
        stream.remaining -= count
        if stream.remaining > 0 { return offset }
        stream.recordEnd = stream.next &+ UInt32(truncatingIfNeeded: offset)
        stream.phase = .header
        endPassing(stream, arrival, context, emit)
      }
    }
  }

  /// Reads a header, or a part of it; false when there is nothing more to do with these bytes.
  private func readHeader(
    _ stream: CipherStream, _ bytes: RawSpan, _ offset: inout Int, _ context: DecryptionContext
  ) -> Bool {
    let header: RecordHeader?
    if stream.gathered.isEmpty, bytes.byteCount - offset >= RecordHeader.length {
      header = RecordHeader(bytes, at: offset)
      // Whole at the beginning of what would be held, so that it is read again from here.
      if let header, isBlocked(stream, header) { return false }
      if header != nil { offset += RecordHeader.length }
    } else {
      let count = min(RecordHeader.length - stream.gathered.count, bytes.byteCount - offset)
      stream.gathered.append(bytes.slice(offset, offset + count))
      offset += count
      guard stream.gathered.count == RecordHeader.length else { return false }
      // A span of a variable lives as long as it; that of a class's property would not.
      let gathered = stream.gathered
      header = RecordHeader(gathered.rawSpan, at: 0)
      if header != nil { stream.gathered.removeAll(keepingCapacity: true) }
    }
    guard let header else {
      lose(stream, bytes: 0, context)
      return true
    }
    stream.header = header
    stream.phase = .ready
    return true
  }

  /// Begins a record whose header was read.
  private func begin(
    _ stream: CipherStream, _ bytes: RawSpan, _ offset: inout Int, _ arrival: Arrival,
    _ context: DecryptionContext, _ emit: SegmentReceiver
  ) {
    let header = stream.header
    if bytes.byteCount - offset >= header.count {
      let end = offset + header.count
      stream.recordEnd = stream.next &+ UInt32(truncatingIfNeeded: end)
      stream.phase = .header
      let body = bytes.slice(offset, end)
      offset = end
      read(stream, header, body, arrival, context, emit)
    } else if let protection = stream.protection, protection.isLengthClear, header.count >= Self.worthPassing,
      isBody(stream, header, protection, arrival, context)
    {
      (stream.phase, stream.remaining, stream.isDamaged) = (.passing, header.count, false)
    } else {
      stream.phase = .body
      stream.gathered.reserveCapacity(header.count)
    }
  }

  /// Whether all of a record's text is body at which nobody looks.
  private func isBody(
    _ stream: CipherStream, _ header: RecordHeader, _ protection: RecordProtection, _ arrival: Arrival,
    _ context: DecryptionContext
  ) -> Bool {
    guard header.type == ContentType.applicationData, stream.stage == .application, hasText,
      let bodyAhead = context.bodyAhead
    else { return false }
    let segment = textSegment(stream, arrival, length: 0, flags: .ack, position: stream.position)
    return bodyAhead(segment) >= UInt64(protection.longestText(header))
  }

  /// Reads a whole record, and what waited for it.
  private func read(
    _ stream: CipherStream, _ header: RecordHeader, _ body: RawSpan, _ arrival: Arrival,
    _ context: DecryptionContext, _ emit: SegmentReceiver
  ) {
    readAlone(stream, header, body, arrival, context, emit)
    guard hasNews else { return }
    hasNews = false
    drain(client, context, emit)
  }

  private func readAlone(
    _ stream: CipherStream, _ header: RecordHeader, _ body: RawSpan, _ arrival: Arrival,
    _ context: DecryptionContext, _ emit: SegmentReceiver
  ) {
    guard let protection = stream.protection else {
      return readClear(stream, header, body, arrival, context, emit)
    }
    if schedule?.isTLS13 == true, header.type == ContentType.changeCipherSpec { return }
    if header.count >= Self.worthPassing, isBody(stream, header, protection, arrival, context) {
      let tail = body.slice(max(0, body.byteCount - RecordProtection.tailLength), body.byteCount)
      if let count = protection.pass(header, tail: tail, into: &context.text) {
        context.counters.passedRecords &+= 1
        return emitText(stream, count, RawSpan(), arrival, emit)
      }
    }
    guard let text = protection.open(header, body, into: &context.text) else {
      if stream.skipsEarlyData, stream.skippedRecords < 4_096 {
        stream.skippedRecords += 1
        return
      }
      lose(stream, bytes: 0, context)
      return restore(stream, header, body, arrival, context, emit)
    }
    stream.skipsEarlyData = false
    context.counters.decryptedRecords &+= 1
    handle(stream, text, arrival, context, emit)
  }

  /// Looks for the number of a record that did not decrypt, as if it came after a gap.
  private func restore(
    _ stream: CipherStream, _ header: RecordHeader, _ body: RawSpan, _ arrival: Arrival,
    _ context: DecryptionContext, _ emit: SegmentReceiver
  ) {
    guard stream.phase == .searching else { return }
    stream.gathered = [
      header.type, UInt8(header.version >> 8), UInt8(truncatingIfNeeded: header.version),
      UInt8(truncatingIfNeeded: header.count >> 8), UInt8(truncatingIfNeeded: header.count),
    ]
    stream.gathered.append(body)
    search(stream, arrival, context, emit)
  }

  /// Does what a decrypted record asks for; its text lies in the context.
  func handle(
    _ stream: CipherStream, _ text: RecordProtection.Text, _ arrival: Arrival, _ context: DecryptionContext,
    _ emit: SegmentReceiver
  ) {
    switch text.type {
    case ContentType.applicationData:
      guard stream.stage == .application || stream.stage == .early else { return }
      if !hasDecrypted {
        hasDecrypted = true
        context.counters.read &+= 1
        context.observer?.didDecrypt(client: clientEnd, server: serverEnd, at: arrival.time)
      }
      // Held while it is handed on, which changes nothing of the context.
      let bytes = context.text
      emitText(stream, text.count, bytes.rawSpan.slice(0, text.count), arrival, emit)
    case ContentType.handshake:
      let bytes = context.text
      readHandshake(stream, bytes.rawSpan.slice(0, text.count), arrival, context, emit)
    case ContentType.changeCipherSpec: changeCipher(stream, context)
    default: break
    }
  }

  /// Reads a record before there are keys.
  private func readClear(
    _ stream: CipherStream, _ header: RecordHeader, _ body: RawSpan, _ arrival: Arrival,
    _ context: DecryptionContext, _ emit: SegmentReceiver
  ) {
    switch header.type {
    case ContentType.handshake: readHandshake(stream, body, arrival, context, emit)
    case ContentType.changeCipherSpec: changeCipher(stream, context)
    case ContentType.applicationData where stream.skipsEarlyData && stream.skippedRecords < 4_096:
      stream.skippedRecords += 1
    case ContentType.applicationData: end(serverHello == nil ? .noHandshake : .noKey, context)
    default: break
    }
  }

  // MARK: Gaps

  /// Passes over bytes of a direction that will not come; the caller moves its number.
  func skip(
    _ stream: CipherStream, _ count: Int, _ arrival: Arrival, _ context: DecryptionContext,
    _ emit: SegmentReceiver
  ) {
    switch stream.phase {
    case .over: return
    case .body, .passing:
      // The length of the record in work says where the next one begins.
      let remaining =
        stream.phase == .body ? stream.header.count - stream.gathered.count : stream.remaining
      guard stream.protection != nil, count <= remaining else { return lose(stream, bytes: count, context) }
      stream.gathered.removeAll(keepingCapacity: true)
      (stream.phase, stream.remaining, stream.isDamaged) = (.passing, remaining - count, true)
      if stream.remaining == 0 {
        stream.recordEnd = stream.next &+ UInt32(truncatingIfNeeded: count)
        stream.phase = .header
        endPassing(stream, arrival, context, emit)
      }
    case .header, .ready, .searching: lose(stream, bytes: count, context)
    }
  }

  /// A record that was passed over has ended.
  private func endPassing(
    _ stream: CipherStream, _ arrival: Arrival, _ context: DecryptionContext, _ emit: SegmentReceiver
  ) {
    guard let protection = stream.protection else { return }
    let count = protection.longestText(stream.header)
    protection.sequence &+= 1
    if stream.isDamaged {
      context.counters.lostRecords &+= 1
      guard stream.stage == .application, stream.header.type == ContentType.applicationData else {
        // A part of the handshake: what follows it tells which keys.
        return lose(stream, bytes: 0, context)
      }
    } else {
      context.counters.passedRecords &+= 1
    }
    emitText(stream, count, RawSpan(), arrival, emit)
  }

  /// Bytes were lost, or make no sense: records are looked for.
  func lose(_ stream: CipherStream, bytes: Int, _ context: DecryptionContext) {
    guard stream.protection != nil || schedule != nil else {
      // Without a whole handshake nobody knows the keys.
      return end(standing == .opening ? .noHandshake : .undecryptable, context)
    }
    if stream.phase != .searching {
      stream.lost = stream.gathered.count
      stream.gathered = []
      stream.searched = 0
    } else {
      stream.lost += stream.gathered.count
      stream.gathered = []
      stream.searched = 0
    }
    stream.lost += bytes
    stream.phase = .searching
  }
}
