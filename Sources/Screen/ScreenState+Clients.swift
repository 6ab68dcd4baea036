// SPDX-License-Identifier: Apache-2.0

import Statistics

extension ScreenState {
  /// The clients that pass the filter, in the order of the chosen column; of those that clients do not have, in order of
  /// requests.
  func clients(_ content: ScreenContent) -> [ClientCounts] {
    ordered(
      content.shown.clients.filter { $0.requests > 0 && (filter.isEmpty || $0.address.contains(filter)) })
  }
}
