// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Records on their way from one worker to one reader: bounded, lock-free, never waited for.
///
/// Places are used in turn. `written` counts the records that the worker has completed and `taken` those
/// that the reader has copied out; between the two lie the records that are the reader's, everywhere else
/// the worker may write. A record that finds no place is dropped and counted.
///
/// Invariants: only the worker stores `written` and `dropped`, only the reader stores `taken` and
/// `wanted`; taken <= written <= taken + capacity.
final class RecordQueue: @unchecked Sendable {
  // Sendable by the protocol above, which the compiler cannot see; the thread sanitiser watches it.
  private let memory: RecordMemory
  private let written = Atomic<Int>(0)
  private let taken = Atomic<Int>(0)
  private let droppedRecords = Atomic<UInt64>(0)
  private let wanted = Atomic<UInt8>(ExchangeInterest.none.rawValue)
  /// The worker's latest look at `taken`, and the reader's at `written`: each side asks for the other's
  /// cache line only when it would have to stop.
  private var takenBefore = 0
  private var writtenBefore = 0

  init(capacity: Int) { memory = RecordMemory(capacity: capacity) }

  // MARK: The worker's side

  /// What the reader wants. Relaxed: the answer may come a batch late, either way.
  var interest: ExchangeInterest {
    let number = wanted.load(ordering: .relaxed)
    return number == ExchangeInterest.all.rawValue
      ? .all : number == ExchangeInterest.notable.rawValue ? .notable : .none
  }

  /// Whether there is a place for one more record.
  var hasRoom: Bool {
    let next = written.load(ordering: .relaxed)
    if next &- takenBefore < memory.capacity { return true }
    // Acquiring: the reader has copied the record out before the worker writes over it.
    takenBefore = taken.load(ordering: .acquiring)
    return next &- takenBefore < memory.capacity
  }

  /// Adds a record; only after `hasRoom`.
  func add(_ facts: ExchangeFacts, texts: RawSpan) {
    let next = written.load(ordering: .relaxed)
    let place = next % memory.capacity
    memory[place] = facts
    _ = memory.write(texts, to: place, at: 0)
    // Releasing: the record is whole for the reader that finds it counted.
    written.store(next &+ 1, ordering: .releasing)
  }

  /// Counts a record for which there was no place.
  func drop() {
    droppedRecords.store(droppedRecords.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
  }

  // MARK: The reader's side

  /// Records dropped so far.
  var dropped: UInt64 { droppedRecords.load(ordering: .relaxed) }

  func want(_ interest: ExchangeInterest) { wanted.store(interest.rawValue, ordering: .relaxed) }

  /// The time when the next record's exchange ended; nil when there is none.
  var nextTime: UInt64? {
    let next = taken.load(ordering: .relaxed)
    if next == writtenBefore {
      // Acquiring: records that are counted are whole.
      writtenBefore = written.load(ordering: .acquiring)
      if next == writtenBefore { return nil }
    }
    return memory[next % memory.capacity].endTime
  }

  /// Copies the next record out; only after `nextTime` returned a time.
  func take(into record: inout ExchangeRecord) {
    let memory = memory
    let next = taken.load(ordering: .relaxed)
    let place = next % memory.capacity
    let facts = memory[place]
    record.set(facts, texts: memory.texts(place, count: facts.textCount))
    // Releasing: the copy is made before the worker sees the place free.
    taken.store(next &+ 1, ordering: .releasing)
  }
}
