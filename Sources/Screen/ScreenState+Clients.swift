// SPDX-License-Identifier: Apache-2.0

import Statistics

extension ScreenState {
  /// The clients that pass the filter, in the order of the chosen column; of those that clients do not have, in order of
  /// requests.
  func clients(_ content: ScreenContent) -> [ClientCounts] {
    let rows = rows
    return ordered(
      content.shown.clients.filter { $0.requests > 0 && Self.passes($0, rows) })
  }
}
