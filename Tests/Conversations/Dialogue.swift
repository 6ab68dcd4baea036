// SPDX-License-Identifier: Apache-2.0
package import Capture

/// A TCP conversation as a list of segments, for tests: texts go back and forth, numbers follow.
package struct Dialogue {
  package struct Packet {
    package var segment: Segment
    package var payload: [UInt8]
  }

  package var packets: [Packet] = []
  package var client = Endpoint(ipv4: 0x0a00_0001, port: 40_000)
  package var server = Endpoint(ipv4: 0x0a00_0002, port: 80)
  package var clientNext: UInt32
  package var serverNext: UInt32
  package var time: UInt64 = 1_000_000_000_000
  /// Nanoseconds between packets.
  package var step: UInt64 = 1_000_000
  /// The kind of segments: `stream` at depth `streams`; else `start`, and `continuation` for what continues a text.
  package var depth: CaptureDepth

  package init(
    depth: CaptureDepth = .streams, clientPort: UInt16 = 40_000, clientStart: UInt32 = 1_000,
    serverStart: UInt32 = 5_000
  ) {
    self.depth = depth
    client.port = clientPort
    clientNext = clientStart
    serverNext = serverStart
  }

  package mutating func open() {
    add(true, [], [.syn])
    add(false, [], [.syn, .ack])
  }

  /// The client sends `text`, in segments of at most `size` bytes.
  package mutating func ask(_ text: String, size: Int = .max) { send(true, Array(text.utf8), size: size) }

  /// The server sends `text`, in segments of at most `size` bytes, the last of which has `uncaptured` further ones.
  package mutating func answer(_ text: String, size: Int = .max, uncaptured: Int = 0) {
    send(false, Array(text.utf8), size: size, uncaptured: uncaptured)
  }

  /// One side sends bytes.
  ///
  /// - Parameters:
  ///   - continues: they continue the text before them.
  ///   - uncaptured: bytes on the wire that the last segment's capture lacks.
  package mutating func send(
    _ fromClient: Bool, _ bytes: [UInt8], size: Int = .max, continues: Bool = false, uncaptured: Int = 0
  ) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = Array(rest.prefix(size))
      rest = rest.dropFirst(part.count)
      let length = UInt32(part.count + (rest.isEmpty ? uncaptured : 0))
      add(
        fromClient, part, [.ack, .psh], length: length, continues: continues || rest.startIndex > part.count)
      if fromClient { clientNext &+= length } else { serverNext &+= length }
    }
  }

  package mutating func close() {
    add(true, [], [.fin, .ack])
    clientNext &+= 1
    add(false, [], [.fin, .ack])
    clientNext &-= 1
  }

  /// One side closes its direction.
  package mutating func finish(byClient isClient: Bool) {
    add(isClient, [], [.fin, .ack])
    if isClient { clientNext &+= 1 } else { serverNext &+= 1 }
  }

  /// One side ends the connection.
  package mutating func reset(byClient isClient: Bool) { add(isClient, [], [.rst, .ack]) }

  private mutating func add(
    _ fromClient: Bool, _ payload: [UInt8], _ flags: Segment.Flags, length: UInt32 = 0,
    continues: Bool = false
  ) {
    let segment = Segment(
      time: time, source: fromClient ? client : server, destination: fromClient ? server : client,
      sequence: fromClient ? clientNext : serverNext,
      acknowledgement: flags.contains(.ack) ? fromClient ? serverNext : clientNext : 0, payloadLength: length,
      flags: flags, kind: depth == .streams || payload.isEmpty ? .stream : continues ? .continuation : .start)
    packets.append(Packet(segment: segment, payload: payload))
    time += step
  }
}

/// A request's head.
package func get(_ path: String, host: String = "a.example", more: String = "") -> String {
  "GET \(path) HTTP/1.1\r\nHost: \(host)\r\n\(more)\r\n"
}

/// A response with its body.
package func ok(_ body: String = "", status: String = "200 OK", more: String = "") -> String {
  "HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\(more)\r\n\(body)"
}
