// SPDX-License-Identifier: Apache-2.0

import Ciphers
import QUIC
import System
import TLSRecords

/// The hellos in the first datagrams of QUIC's connections, each once.
struct InitialReader: Sendable {
  /// Connections whose hello lies in several packets.
  private struct Unfinished: Sendable {
    var frames = CryptoFrames()
    var packets = 0
  }

  /// Connections that were counted of late.
  private struct Turn: Sendable {
    var randoms: Set<HelloRandom> = []
    var ends: Set<ConnectionEnds> = []
  }

  /// The connection of a packet: its ends, and the identifier that the client has chosen.
  struct Key: Hashable, Sendable {
    var ends: ConnectionEnds
    var identifier: [UInt8]
  }

  /// Datagrams that are decrypted in a second of capture time.
  static let mostInSecond = 2_000
  /// Packets of a datagram that are read.
  private static let mostPackets = 3
  /// Packets in which a hello may lie: two with keys against quantum computers.
  private static let mostPacketsOfHello = 4
  /// Unfinished hellos at a time.
  private static let mostUnfinished = 64
  /// Connections that are known at a time, in two turns of this many.
  private static let mostKnown = 4_096

  private var second: UInt64 = 0
  private var inSecond = 0
  private var unfinished: [Key: Unfinished] = [:]
  private var known = Turn()
  private var earlier = Turn()

  /// Whether a datagram of this capture time is to be decrypted.
  mutating func admits(at time: UInt64) -> Bool {
    let second = time / 1_000_000_000
    // Time may go back where there are several workers.
    if second > self.second { (self.second, inSecond) = (second, 0) }
    inSecond += 1
    return inSecond <= Self.mostInSecond
  }

  /// The texts of a datagram's Initial packets with their connections' identifiers. It takes no lock.
  static func texts(of datagram: RawSpan) -> [Text] {
    var texts: [Text] = []
    var offset = 0
    while texts.count < mostPackets, let packet = InitialPacket(datagram, at: offset) {
      let identifier = packet.destination.map { datagram.byte($0) }
      guard
        let text = InitialKeys(packet.version, destination: identifier.rawSpan)?.open(packet, of: datagram)
      else { break }
      texts.append(Text(identifier: identifier, hasToken: packet.hasToken, bytes: text))
      offset = packet.end
    }
    return texts
  }

  /// The text of an Initial packet.
  struct Text: Sendable {
    /// The connection's identifier in the packet.
    var identifier: [UInt8]
    var hasToken: Bool
    var bytes: [UInt8]
  }

  /// Adds the text of a packet; the hello of a connection that is new and whose hello is there by now.
  mutating func add(_ text: Text, _ ends: ConnectionEnds) -> ClientHello? {
    let key = Key(ends: ends, identifier: text.identifier)
    var entry = unfinished[key] ?? Unfinished()
    entry.packets += 1
    let bytes = text.bytes
    guard entry.frames.add(bytes.rawSpan) else { return nil }
    let message = Array(entry.frames.beginning)
    let opening = OpeningHello(message: message.rawSpan)
    if let opening, opening.isWhole || entry.packets >= Self.mostPacketsOfHello {
      unfinished[key] = nil
      return note(opening.hello, text, ends)
    }
    if entry.packets >= Self.mostPacketsOfHello {
      unfinished[key] = nil
    } else {
      // The packets of a hello follow each other at once.
      if unfinished.count >= Self.mostUnfinished { unfinished.removeAll(keepingCapacity: true) }
      unfinished[key] = entry
    }
    return nil
  }

  /// A connection is known by its hello's random, which is the same when it is sent again; and after a retry, since not every
  /// client sends the same hello then (RFC 9000, section 17.2.5.2), by its ends.
  private mutating func note(_ hello: ClientHello, _ text: Text, _ ends: ConnectionEnds) -> ClientHello? {
    if known.randoms.contains(hello.random) || earlier.randoms.contains(hello.random) { return nil }
    if text.hasToken, known.ends.contains(ends) || earlier.ends.contains(ends) { return nil }
    if known.randoms.count >= Self.mostKnown { (earlier, known) = (known, Turn()) }
    known.randoms.insert(hello.random)
    known.ends.insert(ends)
    return hello
  }
}
