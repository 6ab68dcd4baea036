// SPDX-License-Identifier: Apache-2.0

import Capture
import HTTP1
package import Text

/// The result of one segment, or of one step of the clock: events and the names they refer to.
package struct EventBatch: ~Copyable {
  /// Events that fit before the batch has to be handed on.
  package static let capacity = 512

  /// The names of the events; they live until the batch is cleared.
  package let names = NameBuffer()
  /// Whether events come with their details, because single exchanges are followed or chosen by them; to be changed
  /// only while the batch is empty.
  package var isDetailed = false
  /// Whether single exchanges are followed: then somebody reads the details. To be changed only while the batch is empty.
  package var isFollowed = false
  /// Whether the ends of exchanges come with the ends of their connections; to be changed only while the batch is empty.
  package var isAttributed = false
  private var events = FixedArray<Int, ExchangeEvent>(capacity: EventBatch.capacity)
  // Touched only when exchanges are followed one by one; all zeros are a detail without anything.
  private var details = FixedArray<Int, ExchangeDetail>(zeroed: EventBatch.capacity)
  // As the details: touched only where they are wanted.
  private var ends = FixedArray<Int, ExchangeParties>(zeroed: EventBatch.capacity)
  package private(set) var count = 0

  init() {
    events.fill(with: ExchangeEvent(kind: .request))
  }

  /// The event at `index`, 0 to `count` - 1.
  package subscript(index: Int) -> ExchangeEvent {
    // A copy: a coroutine that is not inlined into another target takes its frame from the heap.
    events[index].value
  }

  /// The details of the event at `index`, when the batch `isDetailed`.
  package func detail(_ index: Int) -> ExchangeDetail {
    precondition(index < count)
    return details[index].value
  }

  /// The parties of the event at `index`, when the batch `isAttributed`.
  package func parties(_ index: Int) -> ExchangeParties {
    precondition(index < count)
    return ends[index].value
  }

  /// Completes the parties of the event at `index`.
  package func setParties(_ parties: ExchangeParties, at index: Int) {
    precondition(index < count)
    ends[index].value = parties
  }

  /// The parties of all events, when the batch `isAttributed`.
  package var allParties: Span<ExchangeParties> {
    @_lifetime(borrow self)
    borrowing get { ends.first(count) }
  }

  /// All events.
  package var all: Span<ExchangeEvent> {
    @_lifetime(borrow self)
    borrowing get { events.first(count) }
  }

  /// Whether the names of one more head might not fit, nor its event.
  @inline(__always)
  var isNearlyFull: Bool {
    let texts = isDetailed ? ExchangeDetail.longestTarget &+ 2 &* ExchangeDetail.longestField : 0
    return count &+ 2 > Self.capacity || names.free < 4 &* PrintableName.room &+ texts
  }

  mutating func append(_ event: ExchangeEvent) {
    guard count < Self.capacity else { return }
    events[count].value = event
    if isAttributed { ends[count].value = ExchangeParties() }
    count &+= 1
  }

  /// Gives the last event its details.
  mutating func describe(_ detail: ExchangeDetail) {
    guard count > 0 else { return }
    details[count &- 1].value = detail
  }

  /// Gives the last event the ends of its connection.
  mutating func attribute(_ parties: ExchangeParties) {
    guard count > 0 else { return }
    ends[count &- 1].value = parties
  }

  /// Puts the event at `index`, with all that belongs to it, into the place of an earlier one or its own.
  package mutating func move(_ index: Int, to place: Int) {
    precondition(place <= index && index < count)
    guard place < index else { return }
    events[place].value = events[index].value
    if isDetailed { details[place].value = details[index].value }
    if isAttributed { ends[place].value = ends[index].value }
  }

  /// Forgets the events from this index on.
  package mutating func truncate(to length: Int) {
    precondition(length <= count)
    count = length
  }

  /// Forgets events and names.
  package mutating func clear() {
    count = 0
    names.reset()
  }
}
