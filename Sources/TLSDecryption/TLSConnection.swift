// SPDX-License-Identifier: Apache-2.0

import Capture
import System
import TLSRecords

/// One connection: its two directions, its handshake, and its text as segments.
///
/// The text has sequence numbers of its own, which begin with a part of the randoms of the hellos: so the same connection
/// seen under other addresses has the same ones, as its packets would have.
final class TLSConnection {
  enum Standing { case opening, tls, plain, over }

  let clientEnd: Endpoint
  let serverEnd: Endpoint
  var standing = Standing.opening
  let client = CipherStream(isClient: true)
  let server = CipherStream(isClient: false)

  var clientHello: ClientHello?
  var serverHello: ServerHello?
  var schedule: KeySchedule?
  /// The server asked for another hello: early data is not accepted.
  var hasRetried = false
  /// It is known whether the server accepts early data.
  var knowsEarlyData = false
  /// That has just become known: the early data is read before what answers it.
  var hasNews = false
  /// The text's connection has begun.
  var hasText = false
  var hasDecrypted = false

  /// Since when something waits, capture time; meaningful while `isWaiting`.
  var waitingSince: UInt64 = 0
  var isWaiting = false
  /// Capture time of the last segment.
  var lastSeen: UInt64 = 0

  init(client: Endpoint, server: Endpoint) { (clientEnd, serverEnd) = (client, server) }

  /// Bytes that are held.
  var memory: Int {
    client.held.bytes + client.gathered.capacity + server.held.bytes + server.gathered.capacity
  }

  func other(_ stream: CipherStream) -> CipherStream { stream.isClient ? server : client }

  /// The direction that a segment travels in.
  func stream(of segment: borrowing Segment) -> CipherStream {
    let source = segment.source
    return source.port == clientEnd.port && source.low == clientEnd.low && source.high == clientEnd.high
      ? client : server
  }

  // MARK: Order

  /// Reads a segment, or holds it.
  func arrive(
    _ segment: borrowing Segment, _ payload: RawSpan, _ context: DecryptionContext, _ emit: SegmentReceiver
  ) {
    lastSeen = segment.time
    let stream = stream(of: segment)
    if segment.flags.isOpening, !stream.isKnown { stream.begin(at: segment.sequence) }
    let flags = segment.flags
    let arrival = Arrival(
      time: segment.time, acknowledgement: segment.acknowledgement,
      hasAcknowledgement: flags.isAcknowledging, isFinal: flags.isClosing && !flags.isReset,
      isReset: flags.isReset)
    if segment.payloadLength > 0 || flags.isClosing {
      place(stream, segment.sequence, Int(segment.payloadLength), payload, arrival, context, emit)
      drain(context, emit)
    }
  }

  private func place(
    _ stream: CipherStream, _ sequence: UInt32, _ length: Int, _ payload: RawSpan, _ arrival: Arrival,
    _ context: DecryptionContext, _ emit: SegmentReceiver
  ) {
    if !stream.isKnown { stream.begin(at: sequence) }
    let distance = SequenceArithmetic.distance(sequence, from: stream.next)
    let captured = payload.byteCount > length ? payload.slice(0, length) : payload
    let waits =
      distance > 0 || !stream.held.isEmpty
      || awaitsOther(stream, arrival)
    guard waits, stream.phase != .over else {
      return take(stream, sequence, length, captured, arrival, context, emit)
    }
    // What was read already is not worth holding.
    if distance + length < 0 || distance + length == 0 && !arrival.ends { return }
    hold(stream, HeldSegment(sequence: sequence, length: length, arrival: arrival, bytes: captured.copied))
    if !stream.held.hasRoom(for: 0) { giveUp(context, emit) }
  }

  private func hold(_ stream: CipherStream, _ segment: HeldSegment) {
    stream.held.insert(segment)
    if !isWaiting { waitingSince = segment.arrival.time }
    isWaiting = true
  }

  /// Reads a segment that begins at the next byte or before it.
  private func take(
    _ stream: CipherStream, _ sequence: UInt32, _ length: Int, _ bytes: RawSpan, _ arrival: Arrival,
    _ context: DecryptionContext, _ emit: SegmentReceiver
  ) {
    let seen = SequenceArithmetic.distance(stream.next, from: sequence)
    guard seen >= 0, seen < length || seen == length && arrival.ends else { return }
    let captured = seen < bytes.byteCount ? bytes.slice(seen, bytes.byteCount) : RawSpan()
    let read = feed(stream, captured, arrival, context, emit)
    stream.next &+= UInt32(truncatingIfNeeded: read)
    if read < captured.byteCount {
      // It waits for a part of the handshake.
      let rest = captured.slice(read, captured.byteCount)
      return hold(
        stream,
        HeldSegment(
          sequence: stream.next, length: length - seen - read, arrival: arrival, bytes: rest.copied))
    }
    let cut = length - seen - captured.byteCount
    if cut > 0 {
      skip(stream, cut, arrival, context, emit)
      stream.next &+= UInt32(truncatingIfNeeded: cut)
    }
    if arrival.isFinal { finish(stream, arrival, emit) }
    if arrival.isReset { reset(stream, arrival, missing: 0, emit) }
  }

  /// Reads what is held as far as it no longer has to wait.
  func drain(_ context: DecryptionContext, _ emit: SegmentReceiver) {
    guard isWaiting else { return }
    var hasMoved = true, hasRead = false
    while hasMoved {
      hasMoved = false
      if drain(client, context, emit) { hasMoved = true }
      if drain(server, context, emit) { hasMoved = true }
      hasRead = hasRead || hasMoved
    }
    isWaiting = !client.held.isEmpty || !server.held.isEmpty
    if isWaiting, hasRead { waitingSince = lastSeen }
  }

  /// Reads what one direction holds; true when it read something.
  @discardableResult
  func drain(_ stream: CipherStream, _ context: DecryptionContext, _ emit: SegmentReceiver) -> Bool {
    var hasMoved = false
    while let first = stream.held.first, !mustWait(stream, first), let held = stream.held.removeFirst() {
      let position = stream.next
      take(stream, held.sequence, held.length, held.bytes.rawSpan, held.arrival, context, emit)
      // Held again, whole: it waits for the other direction.
      if stream.next == position, stream.held.first?.end == held.end { break }
      hasMoved = true
    }
    return hasMoved
  }

  /// Whether a segment was sent after bytes of the other direction that are yet to be read, unless these wait for this
  /// direction's part of the handshake.
  private func awaitsOther(_ stream: CipherStream, _ arrival: Arrival) -> Bool {
    let other = other(stream)
    guard arrival.hasAcknowledgement, other.isBehind(arrival.acknowledgement) else { return false }
    guard let first = other.held.first, SequenceArithmetic.distance(first.sequence, from: other.next) <= 0
    else { return true }
    return !isBlocked(other, at: first)
  }

  private func mustWait(_ stream: CipherStream, _ first: HeldSegment) -> Bool {
    if stream.phase == .over { return false }
    if SequenceArithmetic.distance(first.sequence, from: stream.next) > 0 { return true }
    return awaitsOther(stream, first.arrival) || isBlocked(stream, at: first)
  }

  /// Reads on after whatever is waited for: it does not come.
  func giveUp(_ context: DecryptionContext, _ emit: SegmentReceiver) {
    drain(context, emit)
    // The client first: the server's may be waiting for it.
    for stream in [client, server] {
      guard isWaiting, let first = stream.held.first else { continue }
      let missing = SequenceArithmetic.distance(first.sequence, from: stream.next)
      if missing > 0, first.arrival.isReset, first.length == 0 {
        // Anybody can send one: it ends the text's connection only if what is missing fits, and no reading here.
        _ = stream.held.removeFirst()
        reset(stream, first.arrival, missing: missing, emit)
        continue
      }
      if missing > 0 {
        skip(stream, missing, first.arrival, context, emit)
        stream.next = first.sequence
      }
      if first.arrival.hasAcknowledgement {
        other(stream).assumed = first.arrival.acknowledgement
        other(stream).hasAssumed = true
      }
      if isBlocked(stream, at: first) { end(.noHandshake, context) }
      drain(context, emit)
    }
    if isWaiting { waitingSince = lastSeen }
  }

  // MARK: Ends

  /// A direction's FIN has been reached.
  private func finish(_ stream: CipherStream, _ arrival: Arrival, _ emit: SegmentReceiver) {
    guard !stream.hasEnded else { return }
    stream.hasEnded = true
    stream.next &+= 1
    guard hasText else { return }
    // Of text that was not read nobody can tell what it was: then the end lies after missing bytes.
    let position =
      stream.phase == .over || stream.phase == .searching ? stream.position &+ 0x10000 : stream.position
    emit(
      textSegment(stream, arrival, length: 0, flags: [.fin, .ack], position: position), RawSpan())
  }

  /// A direction's RST, before which this many bytes are missing.
  private func reset(_ stream: CipherStream, _ arrival: Arrival, missing: Int, _ emit: SegmentReceiver) {
    guard hasText, stream.isKnown else { return }
    var distance = missing
    if stream.phase == .over || stream.phase == .searching { distance += 0x10000 }
    let flags: Segment.Flags = arrival.hasAcknowledgement ? [.rst, .ack] : [.rst]
    emit(
      textSegment(
        stream, arrival, length: 0, flags: flags,
        position: stream.position &+ UInt32(truncatingIfNeeded: distance)), RawSpan())
  }

  /// Reads no more of the connection.
  func end(_ reason: UnreadReason, _ context: DecryptionContext) {
    guard standing != .over else { return }
    context.note(reason, clientHello?.serverName)
    context.observer?.didFail(client: clientEnd, server: serverEnd, reason)
    close()
  }

  /// Forgets the keys of a connection that has ended or gives way: nothing more of it is read.
  func close() {
    standing = .over
    client.stop()
    server.stop()
    isWaiting = false
    schedule = nil
  }

  // MARK: Text

  func textSegment(
    _ stream: CipherStream, _ arrival: Arrival, length: Int, flags: Segment.Flags, position: UInt32
  ) -> Segment {
    let other = other(stream)
    return Segment(
      time: arrival.time, source: stream.isClient ? clientEnd : serverEnd,
      destination: stream.isClient ? serverEnd : clientEnd, sequence: position,
      acknowledgement: other.acknowledgements.text(
        acknowledgedBy: arrival.acknowledgement, first: other.first),
      payloadLength: UInt32(truncatingIfNeeded: length), flags: flags, kind: .stream)
  }

  /// Hands on text; `bytes` are fewer than `length` where it was passed over.
  func emitText(
    _ stream: CipherStream, _ length: Int, _ bytes: RawSpan, _ arrival: Arrival, _ emit: SegmentReceiver
  ) {
    guard length > 0 else { return }
    let flags: Segment.Flags = arrival.hasAcknowledgement ? .ack : []
    emit(
      textSegment(stream, arrival, length: length, flags: flags, position: stream.position), bytes)
    stream.position &+= UInt32(truncatingIfNeeded: length)
    stream.acknowledgements.add(end: stream.recordEnd, text: stream.position)
  }

  /// Begins the text's connection, as a SYN and the answer to it do.
  func beginText(_ arrival: Arrival, _ emit: SegmentReceiver) {
    guard !hasText, let clientHello, let serverHello else { return }
    hasText = true
    (client.first, client.position) = (clientHello.random.number, clientHello.random.number)
    (server.first, server.position) = (serverHello.random.number, serverHello.random.number)
    emit(textSegment(client, arrival, length: 0, flags: .syn, position: client.first), RawSpan())
    emit(textSegment(server, arrival, length: 0, flags: [.syn, .ack], position: server.first), RawSpan())
  }
}
