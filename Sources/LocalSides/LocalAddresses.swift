// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import Synchronization
package import System

/// The addresses of this process's network namespace, asked of the kernel again and again.
///
/// They come and go while a watch runs: a lease, an address that moves between two gateways. The socket is opened while
/// the process may open one; a question on it takes no privilege (rtnetlink(7)). One thread asks, any thread reads.
package final class LocalAddresses: Sendable {
  /// An address as a big-endian number in two words, an IPv4 one in its IPv4-mapped form.
  package struct Address: Hashable, Comparable, BitwiseCopyable, Sendable {
    package var high: UInt64
    package var low: UInt64

    package init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }

    package init(ipv4: UInt32) { self.init(high: 0, low: 0xffff_0000_0000 | UInt64(ipv4)) }

    package static func < (a: Address, b: Address) -> Bool {
      a.high != b.high ? a.high < b.high : a.low < b.low
    }

    /// 127.0.0.0/8, all of which is this machine, whatever addresses the interface has.
    package var isIPv4Loopback: Bool { high == 0 && low &>> 24 == 0xffff_7f }
  }

  private let socket: RouteSocket
  private let known = Locked<[Address]>([])
  private let changes = Atomic<UInt>(0)

  /// Asks for the first time; throws what the system says.
  package init() throws(SystemError) {
    socket = try RouteSocket()
    try update()
  }

  /// The number of times that the addresses have changed; it changes after them.
  package var generation: UInt { changes.load(ordering: .acquiring) }

  /// The addresses as of the last answer.
  package var all: [Address] { known.withLock { $0 } }

  /// Asks again; throws what the system says, and keeps what it knew then.
  package func update() throws(SystemError) {
    var found: [Address] = []
    // An address that is set meanwhile is in the next answer.
    try socket.ask(.addresses) { if let address = Self.address($0) { found.append(address) } }
    let isNew = known.withLock { addresses in
      if addresses == found { return false }
      addresses = found
      return true
    }
    if isNew { changes.wrappingAdd(1, ordering: .releasing) }
  }

  /// The address of struct ifaddrmsg and its attributes: IFA_LOCAL where there is one, since IFA_ADDRESS is the other
  /// end's then (if_addr.h). Nil where there is none of IP.
  static func address(_ message: ArraySlice<UInt8>) -> Address? {
    let size = message.first == UInt8(AF_INET) ? 4 : message.first == UInt8(AF_INET6) ? 16 : 0
    var address: ArraySlice<UInt8>?
    RouteSocket.attributes(message.dropFirst(8)) { type, value in
      if value.count == size, type == 2 || type == 1 && address == nil { address = value }
    }
    guard let address, size > 0 else { return nil }
    func word(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
    return size == 4
      ? Address(ipv4: UInt32(truncatingIfNeeded: word(address)))
      : Address(high: word(address.prefix(8)), low: word(address.dropFirst(8)))
  }
}
