// SPDX-License-Identifier: Apache-2.0

package import System

/// The file that holds every transition, one line each, written at once.
///
/// After the start nothing in it fails: what cannot be written waits, bounded, for the next transition,
/// and `warning` says so on the page. When the file was rotated away it is reopened.
package final class AlertLog {
  /// Bytes that may wait; the oldest lines give way beyond it.
  static let waitingLimit = 64 * 1024

  package let path: String
  /// What is wrong with the log, for the page; nil when all is written.
  package private(set) var warning: String?
  private let origin: AlertOrigin?
  private var file: LogFile?
  /// Whole lines that are not fully written yet, oldest first.
  private var waiting: [UInt8] = []
  /// Bytes of the first waiting line that the file has already.
  private var written = 0
  /// Lines given up since the start.
  private var dropped = 0

  /// Opens the log at `path`, and makes it and the directories above it when they are missing.
  ///
  /// - Parameters:
  ///   - origin: where the watch runs; nil leaves it out of the lines, as for files.
  ///   - owner: who writes it later on; what is made here is made for them.
  package init(path: String, origin: AlertOrigin? = nil, owner: LogOwner? = nil) throws(AlertError) {
    self.path = path
    self.origin = origin
    do throws(SystemError) {
      try LogFile.makeDirectories(above: path, owner: owner)
      file = try LogFile(path: path, owner: owner)
    } catch {
      throw AlertError.log(path: path, error)
    }
  }

  /// Whether the log is a file that can be rotated, and no device or pipe.
  package var isRotatable: Bool { file?.isRegular ?? true }

  /// Writes a transition's line, after those that still wait.
  package func append(_ transition: AlertTransition) {
    waiting.append(contentsOf: transition.logLine(origin).utf8)
    trim()
    flush()
  }

  /// Tries again to write what waits: there may be space by now.
  package func retry() { flush() }

  /// Reopens the file at the path (SIGHUP), and writes what waits.
  package func reopen() {
    guard reopenFile() else { return }
    warning = nil
    flush()
  }

  /// Writes what waits, into the file that is at the path now.
  private func flush() {
    guard !waiting.isEmpty else { return }
    // Rotated or removed: the name belongs to another file, or to none.
    if file == nil || !LogFile.isInPlace(file?.identity, at: path) {
      // Without a new file the old one still takes the lines.
      if !reopenFile() && file == nil { return }
    }
    do throws(SystemError) {
      while written < waiting.count {
        let count = try file?.append(waiting[written...]) ?? 0
        if count == 0 { break }
        written += count
      }
      waiting.removeAll(keepingCapacity: true)
      written = 0
      warning = nil
    } catch {
      dropWholeLines()
      warn(error)
    }
  }

  /// Returns whether the file at the path is open now.
  private func reopenFile() -> Bool {
    do throws(SystemError) {
      try LogFile.makeDirectories(above: path)
      file = try LogFile(path: path)
      // A line begun in the old file is written whole into the new one.
      written = 0
      return true
    } catch {
      warn(error)
      return false
    }
  }

  /// Forgets the lines that are in the file, and keeps the one that is there in part.
  private func dropWholeLines() {
    guard let end = waiting[..<written].lastIndex(of: UInt8(ascii: "\n")) else { return }
    written -= end + 1
    waiting.removeSubrange(...end)
  }

  /// Gives up the oldest lines beyond the limit.
  private func trim() {
    while waiting.count > Self.waitingLimit, let end = waiting.firstIndex(of: UInt8(ascii: "\n")) {
      waiting.removeSubrange(...end)
      written = max(0, written - end - 1)
      dropped += 1
    }
  }

  private func warn(_ failure: SystemError) {
    let lines = waiting.count { $0 == UInt8(ascii: "\n") }
    var text = "cannot write the alert log \(path): \(failure.reason)"
    if lines > 0 { text += "; \(lines) \(lines == 1 ? "line waits" : "lines wait")" }
    if dropped > 0 { text += "; \(dropped) dropped" }
    warning = text
  }
}
