// SPDX-License-Identifier: Apache-2.0

import System
package import Capture

/// The packets that are lost before any capture can see them, as the kernel counts them: in its own backlog and in network cards.
///
/// Its files are opened once, before privileges and files are given up, and read again by their descriptors.
/// One thread uses it.
package final class PreCaptureDrops {
  private let backlogFile: SmallFile?
  private var backlog = BacklogDrops()
  private var cards: [(file: SmallFile, loss: NICDrops)]
  private var canReadBacklog = false
  private var canReadCards = false

  /// Opens what can be opened and reads them once: losses count from here on.
  ///
  /// - Parameter interfaces: the watched ones; none for all of them.
  package convenience init(interfaces: [String]) {
    self.init(backlog: "/proc/net/softnet_stat", cards: NetworkCards.counters(of: interfaces))
  }

  init(backlog: String, cards: [String]) {
    backlogFile = try? SmallFile(backlog)
    self.cards = cards.compactMap { try? SmallFile($0) }.map { ($0, NICDrops()) }
    read()
  }

  /// Reads the counters; to be called every second or so. Needs no privilege.
  ///
  /// - Parameter isRenewed: whether another interface has taken the place of the one whose file is open. The new
  ///   one's cannot be opened any more.
  package func read(isRenewed: Bool = false) {
    canReadBacklog = (try? backlogFile?.read()).map { backlog.take($0) } ?? false
    canReadCards = false
    if isRenewed { return }
    for index in cards.indices
    where (try? cards[index].file.read()).map({ cards[index].loss.take($0) }) ?? false {
      canReadCards = true
    }
  }

  /// The counters with what was lost up to the last reading.
  ///
  /// What cannot be read is nil, not 0: the file is not there, or its interface has gone. What was lost
  /// before that stays reported.
  package func added(to counters: CaptureCounters) -> CaptureCounters {
    var counters = counters
    counters.backlogDropped = canReadBacklog || backlog.total > 0 ? backlog.total : nil
    let missed = cards.reduce(0) { $0 &+ $1.loss.total }
    counters.nicMissed = canReadCards || missed > 0 ? missed : nil
    return counters
  }
}
