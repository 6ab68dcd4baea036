// SPDX-License-Identifier: Apache-2.0

import System
import Glibc

/// A network interface as it is at this moment.
package struct InterfaceState: Equatable, Sendable {
  package var name: String
  package var index: UInt32
  /// Whether it was set up (IFF_UP).
  package var isUp: Bool
  /// Whether it has a carrier too (IFF_RUNNING).
  package var isRunning: Bool
  /// Its kind of link layer as Linux numbers them (ARPHRD_…); also in /sys/class/net/NAME/type.
  package var kind: UInt16

  package init(name: String, index: UInt32, isUp: Bool, isRunning: Bool, kind: UInt16) {
    self.name = name
    self.index = index
    self.isUp = isUp
    self.isRunning = isRunning
    self.kind = kind
  }

  /// The interface of this name; nil when there is none. Needs no privilege.
  package static func named(_ name: String) -> InterfaceState? {
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    return named(name, askedOf: descriptor)
  }

  /// The same, asked of any socket that is open.
  static func named(_ name: String, askedOf descriptor: Int32) -> InterfaceState? {
    guard let index = unsafe ask(descriptor, SIOCGIFINDEX, name),
      let flags = unsafe ask(descriptor, SIOCGIFFLAGS, name),
      let kind = unsafe ask(descriptor, SIOCGIFHWADDR, name)
    else { return nil }
    let bits = unsafe Int32(flags.ifr_ifru.ifru_flags)
    return unsafe InterfaceState(
      name: name, index: UInt32(bitPattern: index.ifr_ifru.ifru_ivalue), isUp: bits & Int32(IFF_UP) != 0,
      isRunning: bits & Int32(IFF_RUNNING) != 0, kind: kind.ifr_ifru.ifru_hwaddr.sa_family)
  }

  /// All interfaces, in the kernel's order.
  package static func all() -> [InterfaceState] { NetworkInterfaces.names.compactMap(named) }

  private static func ask(_ descriptor: Int32, _ what: Int32, _ name: String) -> ifreq? {
    var request = unsafe ifreq()
    // The name is cut to the field, whose last byte stays zero; the call writes the structure only.
    let result = unsafe withUnsafeMutableBytes(of: &request) { bytes in
      unsafe bytes.copyBytes(from: name.utf8.prefix(Int(IFNAMSIZ) - 1))
      return unsafe bytes.baseAddress.map { unsafe ioctl(descriptor, UInt(what), $0) } ?? -1
    }
    return result == 0 ? unsafe request : nil
  }
}
