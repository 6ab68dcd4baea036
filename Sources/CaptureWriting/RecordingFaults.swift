// SPDX-License-Identifier: Apache-2.0

/// The faults of a recording's files: one that is written again says nothing of the others.
struct RecordingFaults {
  private struct Fault {
    var path: String
    /// The alert whose file it is, while the alert lasts.
    var alert: String?
    var text: String
  }

  /// Faults that are kept: as many files may be open.
  private static let limit = CaptureFiles.openLimit + 1

  private var faults: [Fault] = []

  /// The newest one, and how many other files have one; nil while all works.
  var text: String? {
    guard let last = faults.last else { return nil }
    let others = faults.count - 1
    return others == 0 ? last.text : "\(last.text) (and \(others) more \(others == 1 ? "file" : "files"))"
  }

  /// A file has a fault, which takes the place of the one that it had.
  mutating func add(_ path: String, alert: String? = nil, _ text: String) {
    clear(path)
    faults.append(Fault(path: path, alert: alert, text: text))
    if faults.count > Self.limit { faults.removeFirst() }
  }

  /// The file takes packets again, or is none any more.
  mutating func clear(_ path: String) { if !faults.isEmpty { faults.removeAll { $0.path == path } } }

  /// The alert is over: what its file lacks while it lasts is no news any more.
  mutating func clear(alert: String) { faults.removeAll { $0.alert == alert } }
}
