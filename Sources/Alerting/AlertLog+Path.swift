// SPDX-License-Identifier: Apache-2.0

extension AlertLog {
  /// Where the log is by default: /var/log for root, else the user's state directory
  /// (XDG Base Directory Specification; a relative path there counts as unset). Nil without a home.
  package static func defaultPath(isRoot: Bool, stateHome: String?, home: String?) -> String? {
    if isRoot { return "/var/log/wiretally/alerts.log" }
    if let stateHome, stateHome.hasPrefix("/") { return stateHome + "/wiretally/alerts.log" }
    if let home, home.hasPrefix("/") { return home + "/.local/state/wiretally/alerts.log" }
    return nil
  }
}
