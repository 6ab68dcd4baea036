// SPDX-License-Identifier: Apache-2.0

import Capture
import Ciphers
import System
import TLSRecords

/// Finding the next record after lost bytes: where headers may be, numbers and keys are tried.
extension TLSConnection {
  /// Numbers that are tried of a record with the keys in use, and with those that may have come after them.
  private static let numbers: UInt64 = 65
  /// Trials of a direction in all; one takes about a microsecond, and five where a record is long.
  private static let longestSearch = 8_192
  /// Bytes in which a record must be found.
  private static let farthest = 4 * (RecordHeader.length + RecordHeader.longestBody)
  /// Bytes that the shortest record of a cipher has beyond its header.
  private static let shortestBody = CipherKind.tagLength + 1

  /// Looks for a record in the bytes that were gathered, and reads on from there.
  func search(
    _ stream: CipherStream, _ arrival: Arrival, _ context: DecryptionContext, _ emit: SegmentReceiver
  ) {
    let gathered = stream.gathered
    var offset = stream.searched
    while offset + RecordHeader.length <= gathered.count, stream.trials < Self.longestSearch {
      defer { offset += 1 }
      guard let header = RecordHeader(gathered.rawSpan, at: offset), isPlausible(header) else { continue }
      let end = offset + header.total
      if end > gathered.count {
        stream.searched = offset
        return limitSearch(stream, context)
      }
      let body = gathered.rawSpan.slice(offset + RecordHeader.length, end)
      guard let text = attempt(stream, header, body, lost: stream.lost + offset, context) else { continue }
      return resume(stream, text, at: end, skipped: stream.lost + offset, arrival, context, emit)
    }
    stream.searched = offset
    limitSearch(stream, context)
  }

  private func isPlausible(_ header: RecordHeader) -> Bool {
    guard header.version == TLSVersion.tls12, header.count >= Self.shortestBody else { return false }
    return header.type == ContentType.applicationData
      || schedule?.isTLS13 == false && header.type != ContentType.changeCipherSpec
  }

  private func limitSearch(_ stream: CipherStream, _ context: DecryptionContext) {
    guard stream.gathered.count > Self.farthest || stream.trials >= Self.longestSearch else { return }
    context.note(.undecryptable, clientHello?.serverName)
    context.observer?.didFail(client: clientEnd, server: serverEnd, .undecryptable)
    stream.stop()
  }

  /// Tries to decrypt a record with the keys in use, then with the next ones; the text lies in the context.
  private func attempt(
    _ stream: CipherStream, _ header: RecordHeader, _ body: RawSpan, lost: Int, _ context: DecryptionContext
  ) -> RecordProtection.Text? {
    if let protection = stream.protection {
      // Long records at the fewest: those many must be missing.
      let fewest = UInt64(lost / (RecordHeader.length + RecordHeader.longestBody))
      let first = protection.sequence &+ fewest
      if let text = attempt(stream, protection, header, body, from: first, context) { return text }
    }
    guard var next = schedule, next.isTLS13 else { return nil }
    let isInUse = stream.stage == .application
    guard
      let protection = isInUse
        ? next.update(isClient: stream.isClient) : next.application(isClient: stream.isClient),
      let text = attempt(stream, protection, header, body, from: 0, context)
    else { return nil }
    if isInUse { schedule = next }
    stream.protection = protection
    stream.stage = .application
    return text
  }

  private func attempt(
    _ stream: CipherStream, _ protection: RecordProtection, _ header: RecordHeader, _ body: RawSpan,
    from first: UInt64, _ context: DecryptionContext
  ) -> RecordProtection.Text? {
    for number in 0..<Self.numbers {
      stream.trials += 1
      if let text = protection.open(header, body, number: first &+ number, into: &context.text) {
        protection.sequence = first &+ number &+ 1
        return text
      }
    }
    return nil
  }

  /// Reads on with a record that was found.
  private func resume(
    _ stream: CipherStream, _ text: RecordProtection.Text, at end: Int, skipped: Int, _ arrival: Arrival,
    _ context: DecryptionContext, _ emit: SegmentReceiver
  ) {
    let rest = Array(stream.gathered[end...])
    (stream.phase, stream.gathered, stream.searched, stream.lost) = (.header, [], 0, 0)
    stream.handshake = HandshakeReader()
    context.counters.decryptedRecords &+= 1
    let after = stream.recordEnd
    stream.recordEnd = after &- UInt32(truncatingIfNeeded: rest.count)
    if skipped > 0 {
      // How much text is missing nobody knows: as much as was skipped at most.
      context.counters.lostRecords &+= 1
      stream.position &+= UInt32(truncatingIfNeeded: skipped)
    }
    handle(stream, text, arrival, context, emit)
    guard stream.phase != .over else { return }
    // The caller moves the number past all of it.
    let next = stream.next
    stream.next = after &- UInt32(truncatingIfNeeded: rest.count)
    let read = feed(stream, rest.rawSpan, arrival, context, emit)
    stream.next = next
    // What must wait would have to be held: after a handshake nothing does.
    if read < rest.count { lose(stream, bytes: rest.count - read, context) }
  }
}
