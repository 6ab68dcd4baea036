// SPDX-License-Identifier: Apache-2.0

import Text

/// The health of a watch: the page at `/healthz`.
struct Health {
  /// What is wrong, one line each; empty when all is well.
  let faults: [String]

  /// The time that a count may take to come: several times what it does.
  private static let patience = 5
  /// Seconds over which a loss is remembered.
  private static let memory: UInt64 = 60

  /// - Parameter age: how long ago the published state was posted.
  init(_ published: PublishedState?, age: Duration) {
    guard let published else {
      faults = ["starting: nothing has been counted yet"]
      return
    }
    var faults: [String] = []
    if age > .seconds(Self.patience) {
      faults.append("stalled: no new counts for \(age.components.seconds) s")
    }
    if published.lag > UInt64(Self.patience) * 1_000_000_000 {
      faults.append("stalled: a worker is \(published.lag / 1_000_000_000) s behind")
    }
    for name in published.interfacesDown {
      faults.append("blind: interface \(VisibleText.escaped(name)) is down")
    }
    let begin = published.at &- min(published.at, Self.memory * 1_000_000_000)
    let lost = published.history.reduce(0) { $1.at > begin ? $0 &+ $1.lost : $0 }
    if lost > 0 {
      faults.append("loss: \(lost) segments lost in the last minute; counts are lower bounds")
    }
    self.faults = faults
  }

  var isWell: Bool { faults.isEmpty }

  /// The page's text.
  var text: String { isWell ? "ok\n" : faults.map { $0 + "\n" }.joined() }
}
