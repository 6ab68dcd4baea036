// SPDX-License-Identifier: Apache-2.0

package import Capture
internal import CPcap
internal import Glibc
import System

/// A packet socket that shows the beginnings of HTTP requests on other ports than the watched ones, while it listens.
///
/// It is opened before privileges are given up and costs nothing until it listens: a socket that is bound to a protocol
/// which nobody uses is on no packet's way.
package struct ScoutSocket {
  /// Bytes of a packet that are read: headers with all options, and the start of the request line.
  static let packetBytes = 192
  /// IEEE 802's local experimental Ethertype, for a time of rest.
  private static let restingProtocol: UInt16 = 0x88b5

  private let descriptor: Descriptor

  /// Opens it at rest.
  ///
  /// - Parameters:
  ///   - ports: the ports that are of no interest; nil when all are.
  ///   - expression: the packets that are of interest; nil when all are.
  package init(besides ports: PortSet?, only expression: String? = nil) throws(CaptureError) {
    let number = socket(
      AF_PACKET,
      Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    guard number >= 0 else {
      let fault = SystemError.last
      throw CaptureError(
        fault.isPermission ? .notPermitted : .unavailable, "cannot open a packet socket: \(fault.reason)")
    }
    descriptor = Descriptor(number)
    let filter = try CompiledFilter(
      Self.expression(besides: ports, only: expression), linkType: UInt32(DLT_RAW),
      packetBytes: Self.packetBytes)
    try filter.attach(to: number)
  }

  /// Whether packets come in: from the interface of this index, 0 for all. Needs no privilege.
  func listen(_ isListening: Bool, interface: UInt32) {
    var address = sockaddr_ll()
    address.sll_family = UInt16(AF_PACKET)
    address.sll_protocol = (isListening ? UInt16(ETH_P_ALL) : Self.restingProtocol).bigEndian
    address.sll_ifindex = Int32(bitPattern: interface)
    // The address is read before the call returns, as many bytes as are named. An interface that has gone has no
    // packets: the next call tries again.
    _ = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        unsafe bind(descriptor.number, generic, socklen_t(MemoryLayout<sockaddr_ll>.size))
      }
    }
  }

  /// The index of the interface of this name now; nil when there is none. Needs no privilege.
  func index(of name: String) -> UInt32? {
    InterfaceState.named(name, askedOf: descriptor.number)?.index
  }

  /// The next packet that waits, from its IP header on; nil when none does.
  func next() -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: Self.packetBytes)
    // Writes at most as many bytes as the array has; what is longer is cut.
    let count = unsafe Glibc.read(descriptor.number, &bytes, bytes.count)
    return count > 0 ? Array(bytes.prefix(count)) : nil
  }

  /// What the socket's filter passes: segments to other ports that begin with a registered method, or with the preface
  /// of HTTP/2.
  static func expression(besides ports: PortSet?, only wanted: String? = nil) -> String {
    let words = ["GET ", "POST", "PUT ", "HEAD", "DELE", "OPTI", "PATC", "CONN", "PRI "].map { word in
      word.utf8.reduce(0) { $0 << 8 | UInt32($1) }
    }
    func isRequest(_ word: String) -> String { words.map { "\(word) = \($0)" }.joined(separator: " or ") }
    let four = "ip and (\(isRequest("tcp[((tcp[12] & 0xf0) >> 2):4]")))"
    let six = "ip6[6] = 6 and (\(isRequest("ip6[40 + ((ip6[52] & 0xf0) >> 2):4]")))"
    let isOther = ports.map { ports in
      let tests = ports.ranges.map { "dst portrange \($0.lowerBound)-\($0.upperBound)" }
      return "not (\(tests.joined(separator: " or "))) and "
    }
    return "\(wanted.map { "(\($0)) and " } ?? "")tcp and \(isOther ?? "")((\(four)) or (\(six)))"
  }
}
