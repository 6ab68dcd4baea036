// SPDX-License-Identifier: Apache-2.0
internal import Capture
internal import CLibbpf
internal import Glibc
internal import System

/// Network interfaces by name, with the reason when one cannot be looked up.
enum Interfaces {
  /// The index of the loopback interface, in every network namespace (include/net/net_namespace.h).
  static let loopback: UInt32 = 1

  /// The kernel's index of an interface; throws `.notFound` with the names there are.
  static func index(of name: String) throws(CaptureError) -> UInt32 {
    let (index, fault) = find(name)
    guard let index else {
      // The question takes a socket of its own, which may be unavailable.
      if fault.code != ENODEV && fault.code != ENXIO {
        throw CaptureError(
          fault.isPermission ? .notPermitted : .unavailable,
          "cannot look up interface \(name): \(fault.reason)",
          hint: fault.isPermission ? BPFRefusal.hint : nil)
      }
      let missing = NetworkInterfaces.missing(name)
      throw CaptureError(.notFound, missing.message, hint: missing.hint)
    }
    return index
  }

  /// The same, or nil with what the system says. if_nametoindex(3) hides why it has no socket.
  private static func find(_ name: String) -> (index: UInt32?, fault: SystemError) {
    let number = socket(AF_UNIX, Int32(WT_BPF_DATAGRAM), 0)
    guard number >= 0 else { return (nil, .last) }
    let descriptor = Descriptor(number)
    guard let answer = unsafe PacketSocket.ask(descriptor, SIOCGIFINDEX, name) else { return (nil, .last) }
    return unsafe (UInt32(bitPattern: answer.ifr_ifru.ifru_ivalue), SystemError(0))
  }
}

/// The network namespace of this process.
enum OwnNetworkNamespace {
  /// Its inode, by which the kernel's programs name it too; 0 where /proc does not say.
  static var inode: UInt32 {
    var status = stat()
    // Fills in one local variable.
    return unsafe stat("/proc/self/ns/net", &status) == 0 ? UInt32(truncatingIfNeeded: status.st_ino) : 0
  }
}
