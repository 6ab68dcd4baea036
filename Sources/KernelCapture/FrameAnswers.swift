// SPDX-License-Identifier: Apache-2.0
internal import Capture
internal import CHTTPFilter
internal import Synchronization
internal import System

/// The words through which workers answer the filter where frames of HTTP/2 begin, two a slot of `DepthMarks`, one for
/// each direction: memory that both see. The filter's side is `bpf/http_frames.h`.
///
///     sequence number (32 bits) │ hash of the slot's owner (24) │ question (8)
///
/// An answer holds for the question that it answers, of the connection that asked: the filter takes it once. One that
/// comes after more has passed is void, and the next segment asks again.
struct FrameAnswers: Sendable {
  private let memory: MappedMemory
  private let marks: DepthMarks

  /// - Parameter map: the descriptor of the array of `httpf_answer`.
  init(_ map: Int32, marks: DepthMarks) throws(SystemError) {
    self.marks = marks
    memory = try MappedMemory(
      map, offset: 0, bytes: Int(HTTPF_SIDES) * MemoryLayout<httpf_answer>.stride, writable: true)
  }

  /// Answers a segment's question: a frame of its direction begins at `boundary`.
  func note(_ boundary: UInt32, to segment: borrowing Segment) {
    guard segment.question != 0, let place = marks.owner(of: segment) else { return }
    // As httpf_side in bpf/http_marks.h.
    let side = place.slot << 1 | (segment.source.port < segment.destination.port ? 1 : 0)
    guard let word = unsafe memory.word(side * MemoryLayout<httpf_answer>.stride) else { return }
    let answer = UInt64(boundary) << 32 | UInt64(Self.stamp(place.owner, segment.question))
    // Relaxed: the word is whole, and nothing else hangs on it.
    unsafe word.pointee.store(answer, ordering: .relaxed)
  }

  /// What question of which connection is answered: HTTPF_ANSWER.
  private static func stamp(_ owner: UInt64, _ question: UInt8) -> UInt32 {
    let generation = UInt32(truncatingIfNeeded: owner) &* 0x9e37_79b1
    return (UInt32(owner >> 32) ^ generation) & ~0xff | UInt32(question)
  }
}
