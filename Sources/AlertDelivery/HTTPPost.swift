// SPDX-License-Identifier: Apache-2.0

import System
internal import Glibc

/// One POST by HTTP/1.0 on a connection of its own, and the C calls for it.
///
/// A post a minute, of which only the status is read, needs no event loop: it runs in a delivery process, which has
/// nothing else to do.
package struct HTTPPost: ~Copyable {
  /// Why there is no answer, in words.
  package struct Failure: Error, Equatable {
    package var reason: String
  }

  /// Bytes of an answer that are read.
  private static let answerLimit = 4096

  private let descriptor: Int32
  private let deadline: Deadline

  /// Posts JSON; returns the status and the beginning of what the server says to it.
  ///
  /// - Parameters:
  ///   - timeout: nanoseconds for all of it but the look-up of the host's name.
  ///   - readsAnswer: whether what comes with a good status is wanted too.
  package static func send(
    _ body: [UInt8], to address: PostAddress, timeout: UInt64, readsAnswer: Bool = false
  ) throws(Failure) -> PostAnswer {
    let post = try HTTPPost(address, Deadline(after: timeout))
    let head =
      "POST \(address.path) HTTP/1.0\r\nHost: \(address.authority)\r\nContent-Type: application/json\r\n"
      + "Content-Length: \(body.count)\r\nUser-Agent: wiretally\r\nConnection: close\r\n\r\n"
    do throws(Failure) {
      try post.write(Array(head.utf8) + body)
    } catch {
      // A server that refuses a body may have answered why, and closed, before all of it was sent.
      guard let answer = try? post.read(toItsEnd: readsAnswer) else { throw error }
      return answer
    }
    return try post.read(toItsEnd: readsAnswer)
  }

  /// Connects to the first of the host's addresses that takes the connection.
  private init(_ address: PostAddress, _ deadline: Deadline) throws(Failure) {
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    unsafe hints.ai_flags = AI_NUMERICSERV
    var list: UnsafeMutablePointer<addrinfo>?
    let status = unsafe getaddrinfo(address.host, "\(address.port)", &hints, &list)
    guard status == 0, let first = unsafe list else {
      // A text of the C library's, which stays.
      throw Failure(reason: "cannot look up \(address.host): \(unsafe String(cString: gai_strerror(status)))")
    }
    defer { unsafe freeaddrinfo(first) }
    var failure = Failure(reason: "\(address.host) has no address")
    var entry = unsafe Optional(first)
    while let candidate = unsafe entry {
      do throws(Failure) {
        // The list lives until the function returns.
        descriptor = unsafe try Self.connect(candidate.pointee, deadline)
        self.deadline = deadline
        return
      } catch {
        failure = error
      }
      unsafe entry = candidate.pointee.ai_next
    }
    throw failure
  }

  deinit { close(descriptor) }

  private static func connect(_ candidate: addrinfo, _ deadline: Deadline) throws(Failure) -> Int32 {
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let descriptor = unsafe socket(candidate.ai_family, kind, 0)
    guard descriptor >= 0 else { throw Failure(reason: SystemError.last.reason) }
    // The address and its length belong together.
    var code = unsafe Glibc.connect(descriptor, candidate.ai_addr, candidate.ai_addrlen) == 0 ? 0 : errno
    if code == EINPROGRESS {
      code = ETIMEDOUT
      if isReady(descriptor, POLLOUT, deadline) {
        var length = socklen_t(MemoryLayout<Int32>.size)
        // One number is read into one number.
        if unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length) != 0 { code = errno }
      }
    }
    guard code == 0 else {
      close(descriptor)
      throw Failure(reason: SystemError(code).reason)
    }
    return descriptor
  }

  private borrowing func write(_ bytes: [UInt8]) throws(Failure) {
    var sent = 0
    while sent < bytes.count {
      guard Self.isReady(descriptor, POLLOUT, deadline) else {
        throw Failure(reason: "no answer in time")
      }
      let count = unsafe bytes[sent...].withUnsafeBytes { buffer in
        // The buffer lives through the call, and its own length bounds it.
        unsafe Glibc.write(descriptor, buffer.baseAddress, buffer.count)
      }
      if count < 0 {
        if errno == EINTR || errno == EAGAIN { continue }
        throw Failure(reason: SystemError.last.reason)
      }
      sent += count
    }
  }

  /// The answer, as far as it is worth waiting for: once its head is there, a body that does not end, or
  /// a connection that does not close, changes nothing.
  private borrowing func read(toItsEnd: Bool) throws(Failure) -> PostAnswer {
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1024)
    var end: Failure?
    while bytes.count < Self.answerLimit {
      if let answer = PostAnswer(bytes[...]), toItsEnd ? answer.hasItsBody : answer.isWhole { return answer }
      guard PostAnswer.mayBegin(with: bytes) else {
        throw Failure(reason: "not an HTTP response")
      }
      guard Self.isReady(descriptor, POLLIN, deadline) else {
        end = Failure(reason: "no answer in time")
        break
      }
      let count = unsafe block.withUnsafeMutableBytes { buffer in
        // As above.
        unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      }
      if count == 0 { break }
      if count < 0 {
        if errno == EINTR || errno == EAGAIN { continue }
        end = Failure(reason: SystemError.last.reason)
        break
      }
      bytes += block[..<count]
    }
    if let answer = PostAnswer(bytes[...]) { return answer }
    let reason = bytes.isEmpty ? "connection closed without an answer" : "incomplete or invalid HTTP response"
    throw end ?? Failure(reason: reason)
  }

  private static func isReady(_ descriptor: Int32, _ events: Int32, _ deadline: Deadline) -> Bool {
    var item = pollfd(fd: descriptor, events: Int16(events), revents: 0)
    while true {
      // One entry, a local value.
      let count = unsafe poll(&item, 1, deadline.milliseconds)
      if count > 0 { return true }
      if count == 0 || errno != EINTR { if deadline.isOver || count < 0 { return false } }
    }
  }
}
