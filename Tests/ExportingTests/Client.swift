// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc

/// A client of plain bytes on loopback, which can be as slow and as wrong as it likes.
final class Client {
  private let descriptor: Int32
  /// Everything received so far.
  private(set) var received: [UInt8] = []
  private(set) var isClosed = false

  /// - Parameter buffer: bytes of its receive buffer, when they matter.
  init(port: Int, buffer: Int32? = nil) {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    if var bytes = buffer {
      // The local value lives through the call.
      _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
    }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    // A socket address is read as the general one that it begins with.
    _ = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  deinit { close(descriptor) }

  /// Sends all of it; false when the other side has closed.
  @discardableResult
  func send(_ text: String) -> Bool {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      // The buffer's own length bounds the call.
      let sent = unsafe bytes.withUnsafeBytes {
        unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if sent <= 0 { return false }
      bytes = bytes.dropFirst(sent)
    }
    return true
  }

  func closeSending() { shutdown(descriptor, Int32(SHUT_WR)) }

  var text: String { String(decoding: received, as: UTF8.self) }

  /// Receives until the text has come so often, or the other side has closed, or 20 s have gone.
  @discardableResult
  func receive(until text: String = "\u{0}never", times: Int = 1) -> Bool {
    let end = Date() + 20
    while Date() < end {
      if self.text.components(separatedBy: text).count > times { return true }
      if isClosed { return false }
      var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      // One entry, a local value.
      guard unsafe Glibc.poll(&poll, 1, 200) > 0 else { continue }
      var bytes = [UInt8](repeating: 0, count: 65_536)
      let count = unsafe recv(descriptor, &bytes, bytes.count, 0)
      if count <= 0 { isClosed = true } else { received += bytes.prefix(count) }
    }
    return false
  }

  /// Leaves the file of a socket behind that nobody listens on.
  static func leaveSocket(at path: String) {
    let left = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var name = sockaddr_un()
    name.sun_family = sa_family_t(AF_UNIX)
    // The path is shorter than the field, and what is behind it is zero.
    unsafe withUnsafeMutableBytes(of: &name.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
    _ = unsafe withUnsafePointer(to: &name) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(left, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    close(left)
  }

  /// Asks for a path and returns the whole answer.
  static func get(
    _ path: String, port: Int, method: String = "GET", host: String = "localhost", more: String = ""
  )
    -> String
  {
    let client = Client(port: port)
    client.send("\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\(more)\r\n")
    client.receive()
    return client.text
  }
}
