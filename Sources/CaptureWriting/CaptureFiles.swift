// SPDX-License-Identifier: Apache-2.0

package import System

/// The files of a recording: those used in turn, or one for each alert that is raised, with the seconds before it.
///
/// One thread uses it. What goes wrong with a file is in the account, and the next packets try again.
package struct CaptureFiles: ~Copyable {
  /// Bytes of the last seconds at most, for the beginning of alerts' files.
  static let recentRoom = 64 << 20
  /// Alerts' files that are written at once.
  static let openLimit = 16
  /// Nanoseconds by which an interval's end is known late.
  private static let delay: UInt64 = 5_000_000_000

  private let plan: CaptureRecorder.Plan
  private let head: [UInt8]
  /// The current one of those used in turn; nil when it could not be opened.
  private var file: CaptureFileWriter?
  private var index = 0
  private var recent: RecentBlocks?
  /// The files of alerts that last.
  private var alerts: [AlertFile] = []
  /// All alerts' files that there are, oldest first.
  private var paths: [String] = []
  private var counts = CaptureRecorder.Account()
  private var faults = RecordingFaults()

  /// What has become of the packets so far.
  var account: CaptureRecorder.Account {
    var account = counts
    account.fault = faults.text
    return account
  }

  /// An alert's file.
  private final class AlertFile {
    let id: String
    var file: CaptureFileWriter

    init(id: String, file: consuming CaptureFileWriter) {
      self.id = id
      self.file = file
    }
  }

  /// Opens the first file, or looks which files of alerts there are; throws when it cannot be opened.
  package init(_ plan: CaptureRecorder.Plan) throws(SystemError) {
    self.plan = plan
    head = CaptureBlocks.head(
      CaptureBlocks.Origin(program: plan.program, source: plan.source, depth: plan.depth))
    if let span = plan.span {
      recent = RecentBlocks(span: span &+ Self.delay, room: Self.recentRoom)
      paths = plan.names.alerts(among: FolderNames.all(in: plan.names.directory))
    } else {
      file = try CaptureFileWriter(path: plan.names.path, head: head, owner: plan.owner)
    }
  }

  /// Writes packets to the files that are open, and keeps them for those of alerts.
  mutating func write(_ blocks: CaptureBlocks) {
    if recent != nil {
      recent?.append(blocks)
      for alert in alerts { add(blocks.bytes, blocks.packets, to: alert) }
      return
    }
    if let length = file?.length, length + UInt64(blocks.bytes.count) > plan.size, length > UInt64(head.count)
    {
      endFile()
      index = (index + 1) % plan.files
    }
    let path = plan.names.file(index)
    do throws(SystemError) {
      if file == nil { file = try CaptureFileWriter(path: path, head: head) }
      try file?.write(blocks.bytes)
      counts.written += blocks.packets
      faults.clear(path)
    } catch {
      fail(path, error, blocks.packets)
    }
  }

  mutating func obey(_ order: CaptureRecorder.Order) {
    switch order {
    case .reopen: reopen()
    case .begin(let id, let path, let time): begin(id, path, at: time)
    case .end(let id):
      faults.clear(alert: id)
      if let alert = alerts.first(where: { $0.id == id }) { end(alert) }
    case .finish: break
    }
  }

  /// Finishes what was begun.
  mutating func close() {
    endFile()
    for alert in alerts { end(alert) }
  }

  /// Lets a file go that was moved away: the next packets begin a new one.
  private mutating func reopen() { if file?.isInPlace == false { endFile() } }

  /// Writes what was begun, and lets the file go.
  private mutating func endFile() {
    do throws(SystemError) {
      try file?.flush()
    } catch {
      fail(plan.names.file(index), error, 0)
    }
    file = nil
  }

  /// The same with an alert's file.
  private mutating func end(_ alert: AlertFile) {
    do throws(SystemError) {
      try alert.file.flush()
    } catch {
      fail(alert.file.path, error, 0)
    }
    alerts.removeAll { $0 === alert }
  }

  /// Ends an alert's file while the alert lasts, and says why until it is over.
  private mutating func end(_ alert: AlertFile, early reason: String) {
    end(alert)
    faults.add(alert.file.path, alert: alert.id, "\(alert.file.path) \(reason): it ends before its alert")
  }

  /// Begins the file of an alert, with the packets of the seconds before it.
  private mutating func begin(_ id: String, _ path: String, at time: UInt64) {
    guard let span = plan.span, makeRoom(for: path, of: id) else { return }
    if alerts.count >= Self.openLimit, let oldest = alerts.first {
      end(oldest, early: "is one of more than \(Self.openLimit) files that are written at once")
    }
    do throws(SystemError) {
      let alert = AlertFile(id: id, file: try newFile(path))
      faults.clear(path)
      paths.append(alert.file.path)
      alerts.append(alert)
      for piece in recent?.since(time > span ? time - span : 0) ?? [] {
        add(piece.bytes, piece.packets, to: alert)
      }
    } catch {
      fail(path, alert: id, error, 0)
    }
  }

  /// Makes an alert's file. A file that has its name already stays, and another name is used.
  private func newFile(_ path: String) throws(SystemError) -> CaptureFileWriter {
    for number in 1...99 {
      do throws(SystemError) {
        return try CaptureFileWriter(
          path: plan.names.variant(number, of: path), head: head, isNew: true)
      } catch {
        guard error == .exists else { throw error }
      }
    }
    throw .exists
  }

  /// Removes the oldest files of alerts, those that are written last, so that one more may be made; false when none can
  /// be removed.
  private mutating func makeRoom(for path: String, of id: String) -> Bool {
    while paths.count >= plan.files {
      let open = Set(alerts.map { $0.file.path })
      let candidates = paths.filter { !open.contains($0) } + paths.filter { open.contains($0) }
      var refusal: (path: String, SystemError)?
      guard
        let removed = candidates.first(where: { path in
          do throws(SystemError) {
            try OutputFile.remove(path)
            return true
          } catch {
            // One that somebody has moved away is gone as well.
            if error == .noSuchFile { return true }
            refusal = refusal ?? (path, error)
            return false
          }
        })
      else {
        let why = refusal.map { "cannot remove \($0.path): \($0.1.reason)" } ?? "--write-files are in use"
        faults.add(path, alert: id, "\(why): an alert has no file")
        return false
      }
      faults.clear(removed)
      if let alert = alerts.first(where: { $0.file.path == removed }) {
        end(alert, early: "was the oldest of --write-files and gave way to that of a newer alert")
      }
      paths.removeAll { $0 == removed }
    }
    return true
  }

  /// Adds packets to an alert's file; it ends when it is as long as a file may be.
  private mutating func add(_ bytes: [UInt8], _ packets: UInt64, to alert: AlertFile) {
    // One that has ended with an earlier piece takes no more.
    guard alerts.contains(where: { $0 === alert }) else { return }
    guard alert.file.length + UInt64(bytes.count) <= plan.size else {
      return end(alert, early: "has reached --write-size")
    }
    do throws(SystemError) {
      try alert.file.write(bytes)
      counts.written += packets
      faults.clear(alert.file.path)
    } catch {
      fail(alert.file.path, alert: alert.id, error, packets)
    }
  }

  private mutating func fail(
    _ path: String, alert: String? = nil, _ error: SystemError, _ packets: UInt64
  ) {
    counts.failed += packets
    faults.add(path, alert: alert, "cannot write \(path): \(error.reason)")
  }
}
