// SPDX-License-Identifier: Apache-2.0

import Capture
import Ciphers
import System
import TLSRecords

/// The handshake of a connection, and what it makes of the keys.
extension TLSConnection {
  /// Whether a record must wait for a part of the handshake in the other direction.
  func isBlocked(_ stream: CipherStream, _ header: RecordHeader) -> Bool {
    if standing == .over { return false }
    guard stream.isClient else { return clientHello == nil && header.type == ContentType.handshake }
    guard let clientHello,
      header.type == ContentType.applicationData || header.type == ContentType.changeCipherSpec
    else { return false }
    // After the request for another hello, that follows.
    if serverHello == nil { return !hasRetried }
    return clientHello.offersEarlyData && schedule?.isTLS13 == true && !knowsEarlyData
      && stream.stage == .hello
  }

  /// Whether the first segment held must wait for it.
  func isBlocked(_ stream: CipherStream, at first: HeldSegment) -> Bool {
    switch stream.phase {
    case .ready: return isBlocked(stream, stream.header)
    case .header where stream.gathered.isEmpty:
      let offset = SequenceArithmetic.distance(stream.next, from: first.sequence)
      guard offset >= 0, first.bytes.count - offset >= RecordHeader.length,
        let header = RecordHeader(first.bytes.rawSpan, at: offset)
      else { return false }
      return isBlocked(stream, header)
    default: return false
    }
  }

  /// Reads a part of the handshake.
  func readHandshake(
    _ stream: CipherStream, _ bytes: RawSpan, _ arrival: Arrival, _ context: DecryptionContext,
    _ emit: SegmentReceiver
  ) {
    var reader = stream.handshake
    reader.read(bytes) { type, body in
      switch type {
      case HandshakeType.clientHello where stream.isClient: greet(ClientHello(body), context)
      case HandshakeType.serverHello where !stream.isClient:
        answer(ServerHello(body), arrival, context, emit)
      case HandshakeType.encryptedExtensions where !stream.isClient: decideEarlyData(body)
      case HandshakeType.endOfEarlyData where stream.isClient && stream.stage == .early:
        stream.protection = schedule?.handshake(isClient: true)
        stream.stage = .handshake
      case HandshakeType.finished: finishHandshake(stream)
      case HandshakeType.keyUpdate where stream.stage == .application && schedule?.isTLS13 == true:
        stream.protection = schedule?.update(isClient: stream.isClient)
      default: break
      }
    }
    if stream.phase != .over { stream.handshake = reader }
    // Before anything has been agreed on, a client's first message must be its hello.
    if stream.isClient, clientHello == nil, !reader.isInMessage { end(.noHandshake, context) }
    if schedule != nil, stream.protection == nil, stream.stage != .hello, stream.phase != .over {
      lose(stream, bytes: 0, context)
    }
  }

  private func greet(_ hello: ClientHello?, _ context: DecryptionContext) {
    guard let hello else { return end(.noHandshake, context) }
    clientHello = hello
    context.observer?.didRead(hello, client: clientEnd, server: serverEnd, at: lastSeen)
    standing = .tls
    // Only the first hello of a connection may be followed by early data.
    if hasRetried { clientHello?.offersEarlyData = false }
  }

  private func answer(
    _ hello: ServerHello?, _ arrival: Arrival, _ context: DecryptionContext, _ emit: SegmentReceiver
  ) {
    guard let hello, let clientHello else { return end(.noHandshake, context) }
    if hello.isRetry {
      hasRetried = true
      knowsEarlyData = true
      // Records between the two hellos are early data that nobody reads.
      client.skipsEarlyData = clientHello.offersEarlyData
      return
    }
    guard let secrets = context.keys[clientHello.random] else { return end(.noKey, context) }
    guard let schedule = KeySchedule(clientHello.random, hello, secrets) else {
      return end(.unsupported, context)
    }
    guard schedule.hasSecrets else { return end(.noKey, context) }
    serverHello = hello
    self.schedule = schedule
    beginText(arrival, emit)
    guard schedule.isTLS13 else { return }
    protect(server, by: schedule.handshake(isClient: false), for: .handshake)
    if !clientHello.offersEarlyData || hasRetried {
      protect(client, by: schedule.handshake(isClient: true), for: .handshake)
    }
  }

  private func protect(
    _ stream: CipherStream, by protection: RecordProtection?, for stage: CipherStream.Stage
  ) {
    stream.protection = protection
    stream.stage = stage
    stream.handshake = HandshakeReader()
  }

  /// The server's extensions decide what the client's first records are.
  private func decideEarlyData(_ body: RawSpan) {
    guard let schedule, schedule.isTLS13, client.stage == .hello, !knowsEarlyData else { return }
    (knowsEarlyData, hasNews) = (true, true)
    if EncryptedExtensions.acceptsEarlyData(body), let early = schedule.early() {
      protect(client, by: early, for: .early)
    } else {
      client.skipsEarlyData = true
      protect(client, by: schedule.handshake(isClient: true), for: .handshake)
    }
  }

  private func finishHandshake(_ stream: CipherStream) {
    guard let schedule, schedule.isTLS13, stream.stage == .handshake else { return }
    var copy = schedule
    protect(stream, by: copy.application(isClient: stream.isClient), for: .application)
  }

  /// TLS 1.2: the records after this one have the keys that were agreed on last.
  func changeCipher(_ stream: CipherStream, _ context: DecryptionContext) {
    guard var schedule, !schedule.isTLS13 else { return }
    let protection = schedule.application(isClient: stream.isClient)
    self.schedule = schedule
    guard let protection else { return end(.noKey, context) }
    protect(stream, by: protection, for: .application)
  }
}
