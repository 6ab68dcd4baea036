// SPDX-License-Identifier: Apache-2.0

import Alerting
import Capture
import CaptureWriting
import Glibc
import Reporting
import System

/// The capture files of `--write`: all packets that workers read, or those around alerts.
final class RecordingOutput: Output {
  /// Milliseconds that the end of the program waits for what is still to be written.
  private static let patience = 5_000

  private let recorder: CaptureRecorder
  private let plan: CaptureRecorder.Plan
  /// Whether TLS libraries are read too, whose text is not written.
  private let hasText: Bool
  /// The files of the alerts that last, by the alerts' names.
  private var paths: [String: String] = [:]
  /// Open until the thread takes them over.
  private var files: CaptureFiles?

  /// Opens the first file, before privileges are given up.
  ///
  /// - Parameters:
  ///   - sources: those of the workers; what was no packet is not written.
  ///   - labels: what the wall clock has become since the start.
  init(
    _ plan: CaptureRecorder.Plan, sources: [any SegmentSource], labels: LabelClock
  ) throws(CaptureError) {
    self.plan = plan
    hasText = sources.contains { !$0.hasPackets }
    do throws(SystemError) {
      recorder = try CaptureRecorder(plan, workers: sources.count, labels: labels)
      files = try CaptureFiles(plan)
    } catch {
      throw Self.fault(plan.names.path, error)
    }
  }

  private static func fault(_ path: String, _ error: SystemError) -> CaptureError {
    let message = "cannot write \(path): \(error.reason)"
    switch error.code {
    case ENOENT, ENOTDIR, ELOOP:
      return CaptureError(.notFound, message, hint: "a path in a folder that there is, and no link")
    case EACCES, EPERM: return CaptureError(.notPermitted, message, hint: "a file of this user's own")
    case EINVAL, EISDIR, EMLINK, ENXIO:
      return CaptureError(.notFound, message, hint: "a regular file with one name, or none yet")
    default: return CaptureError(.unavailable, message, hint: error.hint)
    }
  }

  /// What workers write to, one for each.
  var queues: [SegmentQueue] { recorder.queues }

  func open() throws {
    guard let files = files.take() else { return }
    do throws(SystemError) {
      try recorder.start(files)
    } catch {
      throw CaptureError(.unavailable, "cannot start the thread of --write: \(error.reason)")
    }
  }

  func ready(_ reporter: Reporter) {
    let bound = "\(plan.files) \(plan.files == 1 ? "file" : "files") of \(plan.size >> 20) MiB"
    if plan.span == nil {
      Failure.say("writing packets to \(plan.names.path), at most \(bound)")
    } else {
      Failure.say("writing packets around alerts beside \(plan.names.path), at most \(bound)")
    }
    if hasText { Failure.say("--write: what --tls reads has no packets and is not written", .warning) }
  }

  func interval(_ report: IntervalReport, _ reporter: Reporter) {
    for transition in report.changes.map(\.transition) {
      switch transition.state {
      case .raised:
        guard let path = recording(of: transition) else { continue }
        recorder.begin(id: transition.id, path: path, at: transition.at)
      case .recovered:
        recorder.end(id: transition.id)
        paths[transition.id] = nil
      }
    }
  }

  /// A name that neither another alert's file has nor what lies there already: messages name it before the file is made.
  func recording(of transition: AlertTransition) -> String? {
    guard plan.span != nil else { return nil }
    if let path = paths[transition.id] { return path }
    let path = plan.names.file(
      alert: transition.rule, about: transition.about.subjectFields.map(\.value), at: transition.started)
    if transition.state == .recovered { return path }
    let free = (1...99).lazy.map { self.plan.names.variant($0, of: path) }.first { path in
      !self.paths.values.contains(path) && LogFile.identity(at: path) == nil
    }
    paths[transition.id] = free ?? path
    return free ?? path
  }

  var warnings: [String] {
    let fault = recorder.account.fault, dropped = recorder.dropped
    guard fault != nil || dropped > 0 else { return [] }
    let count = dropped > 0 ? ["\(dropped) \(dropped == 1 ? "packet" : "packets") not written"] : []
    return ["--write: \(((fault.map { [$0] } ?? []) + count).joined(separator: "; "))"]
  }

  var dropped: OutputCounters {
    var counters = OutputCounters()
    counters.packets = recorder.dropped
    return counters
  }

  func reopen() { recorder.reopen() }

  func close(isInterrupted: () -> Bool) {
    recorder.finish()
    let end = Deadline(milliseconds: Self.patience)
    while !end.isOver, !recorder.isDone, !isInterrupted() { _ = poll(nil, 0, 10) }
    if let warning = warnings.first { Failure.say(warning, .warning) }
    let waiting = recorder.isDone ? 0 : recorder.queues.reduce(0) { $0 + $1.waiting }
    if !recorder.isDone {
      Failure.say(
        "--write: the file is too slow: the end came before \(waiting) packets were written", .warning)
    }
  }
}
