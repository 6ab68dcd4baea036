// SPDX-License-Identifier: Apache-2.0
internal import Capture
internal import CHTTPFilter

/// The filter's constants as the bytes of its read-only data.
struct FilterSettings {
  var ports: PortSet
  var depth: CaptureDepth
  var direction: CaptureDirection
  /// More interfaces than one, so that a forwarded packet may be seen twice.
  var watchesSeveral: Bool
  var workers: Int
  var ringBytes: Int
  var processors: Int
  var seed: UInt64
  /// Whether every SYN and FIN passes at depth `auto`, also where it tells nothing of exchanges.
  var passesBare = false
  /// Ports of TLS, of whose connections the hellos pass; nil for none.
  var helloPorts: PortSet?

  /// Calls `body` with the `httpf_settings`, for as long as it takes.
  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    let size = MemoryLayout<httpf_settings>.size
    var bytes = [UInt64](repeating: 0, count: size / 8)
    return unsafe bytes.withUnsafeMutableBytes { buffer in
      // The array is as large as the structure, and aligned as it is.
      if let base = buffer.baseAddress {
        let settings = unsafe base.assumingMemoryBound(to: httpf_settings.self)
        unsafe settings.pointee.depth = depthNumber
        unsafe settings.pointee.direction = directionNumber
        unsafe settings.pointee.all = watchesSeveral ? 1 : 0
        unsafe settings.pointee.workers = UInt32(clamping: workers)
        unsafe settings.pointee.seed = seed
        unsafe settings.pointee.wakeup_threshold = UInt32(clamping: ringBytes / 8)
        unsafe settings.pointee.bare = passesBare ? 1 : 0
        // All processors together must not send the rest of the ring unseen.
        unsafe settings.pointee.wakeup_check_bytes = UInt32(
          clamping: max(1, ringBytes / 16 / max(1, processors)))
      }
      unsafe Self.set(ports, at: Int(HTTPF_PORTS_AT), in: buffer)
      if let helloPorts { unsafe Self.set(helloPorts, at: Int(HTTPF_TLS_PORTS_AT), in: buffer) }
      return unsafe body(UnsafeRawBufferPointer(buffer))
    }
  }

  /// Sets a bit for each port, in the array of words that begins at `first`.
  private static func set(_ ports: PortSet, at first: Int, in buffer: UnsafeMutableRawBufferPointer) {
    for range in ports.ranges {
      for port in range {
        let offset = first + Int(port >> 6) * 8
        // Both arrays have a bit for every port.
        let word = unsafe buffer.load(fromByteOffset: offset, as: UInt64.self)
        unsafe buffer.storeBytes(of: word | 1 << UInt64(port & 63), toByteOffset: offset, as: UInt64.self)
      }
    }
  }

  private var depthNumber: UInt32 {
    switch depth {
    case .heads: UInt32(HTTPF_HEADS)
    case .streams: UInt32(HTTPF_STREAMS)
    case .auto: UInt32(HTTPF_AUTO)
    }
  }

  private var directionNumber: UInt32 {
    switch direction {
    case .both: UInt32(HTTPF_BOTH)
    case .inbound: UInt32(HTTPF_IN)
    case .outbound: UInt32(HTTPF_OUT)
    }
  }
}
