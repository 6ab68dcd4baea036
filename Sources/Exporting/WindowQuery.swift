// SPDX-License-Identifier: Apache-2.0

import Statistics

/// The window that a query asks for: `window=1m`.
enum WindowQuery {
  /// The fault of a query that asks for no window.
  struct Fault: Error, Equatable {
    /// What is wrong and what would be right, for who asked.
    var message: String
  }

  /// Paths whose numbers can be of a window.
  private static let paths = [
    "/events", "/api/v1/sites.csv", "/api/v1/sections.csv", "/api/v1/clients.csv", "/api/v1/owners.csv",
  ]

  /// The window of a query without its `?`; all where it names none. Other members say nothing, nor does the window of
  /// the page itself, which its script reads.
  ///
  /// Throws when the window is none, is there twice, or is asked of numbers since the start.
  static func window(_ query: Substring, path: Substring) throws(Fault) -> StatisticsWindow {
    let values = query.split(separator: "&").filter { $0 == "window" || $0.hasPrefix("window=") }
      .map { $0.dropFirst("window=".count) }
    let isPage = path == "/" || path.hasPrefix("/live.")
    guard !isPage, let value = values.first else { return .all }
    guard values.count == 1 else { throw Fault(message: "there are \(values.count) windows: ask for one") }
    guard let window = StatisticsWindow(rawValue: String(value)) else {
      let names = StatisticsWindow.allCases.map(\.rawValue).joined(separator: ", ")
      // What was asked for is anybody's: it is not repeated.
      throw Fault(
        message: "there is no such window: ask for one of \(names), as in /api/v1/sites.csv?window=1m")
    }
    guard window == .all || paths.contains(String(path)) else {
      throw Fault(
        message:
          "this path has numbers since the start alone: windows are for \(paths.joined(separator: ", "))")
    }
    return window
  }
}
