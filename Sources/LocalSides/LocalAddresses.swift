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

  private let descriptor: Descriptor
  private let known = Locked<[Address]>([])
  private let changes = Atomic<UInt>(0)

  /// Asks for the first time; throws what the system says.
  package init() throws(SystemError) {
    let flags = Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    // NETLINK_ROUTE.
    let number = socket(AF_NETLINK, flags, 0)
    guard number >= 0 else { throw .last }
    descriptor = Descriptor(number)
    try update()
  }

  /// How often the addresses have changed; it changes after them.
  package var generation: UInt { changes.load(ordering: .acquiring) }

  /// The addresses as of the last answer.
  package var all: [Address] { known.withLock { $0 } }

  /// Asks again; throws what the system says, and keeps what it knew then.
  package func update() throws(SystemError) {
    let found = try dump()
    let isNew = known.withLock { addresses in
      if addresses == found { return false }
      addresses = found
      return true
    }
    if isNew { changes.wrappingAdd(1, ordering: .releasing) }
  }

  /// Sends RTM_GETADDR and reads the answer to its end. An address that is set meanwhile is in the next one.
  private func dump() throws(SystemError) -> [Address] {
    // struct nlmsghdr: length, type, NLM_F_REQUEST | NLM_F_DUMP, number, port; struct ifaddrmsg of any family.
    let request: [UInt8] = [24, 0, 0, 0, 22, 0, 1, 3] + [UInt8](repeating: 0, count: 16)
    // The bytes live through the call. Not send, which the sandbox does not allow.
    guard unsafe write(descriptor.number, request, request.count) == request.count else { throw .last }
    var found: [Address] = []
    var block = [UInt8](repeating: 0, count: 32_768)
    while true {
      let count = unsafe block.withUnsafeMutableBytes { buffer in
        // The buffer lives through the call, and its own length bounds it.
        unsafe Glibc.read(descriptor.number, buffer.baseAddress, buffer.count)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw count < 0 ? .last : SystemError(EPIPE) }
      if try Self.read(block[..<count], into: &found) { return found }
    }
  }

  /// Reads the messages of one datagram; true when the last of the answer is among them. Throws the kernel's error, after
  /// which an answer is not whole.
  static func read(
    _ bytes: ArraySlice<UInt8>, into found: inout [Address]
  ) throws(SystemError) -> Bool {
    var rest = bytes
    while rest.count >= 16 {
      let length = Int(number(rest, 0, 4)), type = number(rest, 4, 2)
      // NLMSG_DONE.
      if type == 3 { return true }
      guard length >= 16, length <= rest.count else { throw SystemError(EPROTO) }
      // NLMSG_ERROR: struct nlmsgerr begins with the number, negative.
      if type == 2 {
        let number = length >= 20 ? Int32(bitPattern: number(rest, 16, 4)) : 0
        throw SystemError(number < 0 && number > .min ? -number : EPROTO)
      }
      // RTM_NEWADDR.
      if type == 20, length >= 24, let address = address(rest.prefix(length).dropFirst(16)) {
        found.append(address)
      }
      rest = rest.dropFirst((length + 3) & ~3)
    }
    return false
  }

  /// The address of struct ifaddrmsg and its attributes: IFA_LOCAL where there is one, since IFA_ADDRESS is the other
  /// end's then (if_addr.h).
  private static func address(_ message: ArraySlice<UInt8>) -> Address? {
    let size = message.first == UInt8(AF_INET) ? 4 : message.first == UInt8(AF_INET6) ? 16 : 0
    var address: ArraySlice<UInt8>?
    var rest = message.dropFirst(8)
    while rest.count >= 4 {
      let length = Int(number(rest, 0, 2)), type = number(rest, 2, 2)
      guard length >= 4, length <= rest.count else { break }
      let value = rest.prefix(length).dropFirst(4)
      if value.count == size, type == 2 || type == 1 && address == nil { address = value }
      rest = rest.dropFirst((length + 3) & ~3)
    }
    guard let address, size > 0 else { return nil }
    func word(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
    return size == 4
      ? Address(ipv4: UInt32(truncatingIfNeeded: word(address)))
      : Address(high: word(address.prefix(8)), low: word(address.dropFirst(8)))
  }

  /// A number in the machine's order, which is little-endian on all that this runs on.
  private static func number(_ bytes: ArraySlice<UInt8>, _ offset: Int, _ size: Int) -> UInt32 {
    (0..<size).reduce(0) { $0 | UInt32(bytes[bytes.startIndex + offset + $1]) << UInt32(8 * $1) }
  }
}
