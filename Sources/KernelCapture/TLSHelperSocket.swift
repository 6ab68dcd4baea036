// SPDX-License-Identifier: Apache-2.0
internal import CTLSFilter
internal import Glibc
internal import System

/// One end of the socket pair between a watch and its helper process.
struct TLSHelperSocket {
  enum Received {
    case report(TLSHelperReport, [Descriptor])
    /// One that makes no sense.
    case garbage
    case nothing
    /// The other side has gone.
    case ended
  }

  let descriptor: Descriptor

  init(_ descriptor: Descriptor) { self.descriptor = descriptor }

  static func pair() throws(SystemError) -> (TLSHelperSocket, TLSHelperSocket) {
    var ends: [Int32] = [-1, -1]
    // Fills two descriptors.
    let fault = unsafe wt_tls_pair(&ends)
    guard fault == 0 else { throw SystemError(fault) }
    return (TLSHelperSocket(Descriptor(ends[0])), TLSHelperSocket(Descriptor(ends[1])))
  }

  /// Sends a report, waiting for room; whether the other side is there.
  func send(_ report: TLSHelperReport, _ descriptors: [Descriptor] = []) -> Bool {
    let bytes = report.bytes, numbers = descriptors.map(\.number)
    guard bytes.count <= TLSHelperReport.longest else { return true }
    // Arrays that outlive the call, with their sizes; the descriptors are open for as long.
    return withExtendedLifetime(descriptors) {
      unsafe wt_tls_send(descriptor.number, bytes, bytes.count, numbers, numbers.count) == 0
    }
  }

  /// The next report, if there is one.
  func receive() -> Received {
    var bytes = [UInt8](repeating: 0, count: TLSHelperReport.longest)
    var numbers = [Int32](repeating: -1, count: Int(WT_TLS_DESCRIPTORS)), count = 0
    let room = bytes.count
    // Arrays of the sizes that the call is given or knows.
    let size = unsafe wt_tls_receive(descriptor.number, &bytes, room, &numbers, &count)
    let descriptors = numbers.prefix(count).map { Descriptor($0) }
    if size == 0 { return .ended }
    guard size > 0 else {
      return size == -Int(EAGAIN) || size == -Int(EINTR) ? .nothing : .ended
    }
    guard let report = TLSHelperReport(bytes.prefix(size)) else { return .garbage }
    return .report(report, descriptors)
  }

  /// Waits until there is something to receive, for at most this many milliseconds; -1 for ever.
  func wait(_ timeout: Int32) {
    var item = pollfd(fd: descriptor.number, events: Int16(POLLIN), revents: 0)
    // One entry, a local value.
    _ = unsafe poll(&item, 1, timeout)
  }
}
