// SPDX-License-Identifier: Apache-2.0

package import HTTPWire

/// What one segment, or one step of the clock, brought about: events and the names they refer to.
package struct EventBatch: ~Copyable {
  /// Events that fit before the batch has to be handed on.
  package static let capacity = 512

  /// The names of the events; they live until the batch is cleared.
  package let names = NameBuffer()
  private var events = Slab<ExchangeEvent>(capacity: EventBatch.capacity)
  package private(set) var count = 0

  init() {
    events.fill(with: ExchangeEvent(kind: .request))
  }

  /// The event at `index`, 0 to `count` - 1.
  package subscript(index: Int) -> ExchangeEvent {
    // A copy: a coroutine that is not inlined into another target takes its frame from the heap.
    events[index]
  }

  /// Whether the names of one more head might not fit, nor its event.
  var isNearlyFull: Bool {
    count &+ 2 > Self.capacity || names.free < 4 &* PrintableName.room
  }

  mutating func append(_ event: ExchangeEvent) {
    guard count < Self.capacity else { return }
    events[count] = event
    count &+= 1
  }

  /// Forgets events and names.
  package mutating func clear() {
    count = 0
    names.reset()
  }
}
