// SPDX-License-Identifier: Apache-2.0

import System
import CMeasuring
package import Capture
import Glibc

/// A network of this process's own with one veth pair in it, apart from the machine's: what is sent there
/// nobody else sees. It is gone when the process ends, however it ends.
@safe
package struct OwnNetwork {
  /// Where frames are sent into the pair, and where they come out.
  package static let entrance = "wtbench0"
  package static let exit = "wtbench1"

  /// Whether the process is the superuser of its own network only, and so may load no BPF program.
  package let isUnprivileged: Bool

  /// Moves the process into a new network; threads that already run stay outside.
  package static func enter() throws(CaptureError) -> OwnNetwork {
    // As root at once; without it, in a user namespace of our own, where that is allowed.
    let fault = wt_measuring_unshare(0)
    let isUnprivileged = fault != 0
    if isUnprivileged, wt_measuring_unshare(1) != 0 {
      throw CaptureError(
        .notPermitted, "cannot make a network of its own: \(SystemError(fault).reason)",
        hint: "sudo wiretally bench, or sysctl kernel.unprivileged_userns_clone=1")
    }
    try makePair()
    try awaitCarrier()
    return OwnNetwork(isUnprivileged: isUnprivileged)
  }

  /// A veth pair, both ends up (drivers/net/veth.c): the second one can go up only once the pair is whole.
  private static func makePair() throws(CaptureError) {
    let link: [UInt8] = native(UInt32(0)) + native(UInt32(0))
    let up: [UInt8] = link + native(UInt32(1)) + native(UInt32(1))
    let down: [UInt8] = link + native(UInt32(0)) + native(UInt32(0))
    let peer = attribute(1, down + attribute(3, name(exit)))
    let kind = attribute(1, Array("veth".utf8)) + attribute(2, peer)
    // NLM_F_CREATE and NLM_F_EXCL.
    try newLink(up + attribute(3, name(entrance)) + attribute(18, kind), flags: 0x600)
    try newLink(up + attribute(3, name(exit)), flags: 0)
  }

  /// RTM_NEWLINK (rtnetlink(7)): makes or changes a device.
  private static func newLink(_ body: [UInt8], flags: UInt16) throws(CaptureError) {
    // NLM_F_REQUEST and NLM_F_ACK beside the flags.
    let header =
      native(UInt32(16 + body.count)) + native(UInt16(16)) + native(5 | flags) + native(UInt32(1))
      + native(UInt32(0))
    let descriptor = socket(AF_NETLINK, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw refused("open a netlink socket", .last) }
    defer { close(descriptor) }
    let message = header + body
    // The message is read, and the answer written, before the calls return.
    guard unsafe send(descriptor, message, message.count, 0) == message.count else {
      throw refused("make a veth pair", .last)
    }
    var answer = [UInt8](repeating: 0, count: 4_096)
    let length = unsafe recv(descriptor, &answer, answer.count, 0)
    guard length >= 20 else { throw refused("make a veth pair", .last) }
    // struct nlmsgerr behind the header: 0 or a negative error.
    let code = (0..<4).reduce(UInt32(0)) { $0 | UInt32(answer[16 + $1]) << UInt32(8 * $1) }
    guard code == 0 else { throw refused("make a veth pair", SystemError(-Int32(bitPattern: code))) }
  }

  /// Waits until frames that are sent arrive: a device drops them until the kernel's link watch has come
  /// round, which takes up to a second (net/core/link_watch.c).
  private static func awaitCarrier() throws(CaptureError) {
    let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw refused("open a socket", .last) }
    defer { close(descriptor) }
    for _ in 0..<200 {
      var request = unsafe ifreq()
      // The name is shorter than the field, whose rest stays zero; the call writes the structure only.
      let flags = unsafe withUnsafeMutableBytes(of: &request) { bytes -> Int32 in
        unsafe bytes.copyBytes(from: name(exit))
        guard let base = bytes.baseAddress, unsafe ioctl(descriptor, UInt(SIOCGIFFLAGS), base) == 0
        else { return 0 }
        return unsafe Int32(base.load(fromByteOffset: Int(IFNAMSIZ), as: Int16.self))
      }
      if flags & Int32(IFF_RUNNING) != 0 { return }
      usleep(10_000)
    }
    throw CaptureError(.unavailable, "the veth pair did not come up within two seconds")
  }

  private static func refused(_ what: String, _ error: SystemError) -> CaptureError {
    CaptureError(.unavailable, "cannot \(what): \(error.reason)")
  }

  private static func name(_ text: String) -> [UInt8] { Array(text.utf8) + [0] }

  private static func native<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    (0..<MemoryLayout<Number>.size).map { UInt8(truncatingIfNeeded: number.littleEndian >> Number(8 * $0)) }
  }

  /// One attribute: its length, its type, its bytes, filled up to four.
  private static func attribute(_ type: UInt16, _ bytes: [UInt8]) -> [UInt8] {
    native(UInt16(4 + bytes.count)) + native(type) + bytes
      + [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4)
  }
}
