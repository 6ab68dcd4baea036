// SPDX-License-Identifier: Apache-2.0

/// The statuses that a site counts one by one: those that servers send. The others count by their class.
///
/// A site has room for so few numbers that they take four cache lines, and a million sites cannot make
/// them more.
enum StatusPlaces {
  static let listed: [UInt16] = [
    101, 200, 201, 204, 206, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 408, 409, 410, 413, 429,
    499, 500, 502, 503, 504,
  ]
  /// Numbers a site has: the listed ones, the rest of the classes 1 to 5, and what has no class.
  static let count = 32

  /// The place of a status, 0 to 999.
  static func place(_ status: UInt16) -> Int {
    if let place = listed.firstIndex(of: status) { return place }
    // 0 is a status that nobody knows.
    let hundreds = Int(status) / 100
    return listed.count + ((1...5).contains(hundreds) ? hundreds : 6) - 1
  }

  /// What is counted at a place: `404`, or `other 4xx`.
  static func name(_ place: Int) -> String {
    if place < listed.count { return "\(listed[place])" }
    let hundreds = place - listed.count + 1
    return hundreds < 6 ? "other \(hundreds)xx" : "no class"
  }

  /// The class of a place, 1 to 6, where 6 is none.
  static func digit(_ place: Int) -> Int {
    place < listed.count ? Int(listed[place]) / 100 : place - listed.count + 1
  }
}
