// SPDX-License-Identifier: Apache-2.0
internal import Capture
internal import CLibbpf
internal import Glibc
internal import System

/// The packet socket that the filter hangs on. No packet ever enters its queue.
struct PacketSocket: Sendable {
  private let descriptor: Descriptor
  var number: Int32 { descriptor.number }

  /// Attaches the program before the socket is bound, so that no packet passes it by.
  init(program: Int32) throws(CaptureError) {
    // Protocol 0: nothing is received until it is bound. SOCK_DGRAM: packets begin with their network
    // header on every kind of device.
    let number = socket(AF_PACKET, Int32(WT_BPF_DATAGRAM), 0)
    guard number >= 0 else {
      let fault = SystemError.last
      if fault.isPermission {
        throw CaptureError(
          .notPermitted, "permission denied: capturing by eBPF needs root or CAP_BPF and CAP_NET_RAW",
          hint: BPFRefusal.hint)
      }
      throw CaptureError(.unavailable, "cannot open a packet socket: \(fault.reason)")
    }
    descriptor = Descriptor(number)
    try set(WT_BPF_ATTACH, program, "attach the filter")
    // Nobody who gets hold of the descriptor can replace the filter.
    try set(WT_BPF_LOCK, 1, "lock the filter")
  }

  /// Bytes of net.core.optmem_max that the kernel charges the socket, which has no other option than its filter.
  var filterCharge: Int {
    // The numbers of linux/sock_diag.h, SK_MEMINFO_OPTMEM the seventh of them.
    var numbers = [UInt32](repeating: 0, count: 9)
    var size = socklen_t(numbers.count * 4)
    // Writes at most `size` bytes into the array.
    let result = unsafe getsockopt(descriptor.number, SOL_SOCKET, Int32(WT_BPF_MEMINFO), &numbers, &size)
    return result == 0 ? Int(numbers[6]) : 0
  }

  /// Asks the kernel to spare the socket what goes out: that is neither cloned nor inspected (dev_queue_xmit_nit).
  ///
  /// Before 4.20 there is no such option; then the filter leaves out the same packets.
  func ignoreOutgoing() {
    var value: Int32 = 1
    // The option is four bytes, read before the call returns; see above for why the result does not matter.
    _ = unsafe setsockopt(
      descriptor.number, SOL_PACKET, Int32(WT_BPF_IGNORE_OUTGOING), &value,
      socklen_t(MemoryLayout<Int32>.size))
  }

  /// IEEE 802's local experimental Ethertype, for a socket at rest.
  private static let restingProtocol: UInt16 = 0x88b5

  /// Begins to receive from the interface; 0 means all of them. Needs no privilege.
  func bind(interface: UInt32) throws(CaptureError) {
    try bind(interface: interface, to: UInt16(ETH_P_ALL))
  }

  /// Ends receiving: when this returns no packet is in the filter any more (packet_do_bind, synchronize_net).
  ///
  /// The socket stays open. Its number is one that the sandbox lets nobody write to (`PacketSocketFilter`): a file that
  /// got it could not be written.
  func rest() throws(CaptureError) { try bind(interface: 0, to: Self.restingProtocol) }

  private func bind(interface: UInt32, to type: UInt16) throws(CaptureError) {
    var address = sockaddr_ll()
    address.sll_family = UInt16(AF_PACKET)
    address.sll_protocol = type.bigEndian
    address.sll_ifindex = Int32(bitPattern: interface)
    // The address is read before the call returns, as many bytes as are named.
    let result = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        unsafe Glibc.bind(descriptor.number, generic, socklen_t(MemoryLayout<sockaddr_ll>.size))
      }
    }
    guard result == 0 else {
      let fault = SystemError.last
      throw CaptureError(
        fault.code == ENODEV || fault.code == ENXIO ? .notFound : .unavailable,
        "cannot bind the packet socket: \(fault.reason)")
    }
  }

  /// The index and the state of the interface of this name now; nil if there is none.
  ///
  /// Asked of this very socket: once privileges are dropped no other one may be available.
  func state(of name: String) -> (index: UInt32, isUp: Bool)? {
    guard let index = unsafe Self.ask(descriptor, SIOCGIFINDEX, name),
      let flags = unsafe Self.ask(descriptor, SIOCGIFFLAGS, name)
    else {
      return nil
    }
    return (
      UInt32(bitPattern: unsafe index.ifr_ifru.ifru_ivalue),
      unsafe Int32(flags.ifr_ifru.ifru_flags) & Int32(IFF_UP) != 0
    )
  }

  /// What an interface is called now; nil when there is none to follow.
  func follow(_ interface: inout WatchedInterface?) -> String? {
    interface?.follow(askedOf: descriptor.number)
    return interface?.name
  }

  /// Asks the kernel about the interface of this name, through any socket; nil with `errno` on failure.
  static func ask(_ descriptor: Descriptor, _ what: Int32, _ name: String) -> ifreq? {
    var request = unsafe ifreq()
    // The name is cut to the field, whose last byte stays zero; the call writes the structure only.
    let result = unsafe withUnsafeMutableBytes(of: &request) { bytes in
      unsafe bytes.copyBytes(from: name.utf8.prefix(Int(IFNAMSIZ) - 1))
      return unsafe bytes.baseAddress.map { unsafe ioctl(descriptor.number, UInt(what), $0) } ?? -1
    }
    return result == 0 ? unsafe request : nil
  }

  private func set(_ option: Int, _ value: Int32, _ what: String) throws(CaptureError) {
    var value = value
    // The option is four bytes, read before the call returns.
    let result = unsafe setsockopt(
      descriptor.number, SOL_SOCKET, Int32(option), &value, socklen_t(MemoryLayout<Int32>.size))
    guard result == 0 else { throw BPFRefusal.error("cannot \(what)", .last) }
  }
}
