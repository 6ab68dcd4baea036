// SPDX-License-Identifier: Apache-2.0
internal import Capture
internal import CHTTPFilter
internal import Glibc
internal import Synchronization

/// The filter's counters, read out of shared memory: no system call, so no privilege either.
struct FilterCounters: Sendable {
  private let memory: MappedMemory
  private let processors: Int
  /// Bytes from one processor's block to the next one's; the counters are its first part.
  private let stride: Int

  /// - Parameters:
  ///   - map: the descriptor of the array with a block for each processor.
  ///   - stride: the bytes of a block.
  init(_ map: Int32, stride: Int, processors: Int) throws(SystemFaultError) {
    let page = Int(getpagesize())
    let bytes = (stride * processors + page - 1) / page * page
    memory = try MappedMemory(map, offset: 0, bytes: bytes, writable: false)
    self.stride = stride
    self.processors = processors
  }

  /// The sum over all processors. Each number is exact; they are not all of the same instant.
  func sum() -> CaptureCounters {
    var sum = CaptureCounters()
    sum.packets = total(\.packets)
    sum.copies = total(\.copies)
    sum.onPort = total(\.on_port)
    sum.payload = total(\.payload)
    sum.matched = total(\.matched)
    sum.lost = total(\.lost)
    sum.lostRequests = total(\.lost_requests)
    sum.requestHeads = total(\.request_heads)
    sum.responseHeads = total(\.response_heads)
    sum.continuations = total(\.continuations)
    sum.tls = total(\.tls)
    sum.http2 = total(\.http2)
    sum.fragments = total(\.fragments)
    sum.malformed = total(\.malformed)
    sum.otherPorts = total(\.other_ports)
    sum.evictedHeads = total(\.evicted)
    sum.overlongHeads = total(\.overlong)
    sum.failedTailCalls = total(\.tail_calls_failed)
    return sum
  }

  /// The kernel's clock as `httpf_clock` left it.
  var clock: UInt64 { total(\.clock) }

  private func total(_ field: KeyPath<httpf_counters, UInt64>) -> UInt64 {
    guard let offset = MemoryLayout<httpf_counters>.offset(of: field) else { return 0 }
    var sum: UInt64 = 0
    for processor in 0..<processors {
      if let word = unsafe memory.word(processor * stride + offset) {
        // Relaxed: a number is all that is wanted; nothing else hangs on it.
        sum &+= unsafe word.pointee.load(ordering: .relaxed)
      }
    }
    return sum
  }
}
