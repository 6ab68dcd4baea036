// SPDX-License-Identifier: Apache-2.0
internal import Capture
internal import Glibc
internal import System
internal import TLSPlaces

/// The helper process of a watch: attaches to files that appear after the watch has given up its privileges, and hands
/// them over.
///
/// It has the two programs that probes run, the socket to the watch, and nothing else: no packet, no ring and no map of text.
/// What it has attached is the watch's: it may end at any time.
package struct TLSHelper {
  /// Descriptors that it is started with: the socket and both programs.
  package static let (socket, enter, leave): (Int32, Int32, Int32) = (0, 3, 4)
  /// The number of these, with both outputs.
  package static let descriptors: Int32 = 5
  /// Milliseconds from the end of a round to the next one, at least and at most, and in rounds' lengths in between: a round takes half a
  /// second at most, so it has a ninth of a processor at most, and mostly a five-hundredth.
  private static let (pause, longestPause, restraint): (UInt64, UInt64, UInt64) = (2_000, 4_000, 20)
  /// Seconds that a look at one process may take: a file system may never answer.
  private static let patience: UInt32 = 60
  /// Files that get probes from it at most, files that are reported as refused, and names of programs: a container could make
  /// any number of them.
  private static let (mostFiles, mostRefused, mostNames) = (128, 64, 1_024)

  private let socket: TLSHelperSocket
  private let programs: UprobeLinks.Programs
  private var search = LibraryWatch()
  private var attached: Set<TLSLibrary.Identity> = []
  private var kinds: [TLSLibrary.Identity: TLSLibrary.Kind] = [:]
  /// Files with probes that lie in overlays, by which others are known to be the same.
  private var overlaid: [FileVersion] = []
  private var names: [String: TLSAttachment.Libraries] = [:]
  private var refused: Set<String> = []
  private var files = 0

  private init(_ socket: TLSHelperSocket, _ programs: UprobeLinks.Programs) {
    (self.socket, self.programs) = (socket, programs)
  }

  /// Looks and attaches until the watch has gone.
  package static func run() {
    ProgramHeap.bound()
    var helper = TLSHelper(
      TLSHelperSocket(Descriptor(socket)), .init(enter: enter, leave: leave, way: .links))
    var isStarted = false
    while !isStarted {
      guard let order = helper.takesOrder(waiting: -1) else { return }
      isStarted = order
    }
    while true {
      let start = SystemClock.monotonic.now
      guard helper.look() else { return }
      // What a round has used lies idle until the next one.
      ProgramHeap.trim()
      ProgramPages.release()
      let spent = (SystemClock.monotonic.now &- start) / 1_000_000
      guard helper.rest(milliseconds: min(max(pause, spent &* restraint), longestPause)) else { return }
    }
  }

  /// Takes in one order; whether that is to begin, nil when the watch has gone.
  private mutating func takesOrder(waiting timeout: Int32) -> Bool? {
    socket.wait(timeout)
    switch socket.receive() {
    case .report(.hold(let identity), _):
      search.hold(identity)
      attached.insert(identity)
    case .report(.release(let identity), _):
      search.release(identity)
      attached.remove(identity)
      overlaid.removeAll { $0.identity == identity }
    case .report(.start, _): return true
    case .ended: return nil
    default: break
    }
    return false
  }

  /// Waits for the next round; false when the watch has gone.
  private mutating func rest(milliseconds: UInt64) -> Bool {
    let end = SystemClock.monotonic.now &+ milliseconds &* 1_000_000
    while true {
      let now = SystemClock.monotonic.now
      guard now < end else { return true }
      if takesOrder(waiting: Int32(clamping: (end - now) / 1_000_000 + 1)) == nil { return false }
    }
  }

  /// Looks once; false when the watch has gone.
  private mutating func look() -> Bool {
    var isThere = true
    // Taken out: what is seen changes all else.
    var search = LibraryWatch()
    swap(&search, &self.search)
    search.round { sighting in
      guard isThere else { return .again }
      switch sighting {
      case .process: _ = alarm(Self.patience)
      case .library(let library):
        kinds[library.identity] = library.kind
        return attach(library, &isThere)
      case .replaced(let library):
        refuse(library, .isReplaced, &isThere)
      case .program(let name, let libraries):
        note(name, libraries, &isThere)
      }
      return .done
    }
    alarm(0)
    self.search = search
    return isThere
  }

  private mutating func attach(_ library: TLSLibrary, _ isThere: inout Bool) -> LibraryWatch.Answer {
    let probes: TLSProbes
    do throws(TLSFinding.UnreadReason) {
      guard files < Self.mostFiles else {
        throw .reported("\(Self.mostFiles) files of programs that started later are read already")
      }
      if isHeldOtherwise(library) {
        attached.insert(library.identity)
        return .done
      }
      probes = try TLSProbes(library, programs)
    } catch {
      switch error {
      // Another look will tell: it may be on its way to a process, or have left it.
      case .isOpenForWriting, .file: return .again
      default:
        refuse(library, error, &isThere)
        return .done
      }
    }
    files += 1
    attached.insert(library.identity)
    if FileVersion.isOverlaid(probes.file.number) { overlaid.append(probes.version) }
    isThere = socket.send(.attached(kind: library.kind, path: library.path), probes.descriptors)
    return .held
  }

  /// Whether a file is one that has probes, seen through another mount of an overlay.
  private func isHeldOtherwise(_ library: TLSLibrary) -> Bool {
    guard !overlaid.isEmpty, let file = try? LibraryFile(library) else { return false }
    // It is open for as long as it is asked about.
    return withExtendedLifetime(file) {
      let number = file.descriptor.number
      guard FileVersion.isOverlaid(number), let version = FileVersion(descriptor: number) else {
        return false
      }
      return overlaid.contains { $0.isSame(as: version) }
    }
  }

  private mutating func refuse(
    _ library: TLSLibrary, _ reason: TLSFinding.UnreadReason, _ isThere: inout Bool
  ) {
    guard refused.count < Self.mostRefused, refused.insert(library.path).inserted else { return }
    isThere = socket.send(.refused(kind: library.kind, path: library.path, reason: reason.description))
  }

  private mutating func note(_ name: String, _ libraries: Set<TLSLibrary.Identity>, _ isThere: inout Bool) {
    let before = names[name]
    guard before != .attached, before != nil || names.count < Self.mostNames else { return }
    let kind = libraries.compactMap { kinds[$0] }.map(\.rawValue).min()
    let now: TLSAttachment.Libraries =
      !libraries.isDisjoint(with: attached) ? .attached : kind.map { .unattached($0) } ?? .nothing
    // Another process of the name may have none.
    guard now != before, before == nil || now != .nothing else { return }
    names[name] = now
    isThere = isThere && socket.send(.program(name, now))
  }
}
