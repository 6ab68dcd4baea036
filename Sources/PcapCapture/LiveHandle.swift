// SPDX-License-Identifier: Apache-2.0

import System
import Capture
internal import CPcap
import Glibc
import Packets

/// libpcap open on one interface, or on all, with the filter in place; closed when let go of.
@safe
final class LiveHandle {
  /// Milliseconds after which the kernel hands over a block of packets that is not full.
  static let blockTimeout: Int32 = 20

  // libpcap's handle: owned from init to deinit, used by one thread at a time.
  let pcap: OpaquePointer
  /// Readable when packets wait.
  let descriptor: Int32
  let link: LinkLayer
  /// The kernel's index of the interface; 0 for all.
  private(set) var index: UInt32
  /// The interface's kind of link layer, as `InterfaceState` has it.
  private let kind: UInt16?
  private var dropped = WrappingCount(), droppedByCard = WrappingCount()

  /// - Parameter interface: the interface's name; nil for all of them.
  init(_ options: PcapOptions, interface: String?) throws(CaptureError) {
    let name = interface ?? "any"
    var text = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
    // Before the handle is opened: an index of another one of the same name is noticed, not missed.
    let state = interface.flatMap(InterfaceState.named)
    index = state?.index ?? 0
    kind = state?.kind
    // libpcap writes at most PCAP_ERRBUF_SIZE bytes into the buffer.
    guard let handle = unsafe pcap_create(name, &text) else {
      throw CaptureError(.unavailable, "libpcap cannot open \(name): \(Self.words(text))")
    }
    var isHandedOver = false
    defer { if !isHandedOver { unsafe pcap_close(handle) } }
    unsafe pcap_set_snaplen(handle, 262_144)
    unsafe pcap_set_promisc(handle, 0)
    unsafe pcap_set_timeout(handle, Self.blockTimeout)
    unsafe pcap_set_buffer_size(
      handle, Int32(clamping: options.bufferBytes / max(options.interfaces.count, 1)))
    unsafe pcap_set_tstamp_precision(handle, Int32(PCAP_TSTAMP_PRECISION_NANO))
    let status = unsafe pcap_activate(handle)
    guard status >= 0 else {
      throw unsafe Self.refused(status, name, String(cString: pcap_geterr(handle)))
    }
    // Of the two headers that packets of all interfaces come with, the one that says of which: a second sighting on
    // another interface may be under other addresses. A libpcap before 1.10 lacks it and keeps the first one.
    if interface == nil { _ = unsafe pcap_set_datalink(handle, Int32(LinkType.linuxSLL2)) }
    let type = UInt32(bitPattern: unsafe pcap_datalink(handle))
    guard let link = LinkLayer(linkType: type) else {
      throw CaptureError(.unavailable, "\(name) has link type \(type), which cannot be read")
    }
    let expression = HeadFilter.expression(
      ports: options.ports, helloPorts: options.helloPorts, depth: options.depth, link: link,
      direction: options.direction)
    try unsafe CompiledFilter(expression, on: handle).install(on: handle)
    // Non-blocking, so that one thread can wait for several things.
    guard unsafe pcap_setnonblock(handle, 1, &text) == 0 else {
      throw CaptureError(.unavailable, "libpcap cannot wait on \(name): \(Self.words(text))")
    }
    isHandedOver = true
    unsafe pcap = handle
    unsafe descriptor = pcap_get_selectable_fd(handle)
    self.link = link
  }

  deinit { unsafe pcap_close(pcap) }

  /// The interface of this name now; nil when there is none. Asked of the handle's own socket: once
  /// privileges are given up no other one may be available.
  func state(of name: String) -> InterfaceState? { InterfaceState.named(name, askedOf: descriptor) }

  /// Goes over to another interface of the same kind; false when that is not possible. Needs no
  /// privilege: the packet socket stays, with its filter and its buffer.
  func follow(_ state: InterfaceState) -> Bool {
    guard state.kind == kind else { return false }
    var address = sockaddr_ll()
    address.sll_family = UInt16(AF_PACKET)
    address.sll_protocol = UInt16(ETH_P_ALL).bigEndian
    address.sll_ifindex = Int32(bitPattern: state.index)
    // The address is read before the call returns, as many bytes as are named.
    let result = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        unsafe bind(descriptor, generic, socklen_t(MemoryLayout<sockaddr_ll>.size))
      }
    }
    if result == 0 { index = state.index }
    return result == 0
  }

  /// Asks for the packets that the kernel or the card had to drop, and returns how many that were since the handle was
  /// opened; to be called before libpcap's 32 bits can have wrapped twice.
  func countLost() -> UInt64 {
    var statistics = pcap_stat()
    // pcap_stats fills the value it is given. When it cannot, what was counted stays.
    if unsafe pcap_stats(pcap, &statistics) == 0 {
      dropped.note(statistics.ps_drop)
      droppedByCard.note(statistics.ps_ifdrop)
    }
    return dropped.total &+ droppedByCard.total
  }

  private static func refused(_ status: Int32, _ name: String, _ detail: String) -> CaptureError {
    switch status {
    case PCAP_ERROR_PERM_DENIED, PCAP_ERROR_PROMISC_PERM_DENIED:
      return CaptureError(
        .notPermitted, "permission denied: capturing by libpcap needs root or CAP_NET_RAW",
        hint: "run it with sudo, or once: sudo setcap cap_bpf,cap_net_raw+ep $(command -v wiretally)")
    case PCAP_ERROR_NO_SUCH_DEVICE:
      let missing = NetworkInterfaces.missing(name)
      return CaptureError(.notFound, missing.message, hint: missing.hint)
    case PCAP_ERROR_IFACE_NOT_UP:
      return CaptureError(.notFound, "interface \(name) is down", hint: "ip link set \(name) up")
    default:
      let reason = detail.isEmpty ? "error \(status)" : detail
      return CaptureError(.unavailable, "libpcap cannot capture on \(name): \(reason)")
    }
  }

  private static func words(_ text: [CChar]) -> String {
    String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
