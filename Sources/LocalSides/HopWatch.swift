// SPDX-License-Identifier: Apache-2.0

package import Capture
package import Exchanges
package import System
import Text

/// Notices when requests for one site come to this machine and leave it as well: each is counted on both hops.
///
/// It looks at a few requests a second and ends with its first finding, so it costs a busy worker nothing.
package final class HopWatch {
  /// Requests that are looked at in a second.
  private static let limit = 64
  private static let second: UInt64 = 1_000_000_000

  /// The sides of a site's section as bits, under the hash of both names.
  private struct Entry: BitwiseCopyable {
    var hash: UInt64 = 0
    var sides: UInt8 = 0
  }

  private let local: LocalSide
  private let finding: Locked<String?>
  private var entries = [Entry](repeating: Entry(), count: 256)
  private var remaining = HopWatch.limit
  private var nextSecond: UInt64 = 0
  private var isDone = false

  /// - Parameter finding: where the site's name goes.
  package init(_ local: LocalSide, finding: Locked<String?>) { (self.local, self.finding) = (local, finding) }

  /// Looks at the requests that a segment has brought: the events from `first` on, or all where a part has been handed on.
  ///
  /// - Parameter counts: whether the request at a place of the batch counts; one that does not is no hop.
  package func look(
    at batch: borrowing EventBatch, from first: Int, of segment: borrowing Segment, _ payload: RawSpan,
    counts: (borrowing EventBatch, Int) -> Bool
  ) {
    if isDone { return }
    if segment.time >= nextSecond {
      nextSecond = segment.time &+ Self.second
      remaining = Self.limit
      local.update()
    }
    guard remaining > 0 else { return }
    let events = batch.all
    for index in (first <= events.count ? first : 0)..<events.count where events[index].kind == .request {
      remaining -= 1
      guard counts(batch, index) else { return }
      note(events[index], local.side(of: segment, payload), batch.names)
      return
    }
  }

  private func note(_ request: ExchangeEvent, _ side: ConnectionSide?, _ names: NameBuffer) {
    let site = request.site
    guard let side, site.count > 0 else { return }
    // Of one section too: a health check that a machine makes of itself is no second hop.
    let hash = site.hash ^ request.section.hash &* 0x9e37_79b9_7f4a_7c15
    let place = Int(truncatingIfNeeded: hash & 255)
    if entries[place].hash != hash { entries[place] = Entry(hash: hash) }
    entries[place].sides |= side == .client ? 1 : 2
    guard entries[place].sides == 3 else { return }
    isDone = true
    let bytes = names.bytes(start: Int(site.start), count: Int(site.count))
    let name = String(decoding: (0..<bytes.byteCount).map { bytes.byte($0) }, as: UTF8.self)
    finding.withLock { if $0 == nil { $0 = name } }
  }
}
