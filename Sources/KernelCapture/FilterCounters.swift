// SPDX-License-Identifier: Apache-2.0
internal import Capture
internal import CHTTPFilter
internal import Glibc
internal import Synchronization
internal import System

/// The filter's counters, read out of shared memory: no system call, so no privilege either.
struct FilterCounters: Sendable {
  private let memory: MappedMemory
  private let processors: Int
  /// Bytes from one processor's block to the next one's; the counters are its first part.
  private let stride: Int

  /// - Parameters:
  ///   - map: the descriptor of the array with a block for each processor.
  ///   - stride: the bytes of a block.
  init(_ map: Int32, stride: Int, processors: Int) throws(SystemError) {
    let page = Int(getpagesize())
    let bytes = (stride * processors + page - 1) / page * page
    memory = try MappedMemory(map, offset: 0, bytes: bytes, writable: false)
    self.stride = stride
    self.processors = processors
  }

  /// The sum over all processors. Each number is exact; they are not all of the same instant.
  ///
  /// The filter's counters are `CaptureCounters.filterCounters` one for one; a test compares their names.
  func sum() -> CaptureCounters {
    var sum = CaptureCounters()
    for (index, counter) in CaptureCounters.filterCounters.enumerated() {
      sum[keyPath: counter.field] = total(index * MemoryLayout<UInt64>.stride)
    }
    return sum
  }

  /// The kernel's clock as `httpf_clock` left it last, on whichever processor that was.
  var clock: UInt64 {
    guard let offset = MemoryLayout<httpf_counters>.offset(of: \.clock) else { return 0 }
    return (0..<processors).reduce(0) { max($0, word($1, offset)) }
  }

  /// The sum over all processors of the word at `offset` of their blocks.
  private func total(_ offset: Int) -> UInt64 {
    (0..<processors).reduce(0) { $0 &+ word($1, offset) }
  }

  /// The word at `offset` of a processor's block.
  private func word(_ processor: Int, _ offset: Int) -> UInt64 {
    guard let word = unsafe memory.word(processor * stride + offset) else { return 0 }
    // Relaxed: a number is all that is wanted; nothing else hangs on it.
    return unsafe word.pointee.load(ordering: .relaxed)
  }
}
