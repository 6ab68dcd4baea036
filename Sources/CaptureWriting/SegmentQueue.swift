// SPDX-License-Identifier: Apache-2.0

package import Capture
import Synchronization
package import System

/// Segments on their way from one worker to the thread that writes them: bounded, lock-free, never waited for.
///
/// Places are used in turn, and so are bytes: a segment's captured bytes follow those of the one before it, or begin again where
/// they would not fit before the end.
///
///     segments  [ taken … written )          bytes   ┌────┬────────┬───┬ ─ ─ ┐
///                   │                                │ 17 │   18   │19 │     │   20 begins at 0 again
///                   └ the reader's                   └────┴────────┴───┴ ─ ─ ┘
///
/// Invariants: only the worker stores `written` and `droppedSegments`, only the reader stores `taken`; taken <= written <= taken +
/// places; bytes are free up to the start of the oldest segment that was not taken.
package final class SegmentQueue: @unchecked Sendable {
  // Sendable by the protocol above, which the compiler cannot see; the thread sanitiser watches it.

  /// Segments that may wait: what a worker brings in a burst of a full ring, and what the disk takes at once.
  package static let places = 1 << 16
  /// Their bytes.
  package static let room = 32 << 20

  private let segments: ZeroedStorage<QueuedSegment>
  /// What is left of a number as its place: their number is a power of two.
  private let mask: Int
  private let bytes: ZeroedStorage<UInt8>
  private let written = Atomic<Int>(0)
  private let taken = Atomic<Int>(0)
  private let droppedSegments = Atomic<UInt64>(0)
  private let sleeping = Atomic<Bool>(false)
  private let pipe: WakePipe
  /// The worker's own: its latest look at `taken`, where the next bytes go, and where the oldest that are used begin.
  private var takenBefore = 0
  private var head = 0
  private var tail = 0

  package init(
    _ pipe: WakePipe, places: Int = SegmentQueue.places, room: Int = SegmentQueue.room
  ) throws(SystemError) {
    self.pipe = pipe
    precondition(places > 0 && places & (places - 1) == 0)
    mask = places - 1
    segments = try ZeroedStorage(reserving: places)
    bytes = try ZeroedStorage(reserving: room)
  }

  // MARK: The worker's side

  /// Adds a segment with what was captured of it, or counts it as dropped.
  package func add(_ segment: borrowing Segment, _ payload: RawSpan) {
    let next = written.load(ordering: .relaxed)
    guard let start = place(payload.byteCount, next) else {
      droppedSegments.store(droppedSegments.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
      return
    }
    bytes.copy(payload, to: start)
    segments[next & mask] = QueuedSegment(segment, start: start, captured: payload.byteCount)
    head = start &+ payload.byteCount
    // Releasing: the segment is whole for the reader that finds it counted.
    written.store(next &+ 1, ordering: .releasing)
    // A burst does not wait for its end.
    if next &- takenBefore == segments.count / 4 { wake() }
  }

  /// Wakes the reader if it sleeps: called once a batch.
  package func wake() {
    // Relaxed: when it falls asleep meanwhile, it looks again before it does, and after a second at the latest.
    guard sleeping.load(ordering: .relaxed) else { return }
    sleeping.store(false, ordering: .relaxed)
    pipe.wake()
  }

  /// Where as many bytes find room; nil when they find none, or the segment no place.
  @inline(__always)
  private func place(_ count: Int, _ next: Int) -> Int? {
    if let start = fit(count, next) { return start }
    refresh(next)
    return fit(count, next)
  }

  /// Takes in how far the reader has come.
  @inline(never)
  private func refresh(_ next: Int) {
    // Acquiring: the reader has copied the bytes out before the worker writes over them.
    takenBefore = taken.load(ordering: .acquiring)
    if takenBefore == next { (head, tail) = (0, 0) } else { tail = Int(segments[takenBefore & mask].start) }
  }

  @inline(__always)
  private func fit(_ count: Int, _ next: Int) -> Int? {
    guard next &- takenBefore < segments.count else { return nil }
    if next == takenBefore { return count <= bytes.count ? 0 : nil }
    // Used bytes are from `tail` to `head`; a segment never ends at `tail`, or full and empty would look alike.
    if head >= tail {
      if count <= bytes.count &- head { return head }
      return count < tail ? 0 : nil
    }
    return count < tail &- head ? head : nil
  }

  // MARK: The reader's side

  /// Segments dropped so far.
  package var dropped: UInt64 { droppedSegments.load(ordering: .relaxed) }

  /// How many wait.
  package var waiting: Int { written.load(ordering: .acquiring) &- taken.load(ordering: .relaxed) }

  /// Has the worker wake the reader; false when something waits already.
  package func sleep() -> Bool {
    sleeping.store(true, ordering: .sequentiallyConsistent)
    guard waiting > 0 else { return true }
    sleeping.store(false, ordering: .relaxed)
    return false
  }

  /// The capture time of the next one; nil when none waits.
  var nextTime: UInt64? {
    guard waiting > 0 else { return nil }
    return segments[taken.load(ordering: .relaxed) & mask].time
  }

  /// Appends the next one to a file's blocks; only after `nextTime` returned a time.
  func take(into blocks: inout CaptureBlocks, shift: Int64) {
    let next = taken.load(ordering: .relaxed)
    let segment = segments[next & mask]
    blocks.append(segment, shift: shift, bytes)
    // Releasing: the copy is made before the worker sees the bytes free.
    taken.store(next &+ 1, ordering: .releasing)
  }
}
