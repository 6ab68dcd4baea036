// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

import System

/// An error of listening, and what to do about it.
package struct ListenError: Error, Equatable, Sendable {
  package var message: String
  package var hint: String?
  /// It is a question of privilege.
  package var isNotPermitted = false

  /// - Parameter code: the system's error number.
  init(_ address: ListenAddress, _ code: Int32) {
    switch code {
    case EADDRINUSE:
      self.init(
        "cannot listen on \(address): another program listens there",
        hint: address.port.map { "another port, or find out whose it is: ss -ltnp 'sport = :\($0)'" }
          ?? "another path, or end the program that has it")
    case EACCES, EPERM:
      self.init(
        "not permitted to listen on \(address)",
        hint: address.port == nil ? "a path that this user may write" : "a port above 1023")
      isNotPermitted = true
    case EADDRNOTAVAIL:
      self.init(
        "cannot listen on \(address): no interface has that address",
        hint: "--listen 127.0.0.1:9180, or one of the addresses of: ip address")
    case ENOENT, ENOTDIR: self.init("cannot listen on \(address): no such folder")
    case EAFNOSUPPORT: self.init("cannot listen on \(address): this kernel has no such address family")
    default: self.init("cannot listen on \(address): \(SystemError(code).reason)")
    }
  }

  private init(_ message: String, hint: String? = nil) {
    self.message = message
    self.hint = hint
  }
}

/// The file of a socket that has a path.
enum SocketFile {
  /// Removes it; the next listener would do it, too.
  static func remove(_ path: String) {
    // The string lives through the call.
    _ = unsafe unlink(path)
  }
}
