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

  /// The `httpf_settings` as the words that it is made of.
  var words: [UInt64] {
    var words = [UInt64](repeating: 0, count: MemoryLayout<httpf_settings>.size / 8)
    unsafe words.withUnsafeMutableBytes { buffer in
      // The array is as large as the structure, and aligned as it is.
      guard let base = buffer.baseAddress else { return }
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
    words.put(ports.words, at: Int(HTTPF_PORTS_AT) / 8)
    if let helloPorts { words.put(helloPorts.words, at: Int(HTTPF_TLS_PORTS_AT) / 8) }
    return words
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

extension PortSet {
  /// One bit a port: bit p % 64 of word p / 64.
  var words: [UInt64] {
    var words = [UInt64](repeating: 0, count: 1_024)
    for range in ranges {
      for port in range { words[Int(port >> 6)] |= 1 << UInt64(port & 63) }
    }
    return words
  }
}

extension [UInt64] {
  /// Replaces the words from `first` on.
  fileprivate mutating func put(_ words: [UInt64], at first: Int) {
    replaceSubrange(first..<first + words.count, with: words)
  }
}
