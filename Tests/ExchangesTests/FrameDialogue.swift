// SPDX-License-Identifier: Apache-2.0
import Conversations
import HTTP2
import HeaderBlocks

/// A conversation in HTTP/2: frames of both sides, with header blocks whose fields are in the table or not.
struct FrameDialogue {
  var talk: Dialogue
  /// Bytes of a segment at most.
  var size = Int.max
  /// Fields are inserted into the tables, and refer to them.
  var isIndexed = false
  private var tables: [Bool: [String]] = [true: [], false: []]

  init(isIndexed: Bool = false, size: Int = .max, clientPort: UInt16 = 40_000) {
    talk = Dialogue(clientPort: clientPort)
    self.isIndexed = isIndexed
    self.size = size
  }

  /// The handshake of TCP, and that of HTTP/2.
  mutating func open() {
    talk.open()
    begin()
  }

  mutating func begin() {
    client {
      $0.preface()
      $0.settings([(3, 100)])
    }
    server {
      $0.settings()
      $0.acknowledgement()
    }
    client { $0.acknowledgement() }
  }

  mutating func client(_ write: (inout FrameWriter) -> Void) { send(true, write) }
  mutating func server(_ write: (inout FrameWriter) -> Void) { send(false, write) }

  private mutating func send(_ fromClient: Bool, _ write: (inout FrameWriter) -> Void) {
    var writer = FrameWriter()
    write(&writer)
    talk.send(fromClient, writer.bytes, size: size)
  }

  /// A block of fields, as one side's encoder writes it.
  mutating func block(fromClient: Bool, _ fields: [(String, String)]) -> [UInt8] {
    var writer = BlockWriter()
    for (name, value) in fields {
      let field = "\(name): \(value)"
      if name == ":method", value == "GET" {
        writer.indexed(2)
      } else if name == ":method", value == "POST" {
        writer.indexed(3)
      } else if name == ":scheme" {
        writer.indexed(6)
      } else if name == ":status", value == "200" {
        writer.indexed(8)
      } else if isIndexed, let place = tables[fromClient]?.firstIndex(of: field) {
        writer.indexed(62 + place)
      } else {
        writer.literal(
          isIndexed ? .inserted : .plain, name: Array(name.utf8), value: Array(value.utf8), isEncoded: true)
        if isIndexed { tables[fromClient]?.insert(field, at: 0) }
      }
    }
    return writer.bytes
  }

  /// A request without a body.
  mutating func get(_ stream: UInt32, _ path: String, host: String = "a.example") {
    let fields = block(
      fromClient: true,
      [(":method", "GET"), (":scheme", "http"), (":path", path), (":authority", host), ("user-agent", "t/1")])
    client { $0.headers(stream, fields, ends: true) }
  }

  /// A response, with some bytes of body or none.
  mutating func answer(_ stream: UInt32, _ status: String = "200", body: Int = 5, type: String = "text/html")
  {
    let fields = block(fromClient: false, [(":status", status), ("content-type", type), ("server", "t")])
    server {
      $0.headers(stream, fields, ends: body == 0)
      if body > 0 { $0.data(stream, body, ends: true) }
    }
  }

  /// A gRPC call, whole.
  mutating func call(_ stream: UInt32, _ path: String) {
    let fields = block(
      fromClient: true,
      [
        (":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "rpc.example"),
        ("content-type", "application/grpc"), ("te", "trailers"),
      ])
    client {
      $0.headers(stream, fields)
      $0.data(stream, 5, ends: true)
    }
  }

  /// A call's response, up to its trailers.
  mutating func callHead(_ stream: UInt32, status: String = "200") {
    let fields = block(fromClient: false, [(":status", status), ("content-type", "application/grpc")])
    server {
      $0.headers(stream, fields)
      $0.data(stream, 7)
    }
  }

  mutating func trailers(_ stream: UInt32, _ fields: [(String, String)]) {
    let fields = block(fromClient: false, fields)
    server { $0.headers(stream, fields, ends: true) }
  }

  var account: Account { Account(talk.packets) }
}
