// SPDX-License-Identifier: Apache-2.0
import Glibc
import System
import Testing

@testable import LocalSides

/// This machine's addresses, as the kernel reports them.
@Suite struct LocalAddressesTests {
  @Test func `loopback's address is among them, and asking again changes nothing`() throws {
    let local = try LocalAddresses()
    #expect(local.all.contains(LocalAddresses.Address(ipv4: 0x7f00_0001)))
    let generation = local.generation
    #expect(generation > 0)
    try local.update()
    #expect(local.generation == generation)
  }

  @Test func `all of 127.0.0.0/8 is this machine, and nothing beside it`() {
    #expect(LocalAddresses.Address(ipv4: 0x7f01_0203).isIPv4Loopback)
    #expect(!LocalAddresses.Address(ipv4: 0x8000_0001).isIPv4Loopback)
    #expect(!LocalAddresses.Address(high: 0, low: 0x7f00_0001).isIPv4Loopback)
  }

  @Test func `of a point-to-point link this end is taken, not the other one`() throws {
    // 10.0.0.1 peer 10.0.0.2: IFA_ADDRESS first, then IFA_LOCAL.
    let message = Self.message(
      type: 20, [2] + Self.zeros(7) + [8, 0, 1, 0, 10, 0, 0, 2, 8, 0, 2, 0, 10, 0, 0, 1])
    var found: [LocalAddresses.Address] = []
    #expect(try !Self.read(message[...], into: &found))
    #expect(found == [LocalAddresses.Address(ipv4: 0x0a00_0001)])
  }

  @Test func `an address of IPv6 is read, and the end of the answer seen`() throws {
    let address: [UInt8] = [0xfd, 0x77] + Self.zeros(13) + [1]
    let message =
      Self.message(type: 20, [10] + Self.zeros(7) + [20, 0, 1, 0] + address)
      + Self.message(type: 3, Self.zeros(4))
    var found: [LocalAddresses.Address] = []
    #expect(try Self.read(message[...], into: &found))
    #expect(found == [LocalAddresses.Address(high: 0xfd77 << 48, low: 1)])
  }

  @Test func `lengths that reach beyond the answer end the reading`() throws {
    var found: [LocalAddresses.Address] = []
    var long = Self.message(type: 20, [2] + Self.zeros(7) + [200, 0, 2, 0, 10, 0, 0, 1])
    #expect(try !Self.read(long[...], into: &found))
    long[0] = 255
    #expect(throws: SystemError(EPROTO)) { try Self.read(long[...], into: &found) }
    #expect(found.isEmpty)
  }

  @Test func `an error of the kernel is no answer`() {
    var found: [LocalAddresses.Address] = []
    let refused = Self.message(type: 2, [UInt8(truncatingIfNeeded: -EPERM), 255, 255, 255])
    #expect(throws: SystemError(EPERM)) { try Self.read(refused[...], into: &found) }
    let short = Self.message(type: 2, [])
    #expect(throws: SystemError(EPROTO)) { try Self.read(short[...], into: &found) }
  }

  /// Reads the addresses in an answer of the kernel; true when its end is there.
  private static func read(
    _ bytes: ArraySlice<UInt8>, into found: inout [LocalAddresses.Address]
  ) throws -> Bool {
    try RouteSocket.entries(bytes, of: .addresses) { entry in
      if let address = LocalAddresses.address(entry) { found.append(address) }
    }
  }

  private static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

  /// struct nlmsghdr and what it is about.
  private static func message(type: UInt8, _ body: [UInt8]) -> [UInt8] {
    [UInt8(16 + body.count), 0, 0, 0, type, 0] + zeros(10) + body
  }
}
