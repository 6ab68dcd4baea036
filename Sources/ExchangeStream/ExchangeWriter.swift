// SPDX-License-Identifier: Apache-2.0

package import Exchanges
import HTTP1
import Text

/// A worker's side of the exchange stream: it keeps what a request contained until its end is known, and hands the record
/// of the whole exchange to the queue.
///
/// One thread uses it. It allocates nothing after it was made; records beyond its memory are dropped and
/// counted.
package final class ExchangeWriter {
  /// Called when the queue is full and the reader runs on this very thread, so that it can take some.
  package var whenFull: (() -> Void)?

  private let queue: RecordQueue
  /// What is known of exchanges under way.
  private let notes: RecordMemory
  /// The note of each pending exchange: its place in `notes` and 1; 0 for none.
  private var places: [Int32]
  private var free: [Int32] = []
  private var fresh: Int32 = 0
  private var slowest = SlowestOfSecond()

  init(_ queue: RecordQueue, pendingExchanges: Int, notes: Int) {
    self.queue = queue
    self.notes = RecordMemory(capacity: notes)
    places = [Int32](repeating: 0, count: pendingExchanges)
    free.reserveCapacity(notes)
  }

  /// Whether anybody reads; to be asked once a batch of segments, not for each.
  package var isWanted: Bool { interest != .none }

  /// What the reader wants.
  package var interest: ExchangeInterest { queue.interest }

  /// Takes the events of a batch that `isDetailed`.
  package func record(_ batch: borrowing EventBatch) {
    var index = 0
    while index < batch.count {
      let event = batch[index]
      switch event.kind {
      case .request: begin(event, batch.detail(index), batch.names)
      case .answered: answer(event, batch.detail(index), owners(batch, index))
      case .aborted: giveUp(event, .aborted, owners(batch, index))
      case .timedOut: giveUp(event, .timedOut, owners(batch, index))
      case .unknown: giveUp(event, .unknown, owners(batch, index))
      case .inFlight: giveUp(event, .inFlight, owners(batch, index))
      case .unmatchedResponse: unmatchedResponse(event, batch.detail(index))
      case .interim: break
      }
      index &+= 1
    }
  }

  /// Who the ends of an exchange belong to; unknown when nobody looks for that.
  private func owners(_ batch: borrowing EventBatch, _ index: Int) -> ExchangeParties {
    batch.isAttributed ? batch.parties(index) : ExchangeParties()
  }

  /// Forgets the exchanges under way: nobody reads any more.
  package func forget() {
    for index in places.indices { places[index] = 0 }
    free.removeAll(keepingCapacity: true)
    fresh = 0
  }

  private func begin(_ event: ExchangeEvent, _ detail: ExchangeDetail, _ names: NameBuffer) {
    guard let exchange = event.exchange?.offset, places.indices.contains(exchange) else {
      return queue.drop()
    }
    if places[exchange] > 0 { release(exchange) }
    let place: Int
    if let used = free.popLast() {
      place = Int(used)
    } else if Int(fresh) < notes.capacity {
      place = Int(fresh)
      fresh &+= 1
    } else {
      return queue.drop()
    }
    places[exchange] = Int32(truncatingIfNeeded: place &+ 1)
    var facts = ExchangeFacts()
    facts.method = event.method
    facts.major = detail.major
    facts.minor = detail.minor
    facts.requestTime = event.time
    facts.client = detail.client
    facts.server = detail.server
    facts.proxy = detail.proxy
    var used = 0
    func keep(_ name: NameRange) -> ExchangeFacts.TextRange {
      let text = names.bytes(start: Int(name.start), count: Int(name.count))
      let count = notes.write(text, to: place, at: used)
      defer { used &+= count }
      return ExchangeFacts.TextRange(start: used, count: count)
    }
    facts.site = keep(event.site)
    facts.methodName = keep(event.methodName)
    facts.target = keep(detail.target)
    facts.referer = keep(detail.referer)
    facts.userAgent = keep(detail.userAgent)
    notes[place] = facts
  }

  private func answer(_ event: ExchangeEvent, _ detail: ExchangeDetail, _ parties: ExchangeParties) {
    guard let place = note(event) else { return }
    var facts = notes[place]
    facts.outcome = .answered
    facts.status = event.status
    facts.isFailure = event.outcome == .failure
    facts.call = event.call
    facts.endTime = event.time
    facts.latency = event.latency
    facts.isBodyKnown = detail.isBodyKnown
    facts.bodyBytes = detail.bodyBytes
    (facts.clientOwner, facts.serverOwner) = (parties.clientOwner, parties.serverOwner)
    send(facts, place)
    release(event)
  }

  private func giveUp(
    _ event: ExchangeEvent, _ outcome: ExchangeFacts.Outcome, _ parties: ExchangeParties
  ) {
    guard let place = note(event) else { return }
    var facts = notes[place]
    facts.outcome = outcome
    facts.isClientClosed = event.isClientClosed
    facts.status = event.status
    facts.endTime = event.time
    (facts.clientOwner, facts.serverOwner) = (parties.clientOwner, parties.serverOwner)
    send(facts, place)
    release(event)
  }

  private func unmatchedResponse(_ event: ExchangeEvent, _ detail: ExchangeDetail) {
    var facts = ExchangeFacts()
    facts.outcome = .unmatchedResponse
    facts.status = event.status
    facts.isFailure = event.outcome == .failure
    facts.endTime = event.time
    facts.client = detail.client
    facts.server = detail.server
    facts.isBodyKnown = detail.isBodyKnown
    facts.bodyBytes = detail.bodyBytes
    send(facts, nil)
  }

  /// The note of the exchange that an event is about; nil when its request was not noted.
  private func note(_ event: ExchangeEvent) -> Int? {
    guard let exchange = event.exchange?.offset, places.indices.contains(exchange), places[exchange] > 0
    else {
      return nil
    }
    return Int(places[exchange]) &- 1
  }

  /// Gives the note of an ended exchange back.
  private func release(_ event: ExchangeEvent) {
    guard let exchange = event.exchange?.offset else { return }
    release(exchange)
  }

  private func release(_ exchange: Int) {
    free.append(places[exchange] &- 1)
    places[exchange] = 0
  }

  /// Whether an exchange is one that a reader of notable ones wants.
  private func isNotable(_ facts: ExchangeFacts) -> Bool {
    switch facts.outcome {
    case .answered:
      let isSlow = slowest.passes(facts.latency, endedAt: facts.endTime)
      return isSlow || facts.isFailure
    case .aborted, .timedOut: return true
    case .unknown, .inFlight, .unmatchedResponse: return false
    }
  }

  /// Hands a record on, with the texts of a note if it has any.
  private func send(_ facts: ExchangeFacts, _ place: Int?) {
    if queue.interest == .notable, !isNotable(facts) { return }
    if !queue.hasRoom { whenFull?() }
    guard queue.hasRoom else { return queue.drop() }
    let notes = notes
    if let place {
      queue.add(facts, texts: notes.texts(place, count: facts.textCount))
    } else {
      queue.add(facts, texts: RawSpan())
    }
  }
}
