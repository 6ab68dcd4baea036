// SPDX-License-Identifier: Apache-2.0

import Owners
import Statistics

extension ScreenState {
  /// The owners of one side that pass the filter, in the order of the chosen column.
  func owners(_ role: OwnerCounts.Role, _ content: ScreenContent) -> [OwnerCounts] {
    let rows = rows
    return ordered(
      (content.shown.owners ?? []).filter { owner in
        owner.role == role && Self.passes(owner, rows)
      })
  }
}

extension OwnerCounts {
  /// All names that it has.
  var words: [String] {
    guard let owner = process?.owner else { return ["?"] }
    return [owner.process, owner.unit, owner.container, owner.pod].compactMap(\.self)
  }

  /// What conditions are about.
  var subject: TableSubject { TableSubject(owner: process?.owner) }

  /// What the table calls it, one text an owner: `nginx  nginx.service`.
  var label: String {
    guard let owner = process?.owner else { return "? not known" }
    return owner.place.map { "\(owner.process)  \($0)" } ?? owner.process
  }
}
