// SPDX-License-Identifier: Apache-2.0
import Capture
import Glibc
import KernelCapture
import PacketBuilder
import Testing

@Suite(.enabled(if: isRoot, "making interfaces requires root"), .serialized)
final class InterfaceLifeTests {
  /// A pair of virtual cables of this test's own.
  let near = "wtn\(getpid() % 100_000)"
  let far = "wtf\(getpid() % 100_000)"

  init() throws { try plug() }
  deinit { _ = unsafe system("ip link del \(near) 2>/dev/null") }

  private func run(_ command: String) throws {
    // The command is a terminated string of our own making.
    try #require(unsafe system(command) == 0)
  }

  private func plug() throws {
    try run("ip link add \(near) type veth peer name \(far)")
    try run("ip link set \(near) up && ip link set \(far) up")
    try awaitCable()
  }

  /// Waits until both ends send: before the kernel's link watch has come round, the queue of one drops whatever it is
  /// given, and says nothing.
  private func awaitCable() throws {
    for end in [near, far] {
      try run("timeout 20 sh -c 'until ip link show \(end) | grep -q \"state UP\"; do sleep 0.01; done'")
    }
  }

  /// Puts a frame on the far end, so that it comes in at the near one; or on the one named.
  private func send(_ frame: [UInt8], at end: String? = nil) throws {
    let index = unsafe if_nametoindex(end ?? far)
    let descriptor = socket(AF_PACKET, Int32(SOCK_RAW.rawValue), 0)
    defer { close(descriptor) }
    // sockaddr_ll: family, protocol, index, and an address that is not needed.
    var address = [UInt8](repeating: 0, count: 20)
    address[0] = UInt8(AF_PACKET)
    for byte in 0..<4 { address[4 + byte] = UInt8(truncatingIfNeeded: index >> (8 * UInt32(byte))) }
    // Both arrays outlive the call.
    let sent = unsafe address.withUnsafeBytes { address in
      unsafe sendto(
        descriptor, frame, frame.count, 0, address.baseAddress?.assumingMemoryBound(to: sockaddr.self), 20)
    }
    try #require(sent == frame.count)
  }

  private func received(_ capture: KernelCapture) throws -> Int {
    var count = 0
    for reader in capture.readers { _ = try reader.receive(timeout: 0) { _, _ in count += 1 } }
    return count
  }

  @Test(arguments: [(CaptureDirection.inbound, false), (.both, true)])
  func `what goes out is inspected only where it may count`(direction: CaptureDirection, isInspected: Bool)
    throws
  {
    let capture = try KernelCapture(
      KernelCaptureOptions(interfaces: [near], direction: direction, ringBytes: 1 << 20))
    let frame = Packet().payload(request).bytes
    for _ in 0..<500 { try send(frame, at: near) }
    try send(frame)
    // The kernel itself sends some packets on new interfaces (IPv6).
    #expect((capture.counters().packets >= 500) == isInspected)
    #expect(try received(capture) >= 1)
  }

  @Test func `capture continues when an interface goes down and up, or is re-created`() throws {
    let capture = try KernelCapture(KernelCaptureOptions(interfaces: [near], ringBytes: 1 << 20))
    let frame = Packet().payload(request).bytes
    try send(frame)
    #expect(try received(capture) == 1)
    #expect(capture.outages.isEmpty)

    try run("ip link set \(near) down")
    capture.followInterfaces()
    let since = try #require(capture.outages.first)
    capture.followInterfaces()
    #expect(capture.outages == [since])
    try run("ip link set \(near) up")
    try awaitCable()
    capture.followInterfaces()
    #expect(capture.outages.isEmpty)
    try send(frame)
    #expect(try received(capture) == 1)

    try run("ip link del \(near)")
    capture.followInterfaces()
    #expect(!capture.outages.isEmpty)
    try plug()
    capture.followInterfaces()
    #expect(capture.outages.isEmpty)
    try send(frame)
    #expect(try received(capture) == 1)

    // Re-created between two polls: nobody saw it go.
    try run("ip link del \(near)")
    try plug()
    capture.followInterfaces()
    try send(frame)
    #expect(try received(capture) == 1)
  }

  @Test func `an interface that appears later is seen where all are watched`() throws {
    try run("ip link del \(near)")
    let ports = try #require(PortSet(parsing: "54321"))
    let capture = try KernelCapture(KernelCaptureOptions(ports: ports, ringBytes: 1 << 20))
    try plug()
    try send(Packet().to(port: 54321).payload(request).bytes)
    // Once going out at the far end, once coming in at the near one: two interfaces of one machine.
    #expect(try received(capture) == 2)
  }

  @Test(arguments: [(CaptureDirection.inbound, 1), (.outbound, 0), (.both, 1)])
  func `the direction decides which direction counts`(direction: CaptureDirection, expected: Int) throws {
    let capture = try KernelCapture(
      KernelCaptureOptions(interfaces: [near], direction: direction, ringBytes: 1 << 20))
    let other = try KernelCapture(
      KernelCaptureOptions(interfaces: [far], direction: direction, ringBytes: 1 << 20))
    try send(Packet().payload(request).bytes)
    #expect(try received(capture) == expected)
    #expect(try received(other) == (direction == .inbound ? 0 : 1))
  }

  @Test(arguments: [0, 1, 2])
  func `tagged and foreign frames are seen on a real device`(tags: Int) throws {
    let capture = try KernelCapture(KernelCaptureOptions(interfaces: [near], ringBytes: 1 << 20))
    let outgoing = try KernelCapture(KernelCaptureOptions(interfaces: [far], ringBytes: 1 << 20))
    let tagged = Packet().payload(request).with {
      $0.destinationMAC = [2, 9, 9, 9, 9, 9]
      $0.tags = [VLANTag(0x4500, type: 0x88a8), VLANTag(0x602a)].suffix(tags)
    }
    try send(tagged.bytes)
    try send(tagged.ipv6().bytes)
    #expect(try received(capture) == 2)
    #expect(try received(outgoing) == 2)
  }
}
