// SPDX-License-Identifier: Apache-2.0
#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A socket that is bound and listens already: opened while there are privileges and files, served when
/// both have been given up.
package final class ListeningSocket {
  /// Where it listens, with the port that it got when 0 was asked for.
  package let address: ListenAddress
  private var descriptor: Int32

  /// Binds and listens.
  package init(_ address: ListenAddress) throws(ListenError) {
    switch address {
    case .ip(let host, let port):
      descriptor = try Self.open(host.contains(":") ? AF_INET6 : AF_INET, address)
      self.address = address
      try bindIP(host, port)
    case .unix(let path):
      descriptor = try Self.open(AF_UNIX, address)
      self.address = address
      try bindPath(path)
    }
    if listen(descriptor, 64) != 0 { throw ListenError(address, errno) }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Hands the descriptor over to somebody who closes it.
  func take() -> Int32 {
    defer { descriptor = -1 }
    return descriptor
  }

  /// The address, with the port that a socket got.
  static func actual(_ address: ListenAddress, _ descriptor: Int32) -> ListenAddress {
    guard case .ip(let host, 0) = address else { return address }
    var name = sockaddr_in6()
    var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
    // The larger of the two addresses; both have the port at the same place.
    let status = unsafe withUnsafeMutablePointer(to: &name) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe getsockname(descriptor, $0, &length)
      }
    }
    return status == 0 ? .ip(host: host, port: Int(UInt16(bigEndian: name.sin6_port))) : address
  }

  var number: Int32 { descriptor }

  private static func open(_ family: Int32, _ address: ListenAddress) throws(ListenError) -> Int32 {
    #if canImport(Glibc)
      let descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    #else
      let descriptor = socket(family, SOCK_STREAM, 0)
    #endif
    if descriptor < 0 { throw ListenError(address, errno) }
    return descriptor
  }

  private func bindIP(_ host: String, _ port: Int) throws(ListenError) {
    var one: Int32 = 1
    // The local value lives through the call. Without it a port stays taken for a while after its program.
    _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
    var status: Int32 = -1
    if host.contains(":") {
      var name = sockaddr_in6()
      name.sin6_family = sa_family_t(AF_INET6)
      name.sin6_port = UInt16(port).bigEndian
      // Fills the one field; the text was checked when it was read.
      _ = unsafe inet_pton(AF_INET6, host, &name.sin6_addr)
      status = Self.bind(descriptor, &name)
    } else {
      var name = sockaddr_in()
      name.sin_family = sa_family_t(AF_INET)
      name.sin_port = UInt16(port).bigEndian
      // As above.
      _ = unsafe inet_pton(AF_INET, host, &name.sin_addr)
      status = Self.bind(descriptor, &name)
    }
    if status != 0 { throw ListenError(address, errno) }
  }

  /// Binds to a path. One that another program listens on stays that program's; a file that is left of one
  /// that has ended goes away.
  private func bindPath(_ path: String) throws(ListenError) {
    var name = sockaddr_un()
    name.sun_family = sa_family_t(AF_UNIX)
    // A path is shorter than the field, by the reading of addresses, and what is behind it is zero.
    unsafe withUnsafeMutableBytes(of: &name.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
    if Self.bind(descriptor, &name) == 0 { return }
    guard errno == EADDRINUSE else { throw ListenError(address, errno) }
    let probe = try Self.open(AF_UNIX, address)
    let answered = unsafe withUnsafePointer(to: &name) { pointer in
      // A socket address is read as the general one that it begins with.
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(probe, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    let fault = errno
    close(probe)
    guard answered != 0, fault == ECONNREFUSED else { throw ListenError(address, EADDRINUSE) }
    SocketFile.remove(path)
    if Self.bind(descriptor, &name) != 0 { throw ListenError(address, errno) }
  }

  private static func bind<Name>(_ descriptor: Int32, _ name: inout Name) -> Int32 {
    unsafe withUnsafePointer(to: &name) { pointer in
      // A socket address is read as the general one that it begins with.
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe Exporting.bind(descriptor, $0, MemoryLayout<Name>.size)
      }
    }
  }
}

/// bind(2), under a name that the type's own method does not hide.
private func bind(_ descriptor: Int32, _ name: UnsafePointer<sockaddr>, _ size: Int) -> Int32 {
  #if canImport(Glibc)
    // The caller vouches for the address.
    unsafe Glibc.bind(descriptor, name, socklen_t(size))
  #else
    // As above.
    unsafe Darwin.bind(descriptor, name, socklen_t(size))
  #endif
}
