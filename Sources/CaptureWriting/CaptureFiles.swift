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
  private(set) var account = CaptureRecorder.Account()

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
      index = (index + 1) % plan.files
      file = nil
    }
    let path = plan.names.file(index)
    do throws(SystemError) {
      if file == nil { file = try CaptureFileWriter(path: path, head: head) }
      try file?.write(blocks.bytes)
      account.written += blocks.packets
      account.fault = nil
    } catch {
      fail(path, error, blocks.packets)
    }
  }

  mutating func obey(_ order: CaptureRecorder.Order) {
    switch order {
    case .reopen: reopen()
    case .begin(let id, let path, let time): begin(id, path, at: time)
    case .end(let id): alerts.removeAll { $0.id == id }
    case .finish: break
    }
  }

  /// Finishes what was begun.
  mutating func close() {
    do throws(SystemError) {
      try file?.flush()
      for alert in alerts { try alert.file.flush() }
    } catch {
      account.fault = "cannot write \(plan.names.path): \(error.reason)"
    }
    file = nil
    alerts = []
  }

  /// Lets a file go that was moved away: the next packets begin a new one.
  private mutating func reopen() { if file?.isInPlace == false { file = nil } }

  /// Begins the file of an alert, with the packets of the seconds before it.
  private mutating func begin(_ id: String, _ path: String, at time: UInt64) {
    guard let span = plan.span else { return }
    if alerts.count >= Self.openLimit { alerts.removeFirst() }
    makeRoom()
    do throws(SystemError) {
      let alert = AlertFile(id: id, file: try CaptureFileWriter(path: path, head: head))
      paths.removeAll { $0 == path }
      paths.append(path)
      alerts.append(alert)
      for piece in recent?.since(time > span ? time - span : 0) ?? [] {
        add(piece.bytes, piece.packets, to: alert)
      }
    } catch {
      fail(path, error, 0)
    }
  }

  /// Removes the oldest files of alerts, so that one more may be made.
  private mutating func makeRoom() {
    while paths.count >= plan.files, let oldest = paths.first {
      do throws(SystemError) {
        try OutputFile.remove(oldest)
      } catch {
        // One that somebody has moved away is gone as well.
        if LogFile.identity(at: oldest) != nil { fail(oldest, error, 0) }
      }
      paths.removeFirst()
    }
  }

  /// Adds packets to an alert's file; it ends when it is as long as a file may be.
  private mutating func add(_ bytes: [UInt8], _ packets: UInt64, to alert: AlertFile) {
    guard alert.file.length + UInt64(bytes.count) <= plan.size else {
      alerts.removeAll { $0 === alert }
      account.fault = "\(alert.file.path) has reached --write-size: it ends before its alert"
      return
    }
    do throws(SystemError) {
      try alert.file.write(bytes)
      account.written += packets
      account.fault = nil
    } catch {
      fail(alert.file.path, error, packets)
    }
  }

  private mutating func fail(_ path: String, _ error: SystemError, _ packets: UInt64) {
    account.failed += packets
    account.fault = "cannot write \(path): \(error.reason)"
  }
}
