// SPDX-License-Identifier: Apache-2.0

package import Capture
internal import CPcap

/// The operator's expression in libpcap's language (`--filter`): which segments count.
///
/// It is asked about the two ends of a segment, written as the shortest IP and TCP headers that name them. So every source has
/// the same answer for a connection: live by either backend, in files, of TLS text; behind tags, options and extension
/// headers, in tunnels, put together from fragments.
package struct SegmentFilter: Sendable {
  /// As it was typed.
  package let expression: String
  private let program: CompiledFilter

  /// Compiles an expression; throws why it cannot be used.
  ///
  /// Names of hosts are resolved here, so it has to be called before files and sockets are given up.
  package init(_ expression: String) throws(SegmentFilterError) {
    if expression.allSatisfy(\.isWhitespace) {
      throw SegmentFilterError("--filter needs an expression", hint: Self.example)
    }
    // Bytes of the header may be asked for in ways that only libpcap's own headers are not.
    if expression.contains("[") { throw Self.beyondEnds(expression) }
    do throws(CaptureError) {
      program = try CompiledFilter(expression, linkType: UInt32(DLT_RAW))
    } catch {
      throw SegmentFilterError(
        "--filter '\(expression)': \(error.message)",
        hint: "\(Self.example); man pcap-filter has the language")
    }
    if program.instructions.contains(where: \.looksBeyondEnds) { throw Self.beyondEnds(expression) }
    self.expression = expression
  }

  /// Whether a segment counts.
  package func passes(_ segment: borrowing Segment) -> Bool { program.matches(segment) }

  private static let example = "--filter 'host 10.0.0.1 and not port 8080'"

  private static func beyondEnds(_ expression: String) -> SegmentFilterError {
    SegmentFilterError(
      "--filter '\(expression)' looks at more than hosts, networks, ports and protocols, which choose whole connections",
      hint: "\(example); -i, -Q, --where and --side choose by other properties")
  }
}

/// Why an expression cannot be used, and what to type instead.
package struct SegmentFilterError: Error, Equatable, Sendable {
  package let message: String
  package let hint: String

  init(_ message: String, hint: String) { (self.message, self.hint) = (message, hint) }
}

/// An instruction of classic BPF (linux/bpf_common.h).
struct ClassicInstruction {
  var code: UInt16
  var operand: UInt32

  /// Whether it loads anything but what tells the ends of a connection apart: a packet's length, what a kernel knows of it,
  /// or bytes that are not in the IP header up to the addresses or among the ports.
  var looksBeyondEnds: Bool {
    let isLoad = code & 0x07 <= 1
    guard isLoad else { return false }
    let size: UInt64 =
      switch code & 0x18 {
      case 0x08: 2
      case 0x10: 1
      default: 4
      }
    let end = UInt64(operand) + size
    return switch code & 0xe0 {
    // Absolute: an IPv6 header and the ports after it.
    case 0x20: end > 44
    // Relative to the length of the IP header: the ports.
    case 0x40: end > 4
    case 0x80: true
    default: false
    }
  }
}
