// SPDX-License-Identifier: Apache-2.0
internal import Capture
internal import CTLSFilter
internal import Glibc
internal import System
internal import TLSPlaces

/// The files that have probes, why others have none, and the helper process that attaches to more of them.
struct TLSAttachments {
  /// A file that has probes.
  private struct Attachment {
    var kind: TLSLibrary.Kind
    var path: String
    var probes: TLSProbes?
  }

  private var attachments: [Attachment] = []
  /// Every file that was found, each with the reason why it got no probes.
  private(set) var findings: [TLSFinding] = []
  /// Files that lost their probes, since somebody opened them for writing.
  private(set) var written: [TLSLibrary] = []
  private var helper: TLSHelperSocket?
  /// What the helper process is for.
  private var role = LibraryHelperRole.attaching
  /// The reason why nothing is read that appears later; nil when it is.
  private(set) var fault: String?
  /// Files that got probes later, and the latest one's path.
  private var later = 0
  private var latest = ""

  /// Microseconds until what is open for writing is tried again.
  private static let pause: UInt32 = 10_000

  /// Attaches to what a search has found; the files that have probes.
  /// - Parameter moreTries: times that files which are open for writing are tried again: a process that was forked has all of
  ///   its parent's files open until it executes a program.
  init(
    _ found: LibrarySearch.Result, _ programs: UprobeLinks.Programs, _ held: inout Set<TLSLibrary.Identity>,
    moreTries: Int = 5
  ) {
    var open = attach(found.libraries, programs, &held)
    for _ in 0..<moreTries where !open.isEmpty {
      usleep(Self.pause)
      open = attach(open, programs, &held)
    }
    findings += open.map { TLSFinding($0, .isOpenForWriting) }
    findings += found.replaced.map { TLSFinding($0, .isReplaced) }
  }

  /// Attaches to files; those of them that are open for writing.
  private mutating func attach(
    _ libraries: [TLSLibrary], _ programs: UprobeLinks.Programs, _ held: inout Set<TLSLibrary.Identity>
  ) -> [TLSLibrary] {
    var open: [TLSLibrary] = []
    for library in libraries {
      do throws(TLSFinding.UnreadReason) {
        let probes = try TLSProbes(library, programs)
        held.insert(library.identity)
        // One file, seen through two overlays, would be read twice.
        if attachments.contains(where: { $0.probes?.isSame(as: probes) == true }) { continue }
        findings.append(TLSFinding(library))
        attachments.append(Attachment(kind: library.kind, path: library.path, probes: probes))
      } catch {
        if error == .isOpenForWriting {
          open.append(library)
        } else {
          findings.append(TLSFinding(library, error))
        }
      }
    }
    return open
  }

  /// The number of files that have probes.
  var count: Int { attachments.count }

  /// A line about what appears later, for every page; nil when there is nothing to be known.
  var notice: String? {
    if let fault { return "TLS libraries that appear later are not read: \(fault)" }
    if later == 0 { return nil }
    let files = later == 1 ? "1 file" : "\(later) files"
    return "TLS text is read at \(files) of programs that started later, the latest \(latest)"
  }

  /// Takes all probes out, those of several files at once: the kernel waits some 50 ms for each until nobody is in its probes
  /// (uprobe_unregister_sync), and for all that go together no longer than for one.
  mutating func end() {
    // One that attaches first, so that nothing comes that nobody takes over.
    if role == .attaching { helper = nil }
    let shares = (0..<min(attachments.count, Self.enders)).map { _ in Locked<[TLSProbes]>([]) }
    for (index, attachment) in attachments.enumerated() {
      guard let probes = attachment.probes else { continue }
      shares[index % shares.count].withLock { $0.append(probes) }
    }
    attachments.removeAll()
    Self.takeOut(shares[...])
    // One that holds last: it has them alone by then, and takes them out.
    helper = nil
  }

  /// Threads that take probes out at the end, at most.
  private static let enders = 16

  /// Forgets each share in a thread of its own, and returns when all are.
  private static func takeOut(_ shares: ArraySlice<Locked<[TLSProbes]>>) {
    guard let share = shares.first else { return }
    let thread = try? SystemThread("wt-probes", { share.withLock { $0 = [] } })
    takeOut(shares.dropFirst())
    thread?.join()
    // Where there was no thread.
    share.withLock { $0 = [] }
  }

  /// Takes probes out of files that somebody waits to write to; what has changed.
  mutating func release() -> [LibraryChange] {
    var changes: [LibraryChange] = []
    for index in attachments.indices where attachments[index].probes?.guarded.isBroken == true {
      let (kind, path) = (attachments[index].kind, attachments[index].path)
      let identity = attachments[index].probes?.version.identity
      // The probes go before the lease, which the writer waits for.
      attachments[index].probes = nil
      guard let identity else { continue }
      written.append(TLSLibrary(kind: kind, path: path, identity: identity))
      changes.append(LibraryChange(Self.writtenText(path), isWarning: true))
      _ = helper?.send(.release(identity))
    }
    attachments.removeAll { $0.probes == nil }
    return changes
  }

  /// What it means that a file was opened for writing.
  static func writtenText(_ path: String) -> String {
    "TLS text of a library is not read any more: \(path) was opened for writing"
  }
}

// MARK: The helper process

extension TLSAttachments {
  /// Has a helper process started; why there is none is in the notice.
  mutating func startHelper(
    _ programs: UprobeLinks.Programs, _ held: Set<TLSLibrary.Identity>,
    _ start: (LibraryHelperRole, [Int32]) -> SystemError?
  ) {
    guard programs.way == .links else {
      fault = "that takes Linux 6.6"
      startHolder(start)
      return
    }
    guard Capabilities.effective.contains(.lease) else {
      fault = "that takes CAP_LEASE"
      return
    }
    do throws(SystemError) {
      let ours = try Self.started(.attaching, [programs.enter, programs.leave], start)
      for identity in held { _ = ours.send(.hold(identity)) }
      _ = ours.send(.start)
      helper = ours
      if !Capabilities.effective.contains(.tracing) {
        fault = "of processes of other users, that takes CAP_SYS_PTRACE"
      }
    } catch {
      fault = "no process can be started for it (\(error.reason))"
    }
  }

  /// Has a process started that holds the probes too; without it the watch's end takes as long as theirs.
  private mutating func startHolder(_ start: (LibraryHelperRole, [Int32]) -> SystemError?) {
    guard let ours = try? Self.started(.holding, [], start) else { return }
    role = .holding
    helper = ours
    for probes in attachments.compactMap(\.probes) {
      // The file last: the kernel closes the descriptors of a process that is killed in the order of their numbers.
      var rest = (probes.links.descriptors + [probes.file])[...]
      while !rest.isEmpty {
        let part = rest.prefix(Int(WT_TLS_DESCRIPTORS))
        guard ours.send(.keep(probes.version.identity), Array(part)) else { return }
        rest = rest.dropFirst(part.count)
      }
    }
  }

  /// Starts a process with one end of a socket pair, outputs and other descriptors; the other end.
  private static func started(
    _ role: LibraryHelperRole, _ others: [Int32], _ start: (LibraryHelperRole, [Int32]) -> SystemError?
  ) throws(SystemError) -> TLSHelperSocket {
    let (ours, theirs) = try TLSHelperSocket.pair()
    // Its outputs are not the watch's: nothing may come between pages, and who reads to their end waits for the watch alone.
    let silence = unsafe open("/dev/null", O_WRONLY | O_CLOEXEC)
    guard silence >= 0 else { throw SystemError.last }
    let open = [theirs.descriptor, Descriptor(silence)]
    // Beyond the numbers that they are to have there.
    let moved = try ([theirs.descriptor.number] + others).map { number throws(SystemError) in
      let copy = fcntl(number, F_DUPFD_CLOEXEC, 10)
      guard copy >= 0 else { throw SystemError.last }
      return Descriptor(copy)
    }
    // They are open until the process has them.
    let refusal = withExtendedLifetime((open, moved)) {
      let errors: Int32 = role == .attaching ? 2 : silence
      return start(role, [moved[0].number, silence, errors] + moved.dropFirst().map(\.number))
    }
    if let refusal { throw refusal }
    return ours
  }

  /// Takes over what the helper process has attached to; what has changed.
  mutating func takeOver(_ programs: (String, TLSAttachment.Libraries) -> Void) -> [LibraryChange] {
    var changes: [LibraryChange] = []
    while let helper {
      switch helper.receive() {
      case .nothing: return changes
      case .garbage: break
      case .report(let report, let descriptors):
        if let change = take(report, descriptors, programs) { changes.append(change) }
      case .ended:
        self.helper = nil
        if role == .holding { return changes }
        fault = "the process that looked for them has ended"
        if let notice { changes.append(LibraryChange(notice, isWarning: true)) }
      }
    }
    return changes
  }

  private mutating func take(
    _ report: TLSHelperReport, _ descriptors: [Descriptor],
    _ programs: (String, TLSAttachment.Libraries) -> Void
  ) -> LibraryChange? {
    switch report {
    case .attached(let kind, let path):
      guard let probes = TLSProbes(adopting: descriptors) else {
        return refuse(kind, path, "too many files are open")
      }
      let library = TLSLibrary(kind: kind, path: path, identity: probes.version.identity)
      attachments.append(Attachment(kind: kind, path: path, probes: probes))
      findings.removeAll { $0.library.path == path && $0.reason == .isOpenForWriting }
      findings.append(TLSFinding(library))
      written.removeAll { $0.path == path }
      later += 1
      latest = path
      return LibraryChange("TLS text of a library is read now: \(path)", isWarning: false)
    case .refused(let kind, let path, let reason): return refuse(kind, path, reason)
    case .program(let name, let libraries):
      programs(name, libraries)
      return nil
    case .hold, .keep, .release, .start: return nil
    }
  }

  private mutating func refuse(_ kind: TLSLibrary.Kind, _ path: String, _ reason: String) -> LibraryChange? {
    // As at the start: once a path.
    if findings.contains(where: { $0.library.path == path && $0.reason?.description == reason }) {
      return nil
    }
    let library = TLSLibrary(kind: kind, path: path, identity: .init(device: 0, inode: 0))
    let finding = TLSFinding(library, .reported(reason))
    findings.append(finding)
    return LibraryChange("TLS text of a library is not read: \(finding.text)", isWarning: true)
  }
}
