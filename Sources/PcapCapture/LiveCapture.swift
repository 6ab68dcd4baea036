// SPDX-License-Identifier: Apache-2.0

package import Capture
internal import CPcap
import Glibc
import HTTPWire
import Synchronization

/// What a live capture by libpcap is asked for.
package struct PcapOptions: Sendable {
  /// The interface; nil for all of them.
  package var interface: String?
  package var ports = PortSet.http
  package var depth = CaptureDepth.heads
  package var vantage = Vantage.both
  /// Bytes of the kernel's buffer.
  package var bufferBytes = 32 * 1024 * 1024
  package init() {}
}

/// Live packets by libpcap, with the payload test as a classic filter in the kernel: the fallback where
/// eBPF is not to be had. The only user of libpcap's live half.
@safe
package final class LiveCapture: SegmentSource {
  /// Packets handed on in one call of `receive`.
  private static let batch = 4_096

  // libpcap's handle: owned from init to deinit, used by one thread at a time.
  private let handle: OpaquePointer
  private let descriptor: Int32
  private let link: LinkLayer
  private var intake: PacketIntake
  /// CLOCK_REALTIME minus CLOCK_MONOTONIC at the start: capture time runs with the monotonic clock.
  private let startOffset: Int64
  /// The counters as of the last batch, for the thread that reports; locked once a batch.
  private let published = Mutex(CaptureCounters())
  private let isStopped = Atomic<Bool>(false)

  package init(_ options: PcapOptions) throws(CaptureError) {
    unsafe (handle, descriptor, link) = try Self.open(options)
    intake = PacketIntake(ports: options.ports, depth: options.depth)
    startOffset = MonotonicClock.offset()
  }

  deinit { unsafe pcap_close(handle) }

  package var now: UInt64? { UInt64(bitPattern: MonotonicClock.monotonic() &+ startOffset) }

  /// Stops the capture; what is buffered can still be received.
  package func stop() {
    // Nothing else is published with it.
    isStopped.store(true, ordering: .relaxed)
  }

  package func receive(
    timeout: Int32, _ body: (borrowing Segment, RawSpan) -> Void
  ) throws(CaptureError) -> ReceiveOutcome {
    var delivered = try drain(body)
    if delivered == 0, timeout > 0, !isStopped.load(ordering: .relaxed) {
      var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      // poll reads and writes the one entry it is given.
      _ = unsafe poll(&waiting, 1, timeout)
      delivered = try drain(body)
    }
    publishCounters()
    return .delivered(delivered)
  }

  /// What was counted up to the last batch, with libpcap's own loss figures; any thread may ask.
  package var counters: CaptureCounters { published.withLock { $0 } }

  private func publishCounters() {
    var counters = intake.counters
    var statistics = pcap_stat()
    // pcap_stats fills the value it is given.
    if unsafe pcap_stats(handle, &statistics) == 0 {
      let lost = UInt64(statistics.ps_drop) &+ UInt64(statistics.ps_ifdrop)
      counters.lost = lost
      counters.matched &+= lost
    }
    published.withLock { $0 = counters }
  }

  private func drain(_ body: (borrowing Segment, RawSpan) -> Void) throws(CaptureError) -> Int {
    // A clock that was set in between moves the kernel's time stamps, not ours.
    let drift = MonotonicClock.offset() &- startOffset
    for count in 0..<Self.batch {
      var header: UnsafeMutablePointer<pcap_pkthdr>?
      var bytes: UnsafePointer<UInt8>?
      // Both pointers are libpcap's, valid until the next call on the handle.
      let result = unsafe pcap_next_ex(handle, &header, &bytes)
      if result == 0 { return count }
      guard result == 1, let found = unsafe header, let start = unsafe bytes else {
        if result == -2 { return count }
        let why = unsafe String(cString: pcap_geterr(handle))
        if count > 0 || why.contains("went down") { return count }
        throw CaptureError(.unavailable, "the capture ended: \(why)")
      }
      let captured = Int(unsafe found.pointee.caplen)
      let seconds = Int64(unsafe found.pointee.ts.tv_sec), fraction = Int64(unsafe found.pointee.ts.tv_usec)
      let time = seconds &* 1_000_000_000 &+ fraction &- drift
      let packet = unsafe RawSpan(_unsafeStart: start, byteCount: captured)
      let length = Int(unsafe found.pointee.len)
      if intake.read(packet, wireLength: length, link: link, time: UInt64(bitPattern: time)) {
        let segment = intake.segment
        body(segment, intake.payload(of: packet))
      }
    }
    return Self.batch
  }
}

extension LiveCapture {
  /// Opens and activates a handle with the filter in place.
  private static func open(
    _ options: PcapOptions
  ) throws(CaptureError) -> (OpaquePointer, Int32, LinkLayer) {
    let name = options.interface ?? "any"
    var text = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
    // libpcap writes at most PCAP_ERRBUF_SIZE bytes into the buffer.
    guard let handle = unsafe pcap_create(name, &text) else {
      throw CaptureError(.unavailable, "libpcap cannot open \(name): \(words(text))")
    }
    var isHandedOver = false
    defer { if !isHandedOver { unsafe pcap_close(handle) } }
    unsafe pcap_set_snaplen(handle, 262_144)
    unsafe pcap_set_promisc(handle, 0)
    unsafe pcap_set_timeout(handle, 20)
    unsafe pcap_set_buffer_size(handle, Int32(clamping: options.bufferBytes))
    unsafe pcap_set_tstamp_precision(handle, Int32(PCAP_TSTAMP_PRECISION_NANO))
    let status = unsafe pcap_activate(handle)
    guard status >= 0 else { throw unsafe refused(status, name, String(cString: pcap_geterr(handle))) }
    unsafe pcap_setdirection(
      handle,
      options.vantage == .inbound ? PCAP_D_IN : options.vantage == .outbound ? PCAP_D_OUT : PCAP_D_INOUT)
    let type = UInt32(bitPattern: unsafe pcap_datalink(handle))
    guard let link = LinkLayer(linkType: type) else {
      throw CaptureError(.unavailable, "\(name) has link type \(type), which cannot be read")
    }
    try unsafe install(options, on: handle, tagged: link == .ethernet, name)
    // Non-blocking, so that one thread can wait for several things.
    guard unsafe pcap_setnonblock(handle, 1, &text) == 0 else {
      throw CaptureError(.unavailable, "libpcap cannot wait on \(name): \(words(text))")
    }
    isHandedOver = true
    return unsafe (handle, pcap_get_selectable_fd(handle), link)
  }

  private static func install(
    _ options: PcapOptions, on handle: OpaquePointer, tagged: Bool, _ name: String
  ) throws(CaptureError) {
    let expression = HeadFilter.expression(ports: options.ports, depth: options.depth, tagged: tagged)
    var program = unsafe bpf_program()
    // pcap_compile fills the program, pcap_freecode releases what it allocated.
    guard unsafe pcap_compile(handle, &program, expression, 1, bpf_u_int32.max) == 0 else {
      throw unsafe CaptureError(
        .unavailable, "libpcap cannot compile the filter for \(name): \(String(cString: pcap_geterr(handle)))"
      )
    }
    defer { unsafe pcap_freecode(&program) }
    guard unsafe pcap_setfilter(handle, &program) == 0 else {
      throw unsafe CaptureError(
        .unavailable, "libpcap cannot set the filter on \(name): \(String(cString: pcap_geterr(handle)))")
    }
  }

  private static func refused(_ status: Int32, _ name: String, _ detail: String) -> CaptureError {
    switch status {
    case PCAP_ERROR_PERM_DENIED, PCAP_ERROR_PROMISC_PERM_DENIED:
      return CaptureError(
        .notPermitted, "cannot capture on \(name): operation not permitted (needs CAP_NET_RAW)",
        remedy: "run it with sudo, or once: sudo setcap cap_bpf,cap_net_raw+ep $(command -v wiretally)")
    case PCAP_ERROR_NO_SUCH_DEVICE:
      return CaptureError(
        .notFound, "there is no interface \(name)",
        remedy: "the interfaces are: \(InterfaceNames.all().joined(separator: ", "))")
    case PCAP_ERROR_IFACE_NOT_UP:
      return CaptureError(.notFound, "interface \(name) is down", remedy: "ip link set \(name) up")
    default:
      let reason = detail.isEmpty ? "error \(status)" : detail
      return CaptureError(.unavailable, "libpcap cannot capture on \(name): \(reason)")
    }
  }

  private static func words(_ text: [CChar]) -> String {
    String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
