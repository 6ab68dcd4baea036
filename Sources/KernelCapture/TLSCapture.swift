// SPDX-License-Identifier: Apache-2.0
package import Capture
internal import CTLSFilter
internal import Glibc
internal import Synchronization
internal import System
package import TLSPlaces

/// The capture of plain text at the TLS libraries of this machine, as they are when it begins.
///
/// All that is done after the initializer closes descriptors and reads mapped memory: it takes no privilege.
package final class TLSCapture: Sendable {
  /// A file that has probes.
  private struct Attachment {
    var library: TLSLibrary
    var links: UprobeLinks?
    var guarded: FileGuard
  }

  package let source: TLSTextSource
  /// Every file that was found at the start, each with the reason why it got no probes.
  package let findings: [TLSFinding]
  /// Which programs' libraries have probes.
  package let attachment: TLSAttachment
  private let object: TLSObject
  private let counts: MappedMemory
  private let attachments: Locked<[Attachment]>
  private let released: Locked<[TLSLibrary]>

  /// Attaches to everything that speaks TLS in a way that is known, and that programs load or have mapped; throws why nothing
  /// can be.
  /// - Parameter ports: connections that count: one of their ports is among these, or none is known.
  init(ports: PortSet, clock: CaptureClock, life: CaptureLife) throws(CaptureError) {
    guard Capabilities.effective.contains(.perfmon) else {
      throw CaptureError(.notPermitted, "that takes CAP_PERFMON", hint: BPFRefusal.hint)
    }
    let (object, counts) = try Self.proven(ports, .ofKernel)
    do throws(SystemError) {
      let number = fcntl(object.ringMap, F_DUPFD_CLOEXEC, 0)
      guard number >= 0 else { throw SystemError.last }
      source = TLSTextSource(
        ring: try RingMemory(Descriptor(number), capacity: Int(TLS_RING)), clock: clock, life: life,
        seed: .random(in: .min ... .max))
    } catch {
      throw CaptureError(.unavailable, "cannot map the ring of TLS text: \(error.reason)")
    }
    var attachments: [Attachment] = []
    var findings: [TLSFinding] = []
    var attached: Set<TLSLibrary.Identity> = []
    let found = LibrarySearch.run()
    for library in found.libraries {
      do throws(TLSFinding.UnreadReason) {
        attachments.append(try Self.attach(library, object))
        findings.append(TLSFinding(library))
        attached.insert(library.identity)
      } catch {
        findings.append(TLSFinding(library, error))
      }
    }
    findings += found.replaced.map { TLSFinding($0, .isReplaced) }
    guard !attachments.isEmpty else {
      throw CaptureError(
        .unavailable, findings.first?.text ?? "no program here speaks TLS in a way that is known")
    }
    (self.object, self.counts, self.findings) = (object, counts, findings)
    attachment = TLSAttachment(since: clock.now, programs: Self.programs(found, attached: attached))
    self.attachments = Locked(attachments)
    released = Locked([])
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

  private static func attach(
    _ library: TLSLibrary, _ object: TLSObject
  ) throws(TLSFinding.UnreadReason) -> Attachment {
    // Nothing is opened for what has no places.
    if library.kind.limit != nil { throw .places(.kind(library.kind)) }
    let file: LibraryFile
    let guarded: FileGuard
    do throws(SystemError) {
      file = try LibraryFile(library)
      // Before it is read again by the kernel: nobody changes it from here on.
      guarded = try FileGuard(file.descriptor)
    } catch {
      switch error.code {
      case EAGAIN: throw .isOpenForWriting
      case EACCES: throw .needsLease
      default: throw .file(error)
      }
    }
    let places = try places(of: library, in: file)
    do throws(SystemError) {
      let path = "/proc/self/fd/\(file.descriptor.number)"
      let links = try UprobeLinks(object, path: path, .init(places))
      return Attachment(library: library, links: links, guarded: guarded)
    } catch {
      throw .probes(error)
    }
  }

  private static func places(
    of library: TLSLibrary, in file: LibraryFile
  ) throws(TLSFinding.UnreadReason) -> [ProbePlace] {
    do throws(PlaceFault) {
      return try library.places(in: file)
    } catch {
      throw .places(error)
    }
  }

  /// The number of files that have probes.
  package var files: Int { attachments.withLock { $0.count } }

  /// Files that lost their probes, since somebody opened them for writing.
  package var writtenFiles: [TLSLibrary] { released.withLock { $0 } }

  /// Takes the probes out of files that somebody waits to write to; whether there were any.
  package func releaseFiles() -> Bool {
    let gone = attachments.withLock { attachments in
      var broken: [TLSLibrary] = []
      for index in attachments.indices where attachments[index].guarded.isBroken {
        // The probes go before the lease, which the writer waits for.
        attachments[index].links = nil
        broken.append(attachments[index].library)
      }
      attachments.removeAll { $0.links == nil }
      return broken
    }
    released.withLock { $0 += gone }
    return !gone.isEmpty
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
    counters.tlsConnections = Self.count(counts, \.connections)
    counters.tlsUntied = Self.count(counts, \.untied)
    counters.tlsUnreadable = Self.count(counts, \.unreadable)
  }

  /// Records that the program has sent.
  var sent: UInt64 { Self.count(counts, \.records) }

  /// Takes all probes out. When this returns nothing is sent any more.
  package func stop() { attachments.withLock { $0.removeAll() } }

  private static func count(_ counts: MappedMemory, _ field: KeyPath<tls_counters, UInt64>) -> UInt64 {
    guard let offset = MemoryLayout<tls_counters>.offset(of: field), let word = unsafe counts.word(offset)
    else {
      return 0
    }
    // Relaxed: a number is all that is wanted.
    return unsafe word.pointee.load(ordering: .relaxed)
  }
}
