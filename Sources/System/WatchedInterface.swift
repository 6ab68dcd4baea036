// SPDX-License-Identifier: Apache-2.0
#if canImport(Glibc)
  internal import Glibc

  /// A network interface that is followed when it is renamed: the name is the operator's, the index and the hardware
  /// address are what stays. An index alone may be another interface's once the first one is gone.
  package struct WatchedInterface: Sendable {
    /// The name that was asked for.
    package let asked: String
    /// What it is called now.
    package private(set) var name: String
    private var index: UInt32 = 0
    private var address: UInt64 = 0

    package init(_ name: String) {
      asked = name
      self.name = name
    }

    /// Looks what the interface is called now: a renamed one has its new name, one that is gone the name that was
    /// asked for, under which it may come back. Asked of any socket; needs no privilege.
    package mutating func follow(askedOf descriptor: Int32) {
      if let called = Self.name(of: index, descriptor), Self.address(of: called, descriptor) == address {
        name = called
      } else {
        if Self.index(of: name, descriptor) == nil { name = asked }
        note(descriptor)
      }
    }

    private mutating func note(_ descriptor: Int32) {
      index = Self.index(of: name, descriptor) ?? 0
      address = Self.address(of: name, descriptor) ?? 0
    }

    private static func name(of index: UInt32, _ descriptor: Int32) -> String? {
      guard index > 0 else { return nil }
      var request = unsafe ifreq()
      unsafe request.ifr_ifru.ifru_ivalue = Int32(bitPattern: index)
      guard let answer = unsafe ask(descriptor, SIOCGIFNAME, request) else { return nil }
      return unsafe withUnsafeBytes(of: answer.ifr_ifrn.ifrn_name) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
    }

    private static func index(of name: String, _ descriptor: Int32) -> UInt32? {
      guard let answer = unsafe ask(descriptor, SIOCGIFINDEX, request(name)) else { return nil }
      return UInt32(bitPattern: unsafe answer.ifr_ifru.ifru_ivalue)
    }

    /// The first eight bytes of the hardware address; zeros where there is none.
    private static func address(of name: String, _ descriptor: Int32) -> UInt64? {
      guard let answer = unsafe ask(descriptor, SIOCGIFHWADDR, request(name)) else { return nil }
      return unsafe withUnsafeBytes(of: answer.ifr_ifru.ifru_hwaddr.sa_data) { bytes in
        unsafe bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
      }
    }

    private static func request(_ name: String) -> ifreq {
      var request = unsafe ifreq()
      // The name is cut to the field, whose last byte stays zero.
      unsafe withUnsafeMutableBytes(of: &request.ifr_ifrn.ifrn_name) { bytes in
        unsafe bytes.copyBytes(from: name.utf8.prefix(Int(IFNAMSIZ) - 1))
      }
      return unsafe request
    }

    private static func ask(_ descriptor: Int32, _ what: Int32, _ request: ifreq) -> ifreq? {
      var request = unsafe request
      // The call reads and writes the structure only.
      return unsafe ioctl(descriptor, UInt(what), &request) == 0 ? request : nil
    }
  }
#endif
