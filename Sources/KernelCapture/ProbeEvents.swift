// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import System
internal import TLSPlaces

/// Events of probes that root has made before a watch without its rights begins, and the number by which perf_event_open(2) knows
/// each: from Linux 5.17 to 6.5 that is the way of who has CAP_PERFMON and not CAP_SYS_ADMIN.
struct ProbeEvents: Equatable, Sendable {
  /// The place of a probe.
  struct Place: Hashable, Sendable {
    var file: TLSLibrary.Identity
    /// Bytes from the file's beginning.
    var offset: UInt64
    var isReturn: Bool
  }

  /// The list's name in the folder that a unit has while it runs.
  private static let name = "tls-probes"

  private(set) var numbers: [Place: UInt32] = [:]

  /// Where the list is; nil outside of a unit with such a folder.
  static var path: String? {
    // A text of the environment, which nothing here changes.
    guard let folder = unsafe getenv("RUNTIME_DIRECTORY") else { return nil }
    // Of several folders the first.
    let path = unsafe String(cString: folder).prefix { $0 != ":" }
    return path.isEmpty ? nil : "\(path)/\(name)"
  }

  /// Those that were made for this watch; nil where there are none.
  static var prepared: ProbeEvents? {
    path.flatMap { SmallFile.text(of: $0) }.map { ProbeEvents($0) }
  }

  init() {}

  /// From a list, of which lines that make no sense are passed over.
  init(_ text: String) {
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ", omittingEmptySubsequences: false)
      guard words.count == 5, let device = UInt64(words[0]), let inode = UInt64(words[1]),
        let offset = UInt64(words[2]), words[3] == "p" || words[3] == "r", let number = UInt32(words[4])
      else { continue }
      add(number, Place(file: .init(device: device, inode: inode), offset: offset, isReturn: words[3] == "r"))
    }
  }

  mutating func add(_ number: UInt32, _ place: Place) { numbers[place] = number }

  /// The list: device, inode, offset, whether it is of the place or of its function's return, number.
  var text: String {
    numbers.map { place, number in
      "\(place.file.device) \(place.file.inode) \(place.offset) \(place.isReturn ? "r" : "p") \(number)\n"
    }.sorted().joined()
  }
}
