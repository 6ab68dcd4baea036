// SPDX-License-Identifier: Apache-2.0

import Capture
import CaptureWriting
import Exchanges
import ExchangeStream
import LocalSides
import Owners
import PcapCapture
import Reporting
import Statistics
import System
import TLSCoverage
import TLSRecords

/// One worker's pipeline: segments from its source through its tracker into its tally.
///
/// It belongs to one thread at a time and shares nothing but the double buffer and the exchange stream's queue.
final class TrafficWorker {
  /// Events that are recorded together: of several segments, so that the memory of one is asked for while another one's
  /// is waited for.
  private static let eventsAtOnce = 16

  private let source: any SegmentSource
  private let writer: TallyWriter
  private let stream: ExchangeWriter?
  private let owners: OwnerAttribution?
  private var tracker: ExchangeTracker
  /// The segments that count; nil when all do.
  private let filter: SegmentFilter?
  /// The side whose connections count, and how it is known; nil when all do.
  private let side: (choice: ConnectionSide, local: LocalSide)?
  /// The requests that count; nil when all do.
  private let choice: RequestChoice?
  /// Looks for sites that are counted on two hops; nil where that cannot be.
  private let hops: HopWatch?
  /// Where what counts is written to; nil when nothing is.
  private let recording: SegmentQueue?
  /// Where hellos of TLS are counted, and what is read of them; nil where nobody looks for them.
  private let coverage: TLSCoverage?
  /// The ports of TLS that are watched for HTTP too: a hello on them is a segment like any other. Nil for none.
  private let sharedPorts: PortSet?

  /// - Parameters:
  ///   - stream: where single exchanges go while somebody reads them; nil when nobody ever will.
  ///   - owners: who finds the owners of connections; nil when nobody looks for them.
  ///   - filter: the segments that count; nil when all do.
  ///   - side: the side whose connections count, and how it is known; nil when all do.
  ///   - choice: the requests that count; nil when all do.
  ///   - hops: looks for sites that are counted on two hops.
  ///   - recording: where what counts is written to; nil when nothing is.
  ///   - coverage: where hellos of TLS are counted; nil when nobody looks for them.
  ///   - sharedPorts: the ports of TLS that are watched for HTTP too; nil for none.
  init(
    _ source: any SegmentSource, _ writer: TallyWriter, stream: ExchangeWriter? = nil,
    owners: OwnerAttribution? = nil, filter: SegmentFilter? = nil,
    side: (choice: ConnectionSide, local: LocalSide)? = nil,
    choice: RequestChoice? = nil, hops: HopWatch? = nil, recording: SegmentQueue? = nil,
    coverage: TLSCoverage? = nil,
    sharedPorts: PortSet? = nil, limits: ExchangeLimits,
    depth: CaptureDepth, seed: UInt64
  ) {
    self.recording = source.hasPackets ? recording : nil
    self.coverage = coverage
    self.sharedPorts = source.hasPackets && coverage != nil ? sharedPorts : nil
    (self.filter, self.side, self.choice, self.hops) = (filter, side, choice, hops)
    self.source = source
    self.writer = writer
    self.stream = stream
    self.owners = owners
    tracker = ExchangeTracker(limits: limits, depth: depth, seed: seed)
    equip()
  }

  /// Begins again with other limits and another depth: before the first segment.
  func begin(limits: ExchangeLimits, depth: CaptureDepth) {
    tracker = ExchangeTracker(limits: limits, depth: depth, seed: tracker.seed)
    equip()
  }

  /// Ties the tracker to the source and to what records its events.
  private func equip() {
    tracker.hint = source.hint
    tracker.answer = source.answer
    tracker.batch.isAttributed = owners != nil
    tracker.batch.isDetailed = choice?.needsDetails == true
    if let source = source as? any BodySource {
      // The source asks between segments, and belongs to this worker.
      source.bodyAhead = { [unowned self] segment in tracker.bodyAhead(of: segment) }
    }
    tracker.spill = { [writer, stream, owners, choice] batch in
      choice?.apply(to: &batch)
      Self.record(batch, writer, stream, owners)
    }
  }

  /// Takes one batch of segments, waiting for at most `timeout` milliseconds; moves time when idle.
  ///
  /// `atTick` is called whenever a tick was handed over.
  func step(timeout: Int32, atTick: (() -> Void)? = nil) throws(CaptureError) -> ReceiveOutcome {
    if let stream { follow(stream) }
    // References are counted once a batch, not once a segment.
    let (filter, side, choice, hops) = (filter, side, choice, hops)
    let (recording, coverage) = (recording, coverage)
    let notesText = coverage != nil && !source.hasPackets
    let (sharesPorts, ports) = (sharedPorts != nil, sharedPorts ?? .https)
    side?.local.update()
    let outcome = try source.receive(timeout: timeout, ahead: { tracker.expect($0) }) { segment, payload in
      if writer.isTickOver(segment.time) { turn(segment.time, atTick) }
      switch segment.kind {
      case .start, .continuation, .stream: break
      case .hello, .initial:
        if let coverage { Self.note(segment, payload, coverage, filter, side) }
        return
      }
      if let filter, !filter.passes(segment) { return tracker.leaveOut(segment) }
      if let side, side.local.leavesOut(side.choice, segment, payload) {
        return tracker.process(LocalSide.emptied(segment), payload.slice(0, 0))
      }
      if let recording { recording.add(segment, payload) }
      // The text of a connection begins with what stands for its SYN. An optional that is unwrapped is counted, so
      // that is done where something is to be noted alone.
      if notesText, segment.flags.isOpening, !segment.flags.isAcknowledging {
        coverage?.noteRead(segment.source, segment.destination, at: segment.time)
      }
      if sharesPorts, ports.contains(segment.destination.port) { coverage?.note(segment, payload) }
      let first = tracker.batch.count
      tracker.process(segment, payload)
      guard tracker.batch.count > 0 else { return }
      hops?.look(at: tracker.batch, from: first, of: segment, payload) { choice?.chooses($0, $1) ?? true }
      if tracker.batch.count >= Self.eventsAtOnce {
        if choice != nil { choice?.apply(to: &tracker.batch) }
        Self.record(tracker.batch, writer, stream, owners)
        tracker.batch.clear()
      }
    }
    recordBatch()
    recording?.wake()
    if let now = source.now, writer.isTickOver(now) { turn(now, atTick) }
    return outcome
  }

  /// Notes a part of a hello, if its connection counts.
  private static func note(
    _ segment: borrowing Segment, _ payload: RawSpan, _ coverage: TLSCoverage, _ filter: SegmentFilter?,
    _ side: (choice: ConnectionSide, local: LocalSide)?
  ) {
    if let filter, !filter.passes(segment) { return }
    if let side, side.local.leavesOut(side.choice, segment, payload) { return }
    if segment.kind == .initial {
      coverage.noteInitial(segment, payload)
    } else {
      coverage.note(segment, payload)
    }
  }

  /// Ends the worker's work: what waits is decided and everything counted is handed over.
  func finish() {
    let oldest = oldestInFlight
    // The events of the end tell of each request that waits.
    if owners != nil { writer.beginInFlight() }
    tracker.finish()
    recordBatch()
    writer.close(ledger: ledger, oldestInFlight: oldest)
  }

  /// Ends the tick. A request that runs out counts at that moment, however long nothing came since.
  private func turn(_ time: UInt64, _ atTick: (() -> Void)?) {
    recordBatch()
    while let timeout = tracker.nextTimeout, timeout < time {
      if writer.isTickOver(timeout) { endTick(timeout, atTick) }
      tracker.advance(to: timeout)
      // Nothing ended: a call is under way and waits on. A file may jump by decades, so its waits are not stepped through.
      if tracker.batch.count == 0 { break }
      recordBatch()
    }
    tracker.advance(to: time)
    recordBatch()
    endTick(time, atTick)
  }

  private func endTick(_ time: UInt64, _ atTick: (() -> Void)?) {
    coverage?.advance(to: time)
    countInFlight(at: time)
    writer.turn(at: time, ledger: ledger, oldestInFlight: oldestInFlight)
    atTick?()
  }

  /// What the tracker counted, and what of it `--only` leaves out.
  private var ledger: ExchangeCounters {
    var ledger = tracker.counters
    choice?.note(in: &ledger)
    return ledger
  }

  /// The time when the request was read that counts and has waited for longest.
  private var oldestInFlight: UInt64? {
    guard let choice else { return tracker.oldestInFlight }
    return tracker.oldestInFlight(where: choice.counts)
  }

  /// Tells the tally whose requests wait.
  private func countInFlight(at time: UInt64) {
    guard let owners else { return }
    writer.beginInFlight()
    let choice = choice
    tracker.eachInFlight { request, parties in
      if let choice, !choice.counts(request) { return }
      writer.countInFlight(owners.ownersInFlight(parties, at: time))
    }
  }

  private func recordBatch() {
    guard tracker.batch.count > 0 else { return }
    choice?.apply(to: &tracker.batch)
    Self.record(tracker.batch, writer, stream, owners)
    tracker.batch.clear()
  }

  /// Looks once a batch of segments whether somebody follows single exchanges.
  private func follow(_ stream: ExchangeWriter) {
    let isWanted = stream.isWanted
    guard isWanted != tracker.batch.isFollowed else { return }
    tracker.batch.isFollowed = isWanted
    tracker.batch.isDetailed = isWanted || choice?.needsDetails == true
    if !isWanted { stream.forget() }
  }

  private static func record(
    _ batch: borrowing EventBatch, _ writer: TallyWriter, _ stream: ExchangeWriter?,
    _ owners: OwnerAttribution?
  ) {
    // Not unwrapped, which would count a reference.
    if owners != nil {
      owners?.attribute(batch)
      writer.recordWithOwners(batch)
    } else {
      writer.record(batch)
    }
    if batch.isFollowed { stream?.record(batch) }
  }
}
