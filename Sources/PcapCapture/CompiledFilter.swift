// SPDX-License-Identifier: Apache-2.0

package import Capture
internal import CPcap
import System

/// A filter expression in libpcap's language, compiled: it is set on a handle, or is asked about packets and segments.
///
/// Any thread may ask: nothing changes between its initializer and its end.
@safe
package final class CompiledFilter: @unchecked Sendable {
  // A bpf_program: filled by init, released by deinit, never changed between. Untyped, since a file that
  // imports both this module and libbpf's would have two kinds of bpf_insn.
  private let memory: OpaquePointer

  /// Compiles for packets of a `LINKTYPE_` number, without any interface.
  ///
  /// - Parameter packetBytes: the bytes of a matching packet that a socket with this filter receives.
  package convenience init(
    _ expression: String, linkType: UInt32, packetBytes: Int = 262_144
  ) throws(CaptureError) {
    guard let handle = unsafe pcap_open_dead(Int32(bitPattern: linkType), Int32(clamping: packetBytes)) else {
      throw CaptureError(.unavailable, "libpcap has no memory left")
    }
    defer { unsafe pcap_close(handle) }
    try unsafe self.init(expression, on: handle)
  }

  /// Compiles for the packets of an open handle.
  init(_ expression: String, on handle: OpaquePointer) throws(CaptureError) {
    let program = UnsafeMutablePointer<bpf_program>.allocate(capacity: 1)
    unsafe program.initialize(to: bpf_program())
    // Fills the program; the expression is read before the call returns.
    guard unsafe pcap_compile(handle, program, expression, 1, bpf_u_int32.max) == 0 else {
      unsafe program.deallocate()
      throw unsafe CaptureError(
        .unavailable, "libpcap cannot compile the filter: \(String(cString: pcap_geterr(handle)))")
    }
    unsafe memory = OpaquePointer(program)
  }

  /// The program, instruction by instruction.
  var instructions: [ClassicInstruction] {
    let program = unsafe UnsafePointer<bpf_program>(memory).pointee
    // As many instructions as libpcap says it has made; they are copied.
    let all = unsafe UnsafeBufferPointer(start: program.bf_insns, count: Int(program.bf_len))
    return unsafe all.map { ClassicInstruction(code: $0.code, operand: $0.k) }
  }

  deinit {
    let program = unsafe UnsafeMutablePointer<bpf_program>(memory)
    unsafe pcap_freecode(program)
    unsafe program.deallocate()
  }

  /// Has the handle deliver only what matches; the kernel decides.
  func install(on handle: OpaquePointer) throws(CaptureError) {
    // The handle keeps a copy.
    guard unsafe pcap_setfilter(handle, UnsafeMutablePointer(memory)) == 0 else {
      throw unsafe CaptureError(
        .unavailable, "libpcap cannot set the filter: \(String(cString: pcap_geterr(handle)))")
    }
  }

  /// Has a packet socket receive only what matches, for good.
  func attach(to socket: Int32) throws(CaptureError) {
    // The kernel copies the program.
    guard unsafe wt_pcap_attach(UnsafePointer(memory), socket) == 0 else {
      throw CaptureError(.unavailable, "cannot set the filter of a packet socket: \(SystemError.last.reason)")
    }
  }

  /// Whether a whole packet matches.
  package func matches(_ packet: [UInt8]) -> Bool {
    let count = UInt32(clamping: packet.count)
    // The packet outlives the call, which reads as many bytes as are named.
    return unsafe wt_pcap_matches(UnsafePointer(memory), packet, count, count) != 0
  }

  /// Whether the ends of a segment match, as the shortest headers that name them.
  func matches(_ segment: borrowing Segment) -> Bool {
    let (source, destination) = (segment.source, segment.destination)
    let isIPv4 = source.isIPv4 && destination.isIPv4
    // Reads the program; the headers are the function's own.
    return unsafe wt_pcap_matches_ends(
      UnsafePointer(memory), isIPv4 ? 1 : 0, source.high, source.low, source.port, destination.high,
      destination.low, destination.port) != 0
  }
}
