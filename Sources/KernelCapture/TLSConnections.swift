// SPDX-License-Identifier: Apache-2.0
internal import Capture
internal import CTLSFilter
internal import System

/// The connections whose plain text is read, and which segments stand for it: counts of plain bytes are numbers of a
/// stream that loses nothing.
///
/// Where both ends of a connection are processes of this machine, each has its own view of the same bytes, with the same
/// ends and numbers. The server's counts; what the client's brings before the server's is seen is the same bytes.
struct TLSConnections {
  /// The role of the process at this end, as its text shows.
  enum Role { case unknown, client, server }

  /// Both ends, in one order from whichever side they are seen.
  private struct Pair: Hashable {
    var first: Endpoint
    var second: Endpoint
    /// The inode of the network namespace, where other ones have the same addresses; else 0.
    var network: UInt32
  }

  /// The state that the views of a connection share.
  private struct Shared {
    /// The number of the first byte in each direction.
    var base: UInt32
    /// Views that have not ended.
    var views = 0
    /// Which ends had a view: the first one's bit, and the second one's.
    var sides: UInt8 = 0
    /// The time when the last one ended, on the kernel's clock.
    var end: UInt64 = 0
    /// The server's view was seen, ended or not.
    var hasServer = false
    /// The segments that open the connection were delivered.
    var isOpen = false
  }

  private struct Connection {
    var local: Endpoint
    var remote: Endpoint
    var base: UInt32
    var role = Role.unknown
    var pair: Pair
  }

  /// Connections that are known at most: the kernel forgets more than these too.
  static let most = 2 * Int(TLS_CONNECTIONS)
  /// The first half of the address of an end that is not known: of the prefix for what is discarded, which nobody has
  /// (RFC 6666).
  static let unknownAddress: UInt64 = 0x0100 << 48

  /// What is added to the kernel's monotonic clock for capture time.
  var clockOffset: UInt64
  /// The inode of the own network namespace, whose packets are seen.
  private let network: UInt32
  /// Chooses whose text counts; nil where that of all does.
  var chooser: TextChooser?
  /// Connections whose text was delivered, each view of one.
  private(set) var selected: UInt64 = 0
  /// What the numbers of first bytes are made of: no two connections in a row have the same, of whatever ends.
  private var seed: UInt64
  private var known: [UInt64: Connection] = [:]
  private var pairs: [Pair: Shared] = [:]
  /// Numbers of connections, the oldest at `next` once all places are taken.
  private var order: [UInt64] = []
  private var next = 0
  /// Ends whose views have all ended, kept for views that come late: a process may write, and another one read, answer
  /// and close, before the first one's call returns. The oldest is at `nextRetired` once all places are taken.
  private var retired: [Pair] = []
  private var nextRetired = 0

  /// - Parameters:
  ///   - clockOffset: what is added to the kernel's monotonic clock for capture time.
  ///   - seed: keys the numbers of first bytes: connections that say the same have different ones.
  ///   - network: the inode of the own network namespace.
  init(clockOffset: UInt64, seed: UInt64, network: UInt32) {
    (self.clockOffset, self.seed, self.network) = (clockOffset, seed, network)
  }

  /// Delivers what a record stands for: a segment for text, after two for a connection that begins; two for an end;
  /// none where the server's view has the same.
  ///
  /// A connection is of the interface that it was of when its text counted first.
  /// - Returns: Segments that were delivered; nil for text of a connection that is not selected.
  mutating func deliver(
    _ record: tls_record, _ text: RawSpan, _ body: (borrowing Segment, RawSpan) -> Void
  ) -> Int? {
    let isEnd = record.kind == UInt8(TLS_CLOSED)
    let found = known[record.connection]
    if found == nil, !isEnd, chooser?.selects(record) == false { return nil }
    guard var connection = found ?? (isEnd ? nil : add(record)) else { return 0 }
    if !isEnd, connection.role == .unknown {
      connection.role = Self.role(record, text)
      known[record.connection] = connection
      if connection.role == .server { pairs[connection.pair]?.hasServer = true }
    }
    defer { if isEnd { forget(record.connection, connection, at: record.time) } }
    if connection.role == .client, pairs[connection.pair]?.hasServer == true { return 0 }
    if isEnd {
      // The process that has ended it first.
      control(record, connection, isWrite: true, .fin, body)
      control(record, connection, isWrite: false, .fin, body)
      return 2
    }
    let opened = open(record, connection, body)
    body(segment(record, connection), text)
    return opened + 1
  }

  /// Whether it is too early to tell if a record counts, `age` nanoseconds after it was made.
  func isUndecided(_ record: tls_record, age: UInt64) -> Bool {
    known[record.connection] == nil && chooser?.isUndecided(record, age: age) == true
  }

  /// Delivers a connection's SYN and the answer to it before its first text, once.
  private mutating func open(
    _ record: tls_record, _ connection: Connection, _ body: (borrowing Segment, RawSpan) -> Void
  ) -> Int {
    guard record.is_new != 0, connection.role != .unknown, pairs[connection.pair]?.isOpen == false else {
      return 0
    }
    pairs[connection.pair]?.isOpen = true
    var first = record
    (first.position, first.other_position) = (0, 0)
    let isClient = connection.role == .client
    control(first, connection, isWrite: isClient, .syn, body)
    control(first, connection, isWrite: !isClient, [.syn, .ack], body)
    return 2
  }

  /// Who reads requests, or writes responses, is the server. Of HTTP/2 the client speaks first, with its preface.
  private static func role(_ record: tls_record, _ text: RawSpan) -> Role {
    guard record.kind != UInt8(TLS_CONTINUATION), text.byteCount >= 4 else { return .unknown }
    let isResponse: Bool
    if record.kind == UInt8(TLS_FRAMES) {
      // "PRI ", or the server's SETTINGS.
      guard record.is_new != 0 else { return .unknown }
      isResponse = text.firstWord != 0x2049_5250
    } else {
      // "HTTP", of a status line: no method begins so.
      isResponse = text.firstWord == 0x5054_5448
    }
    return isResponse == (record.is_write != 0) ? .server : .client
  }

  private mutating func add(_ record: tls_record) -> Connection {
    let ends = record.ends
    let isTied = ends.network != 0
    let local = Endpoint(
      high: isTied ? UInt64(bigEndian: ends.local.0) : Self.unknownAddress,
      low: isTied ? UInt64(bigEndian: ends.local.1) : record.connection, port: ends.local_port)
    let remote = Endpoint(
      high: isTied ? UInt64(bigEndian: ends.remote.0) : Self.unknownAddress,
      low: isTied ? UInt64(bigEndian: ends.remote.1) : ~record.connection, port: ends.remote_port)
    let isInOrder =
      (local.high, local.low, UInt64(local.port)) < (remote.high, remote.low, UInt64(remote.port))
    // Loopback's addresses are others in each namespace; all others are one network's, from wherever they are seen.
    let isForeign = local.isLoopback && ends.network != network
    let pair = Pair(
      first: isInOrder ? local : remote, second: isInOrder ? remote : local,
      network: isForeign ? ends.network : 0)
    // The other end's view is one of the same connection when it was there before the first one ended; the number says
    // since when. Another one of the same end is the next connection, and the end of the one before was lost.
    let begin = record.connection >> 10
    let side: UInt8 = isInOrder ? 1 : 2
    let earlier = pairs[pair].flatMap { $0.sides & side == 0 && ($0.views > 0 || begin < $0.end) ? $0 : nil }
    var shared = earlier ?? Shared(base: nextBase())
    shared.views += 1
    shared.sides |= side
    pairs[pair] = shared
    let connection = Connection(local: local, remote: remote, base: shared.base, pair: pair)
    if order.count < Self.most {
      order.append(record.connection)
    } else {
      if let oldest = known[order[next]] { forget(order[next], oldest, at: record.time) }
      order[next] = record.connection
      next = (next + 1) % Self.most
    }
    known[record.connection] = connection
    selected &+= 1
    return connection
  }

  private mutating func forget(_ number: UInt64, _ connection: Connection, at time: UInt64) {
    known[number] = nil
    guard var shared = pairs[connection.pair], shared.base == connection.base else { return }
    shared.views -= 1
    shared.end = time
    pairs[connection.pair] = shared
    guard shared.views == 0 else { return }
    if retired.count < Self.most {
      retired.append(connection.pair)
    } else {
      let oldest = retired[nextRetired]
      if pairs[oldest]?.views == 0 { pairs[oldest] = nil }
      retired[nextRetired] = connection.pair
      nextRetired = (nextRetired + 1) % Self.most
    }
  }

  private mutating func nextBase() -> UInt32 {
    seed = Self.mixed(seed)
    return UInt32(truncatingIfNeeded: seed)
  }

  /// SplitMix64, one step.
  private static func mixed(_ word: UInt64) -> UInt64 {
    var mixed = word &+ 0x9e37_79b9_7f4a_7c15
    mixed = (mixed ^ (mixed &>> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed &>> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed &>> 31)
  }

  /// The segment of a text.
  private func segment(_ record: tls_record, _ connection: Connection) -> Segment {
    let kind: Segment.Kind =
      switch record.kind {
      case UInt8(TLS_CONTINUATION): .continuation
      case UInt8(TLS_FRAMES): .stream
      default: .start
      }
    var segment = Segment(
      time: record.time &+ clockOffset,
      source: record.is_write != 0 ? connection.local : connection.remote,
      destination: record.is_write != 0 ? connection.remote : connection.local,
      sequence: connection.base &+ UInt32(truncatingIfNeeded: record.position),
      acknowledgement: connection.base &+ UInt32(truncatingIfNeeded: record.other_position),
      payloadLength: record.length, flags: [.ack, .psh], kind: kind)
    segment.network = connection.pair.network
    return segment
  }

  /// Delivers a segment without text: from this end when `isWrite`, else from the other one. The record's position is
  /// that of what this end has written.
  private func control(
    _ record: tls_record, _ connection: Connection, isWrite: Bool, _ flags: Segment.Flags,
    _ body: (borrowing Segment, RawSpan) -> Void
  ) {
    let written = connection.base &+ UInt32(truncatingIfNeeded: record.position)
    let read = connection.base &+ UInt32(truncatingIfNeeded: record.other_position)
    var segment = Segment(
      time: record.time &+ clockOffset, source: isWrite ? connection.local : connection.remote,
      destination: isWrite ? connection.remote : connection.local, sequence: isWrite ? written : read,
      acknowledgement: isWrite ? read : written, payloadLength: 0,
      flags: flags.contains(.syn) ? flags : flags.union(.ack), kind: .stream)
    segment.network = connection.pair.network
    body(segment, RawSpan())
  }
}

extension RawSpan {
  /// The first four bytes, the first one the lowest.
  fileprivate var firstWord: UInt32 { (0..<4).reduce(0) { $0 | UInt32(byte($1)) << UInt32(8 * $1) } }
}
