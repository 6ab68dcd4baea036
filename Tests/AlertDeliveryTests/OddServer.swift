// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Synchronization

/// A server on loopback that takes one post after the other and answers as oddly as it is asked to.
final class OddServer: Sendable {
  /// What it does to a connection.
  enum Manner: Sendable, CustomStringConvertible {
    /// Reads the post, says this, and closes.
    case says(String)
    /// Reads the post, says this, and keeps the connection open.
    case saysAndStays(String)
    /// Says this without having read anything, and closes.
    case saysEarly(String)
    /// Reads the post, says the first text, and then the second one over and over, so fast.
    case continues(String, String, pause: UInt32)
    /// Closes without a word, or with a reset.
    case closes, resets

    var description: String {
      switch self {
      case .says(let text): "says \(text.debugDescription)"
      case .saysAndStays(let text): "stays after \(text.debugDescription)"
      case .saysEarly(let text): "says early \(text.debugDescription)"
      case .continues(let text, _, let pause): "continues after \(text.debugDescription), pausing \(pause) us"
      case .closes: "closes"
      case .resets: "resets"
      }
    }
  }

  let port: UInt16
  private let listening: Int32
  private let last = Mutex<String>("")
  private let served = Mutex<Int>(0)

  init(_ manner: Manner) {
    listening = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listening = listening
    // A socket address is read and written as the general one that it begins with.
    _ = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = unsafe bind(listening, $0, length)
        listen(listening, 8)
        _ = unsafe getsockname(listening, $0, &length)
      }
    }
    port = UInt16(bigEndian: address.sin_port)
    Thread.detachNewThread { [self] in
      while true {
        let connection = accept(listening, nil, nil)
        if connection < 0 { break }
        served.withLock { $0 += 1 }
        serve(connection, manner)
        close(connection)
      }
      // Only now: its number may be another's as soon as it is closed.
      close(listening)
    }
  }

  /// Ends its thread; a connection that is under way ends with the client's.
  func stop() { shutdown(listening, Int32(SHUT_RDWR)) }

  /// How many connections it took.
  var connections: Int { served.withLock { $0 } }

  /// The last post that it read whole.
  var post: String { last.withLock { $0 } }

  private func serve(_ connection: Int32, _ manner: Manner) {
    switch manner {
    case .says(let text):
      readPost(connection)
      say(text, connection)
    case .saysAndStays(let text):
      readPost(connection)
      say(text, connection)
      while receive(connection) != nil {}
    case .saysEarly(let text): say(text, connection)
    case .continues(let text, let more, let pause):
      readPost(connection)
      say(text, connection)
      while say(more, connection) { usleep(pause) }
    case .closes: break
    case .resets:
      var lingering = linger(l_onoff: 1, l_linger: 0)
      // The local value lives through the call.
      _ = unsafe setsockopt(
        connection, SOL_SOCKET, SO_LINGER, &lingering, socklen_t(MemoryLayout<linger>.size))
    }
  }

  private func readPost(_ connection: Int32) {
    var text = ""
    while let more = receive(connection) {
      text += more
      guard let head = text.range(of: "\r\n\r\n"),
        let field = text.range(of: "content-length: ", options: .caseInsensitive)
      else {
        continue
      }
      let length = Int(text[field.upperBound...].prefix { $0.isNumber }) ?? 0
      if text[head.upperBound...].utf8.count >= length { break }
    }
    last.withLock { $0 = text }
  }

  private func receive(_ connection: Int32) -> String? {
    var block = [UInt8](repeating: 0, count: 4096)
    // The buffer's own length bounds the call.
    let count = unsafe block.withUnsafeMutableBytes { unsafe read(connection, $0.baseAddress, $0.count) }
    return count > 0 ? String(decoding: block[..<count], as: UTF8.self) : nil
  }

  @discardableResult
  private func say(_ text: String, _ connection: Int32) -> Bool {
    let bytes = Array(text.utf8)
    // As above.
    let sent = unsafe bytes.withUnsafeBytes {
      unsafe send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
    }
    return sent == bytes.count
  }
}
