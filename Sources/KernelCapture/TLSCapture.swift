// SPDX-License-Identifier: Apache-2.0
package import Capture
internal import CTLSFilter
internal import Glibc
internal import Synchronization
package import System
package import TLSPlaces

/// The capture of plain text at the TLS libraries of this machine: as they are when it begins, and with a helper process also
/// those that appear later.
///
/// All that is done after the initializer closes descriptors, takes over others and reads mapped memory: it takes no privilege.
package final class TLSCapture: Sendable {
  package let source: TLSTextSource
  /// Which programs' libraries have probes.
  package let attachment: TLSAttachment
  private let object: TLSObject
  private let clock: CaptureClock
  private let counts: MappedMemory
  private let selection: TextSelection?
  /// The files that got probes at the start.
  private let held: Set<TLSLibrary.Identity>
  private let attachments: Locked<TLSAttachments>

  /// Attaches to everything that speaks TLS in a way that is known, and that programs load or have mapped; throws why nothing
  /// can be.
  /// - Parameters:
  ///   - ports: connections that count: one of their ports is among these, or none is known.
  ///   - selection: chooses among them by interfaces; nil where all count.
  init(
    ports: PortSet, clock: CaptureClock, life: CaptureLife, selection: TextSelection?
  ) throws(CaptureError) {
    guard Capabilities.effective.contains(.perfmon) else {
      throw CaptureError(.notPermitted, "that takes CAP_PERFMON", hint: BPFRefusal.hint)
    }
    let (object, counts) = try Self.proven(ports, .ofKernel)
    do throws(SystemError) {
      let number = fcntl(object.ringMap, F_DUPFD_CLOEXEC, 0)
      guard number >= 0 else { throw SystemError.last }
      source = TLSTextSource(
        ring: try RingMemory(Descriptor(number), capacity: Int(TLS_RING)), clock: clock, life: life,
        seed: .random(in: .min ... .max), selection: selection)
    } catch {
      throw CaptureError(.unavailable, "cannot map the ring of TLS text: \(error.reason)")
    }
    var held: Set<TLSLibrary.Identity> = []
    let found = LibrarySearch.run()
    let attachments = TLSAttachments(found, object.programs, &held)
    guard attachments.count > 0 else {
      throw CaptureError(
        .unavailable, attachments.findings.first?.text ?? "no program here speaks TLS in a way that is known")
    }
    (self.object, self.counts, self.clock, self.held) = (object, counts, clock, held)
    self.selection = selection
    attachment = TLSAttachment(since: clock.now, programs: Self.programs(found, attached: held))
    self.attachments = Locked(attachments)
  }

  /// What the libraries of each program mean for the reading of its text.
  private static func programs(
    _ found: LibrarySearch.Result, attached: Set<TLSLibrary.Identity>
  ) -> [String: TLSAttachment.Libraries] {
    var kinds: [TLSLibrary.Identity: TLSLibrary.Kind] = [:]
    for library in found.libraries { kinds[library.identity] = library.kind }
    return found.programs.mapValues { libraries in
      if !libraries.isDisjoint(with: attached) { return .attached }
      let kind = libraries.compactMap { kinds[$0] }.map(\.rawValue).min()
      return kind.map { .unattached($0) } ?? .nothing
    }
  }

  /// The program and its counters, once probes of this kind have done a child of ours no harm.
  static func proven(
    _ ports: PortSet, _ way: UprobeLinks.Way
  ) throws(CaptureError) -> (TLSObject, MappedMemory) {
    let object = try TLSObject(ports: ports, way)
    let counts: MappedMemory
    do throws(SystemError) {
      counts = try MappedMemory(object.countMap, offset: 0, bytes: Int(getpagesize()), writable: false)
    } catch {
      throw CaptureError(.unavailable, "cannot map the counters of TLS text: \(error.reason)")
    }
    try TLSCanary.check(object) { count(counts, \.canaries) }
    return (object, counts)
  }

  /// How the kernel attaches its probes, in words.
  package var way: String { object.way.text }

  /// The number of files that have probes.
  package var files: Int { attachments.withLock { $0.count } }

  /// Every file that was found, each with the reason why it got no probes.
  package var findings: [TLSFinding] { attachments.withLock { $0.findings } }

  /// What every page says about the files besides the findings.
  package var notices: [String] {
    attachments.withLock { attachments in
      attachments.written.map { TLSAttachments.writtenText($0.path) }
        + (attachments.notice.map { [$0] } ?? [])
    } + (selection?.notice.map { [$0] } ?? [])
  }

  /// Files that lost their probes, since somebody opened them for writing.
  package var writtenFiles: [TLSLibrary] { attachments.withLock { $0.written } }

  /// Has a helper process started, with these descriptors as its first ones.
  package func startHelper(_ start: (LibraryHelperRole, [Int32]) -> SystemError?) {
    attachments.withLock { $0.startHelper(object.programs, held, start) }
  }

  /// The reason why nothing is read that appears later, once a helper process was to be started; nil when it is.
  package var laterFault: String? { attachments.withLock { $0.fault } }

  /// Takes probes out of files that somebody waits to write to, and takes over those that the helper process has attached to.
  /// What has changed; to be called about once a second.
  package func follow() -> [LibraryChange] {
    attachments.withLock { attachments in
      attachments.release() + attachments.takeOver { attachment.note($0, $1, at: clock.now) }
    }
  }

  /// Adds what was read, lost and left out here to what the filter has counted.
  package func add(to counters: inout CaptureCounters) {
    let lost = Self.count(counts, \.lost)
    // In this order: what was lost is among what was taken.
    counters.matched &+= source.delivered &+ lost
    counters.lost &+= lost
    counters.lostRequests &+= Self.count(counts, \.lost_requests)
    counters.overlongHeads &+= Self.count(counts, \.overlong)
    counters.copies &+= source.copies
    // The program counts those of all interfaces.
    counters.tlsConnections = selection == nil ? Self.count(counts, \.connections) : source.selected
    counters.tlsUntied = selection == nil ? Self.count(counts, \.untied) : 0
    counters.tlsUnplaced = source.unplaced
    counters.tlsUnreadable = Self.count(counts, \.unreadable)
  }

  /// Records that the program has sent.
  var sent: UInt64 { Self.count(counts, \.records) }

  /// Takes all probes out. When this returns nothing is sent any more; before Linux 6.6 they are left to the process that holds
  /// them, and nothing is received any more that they send.
  package func stop() { attachments.withLock { $0.end() } }

  private static func count(_ counts: MappedMemory, _ field: KeyPath<tls_counters, UInt64>) -> UInt64 {
    guard let offset = MemoryLayout<tls_counters>.offset(of: field), let word = unsafe counts.word(offset)
    else {
      return 0
    }
    // Relaxed: a number is all that is wanted.
    return unsafe word.pointee.load(ordering: .relaxed)
  }
}
