// SPDX-License-Identifier: Apache-2.0
internal import Capture
internal import Glibc
package import System
internal import TLSPlaces

/// The kernel's list of events at programs' code (tracefs), of which a watch has a group of its own: made by root before it begins, and
/// removed after it has ended.
package struct ProbeEventFolder {
  /// The counts of what was made.
  package struct Outcome: Sendable {
    package var files = 0
    package var events = 0
    /// Files that got none, and why.
    package var refusals: [String] = []
  }

  /// The reason why nothing could be done.
  package enum Fault: Error {
    /// There is no folder of a unit, which the list is for.
    case noUnit
    /// There is no tracefs.
    case noFolder
    /// A file of it refuses; its path.
    case file(String, SystemError)
  }

  private static let folders = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"]
  /// Microseconds between attempts to remove an event that is in use, and their number: its watch's probes go for some seconds.
  private static let (pause, attempts): (UInt32, Int) = (200_000, 150)
  /// Files that get events at most.
  private static let mostFiles = 128

  private let folder: String
  private let group: String
  private let list: String

  /// Of the unit that this process belongs to.
  package init() throws(Fault) {
    guard let list = ProbeEvents.path else { throw .noUnit }
    self.list = list
    // /run/wiretally/eth0/tls-probes: letters, digits and low lines are what the kernel takes.
    let unit = list.split(separator: "/").dropLast().joined(separator: "_").utf8.suffix(40)
      .map { ($0 | 0x20) >= 0x61 && ($0 | 0x20) <= 0x7a || (0x30...0x39).contains($0) ? $0 : 0x5f }
    group = "wiretally_" + String(decoding: unit, as: UTF8.self)
    guard
      let folder = Self.folders.first(where: {
        // The path is passed as a C string for the call alone.
        unsafe access("\($0)/uprobe_events", F_OK) == 0
      })
    else {
      throw .noFolder
    }
    self.folder = folder
  }

  /// Whether this kernel needs no events.
  package static var isNeedless: Bool { UprobeLinks.Way.hasLinks }

  /// Makes the events of all files here that speak TLS, and the list of them.
  package func make() throws(Fault) -> Outcome {
    try remove()
    var outcome = Outcome(), events = ProbeEvents()
    if let place = try? TLSCanary.place() {
      let file = try Self.opened(place.path)
      try add(.init(canary: place.offset), of: file, &events, &outcome)
    }
    for library in LibrarySearch.run().libraries
    where library.kind.limit == nil && outcome.files < Self.mostFiles {
      // A container's would hold its file systems until the watch has ended.
      guard FileVersion(path: library.path)?.identity == library.identity else { continue }
      do {
        let file = try LibraryFile(library)
        let plan = UprobeLinks.Plan(try library.places(in: file))
        try add(plan, of: file.descriptor, &events, &outcome)
        outcome.files += 1
      } catch let fault as Fault {
        throw fault
      } catch {
        outcome.refusals.append("\(library.path): \((error as? SystemError)?.reason ?? "\(error)")")
      }
    }
    outcome.events = events.numbers.count
    try write(events.text)
    return outcome
  }

  /// Removes the events and the list; waits for those that are in use still.
  package func remove() throws(Fault) {
    // The path is passed as a C string for the call alone.
    unsafe unlink(list)
    let events = SmallFile.text(of: "\(folder)/uprobe_events") ?? ""
    for line in events.split(separator: "\n") {
      // p:GROUP/NAME PATH:OFFSET
      let name = line.dropFirst(2).prefix { $0 != " " }
      guard name.hasPrefix(group + "/") else { continue }
      for attempt in 1...Self.attempts {
        do throws(Fault) {
          try command("-:\(name)")
          break
        } catch {
          guard case .file(_, let reason) = error, reason.code == EBUSY, attempt < Self.attempts else {
            throw error
          }
          usleep(Self.pause)
        }
      }
    }
  }

  /// Makes the events of one file.
  private func add(
    _ plan: UprobeLinks.Plan, of file: Descriptor, _ events: inout ProbeEvents, _ outcome: inout Outcome
  ) throws(Fault) {
    guard let identity = FileVersion(descriptor: file.number)?.identity else { return }
    for (places, isReturn) in [(plan.starts, false), (plan.ends, false), (plan.returns, true)] {
      for offset in places.offsets {
        let place = ProbeEvents.Place(file: identity, offset: offset, isReturn: isReturn)
        if events.numbers[place] != nil { continue }
        let name = "\(group)/t\(events.numbers.count)"
        // By its descriptor: what was examined is what gets it, and no name of a stranger's is in the command.
        try command(
          "\(isReturn ? "r" : "p"):\(name) /proc/self/fd/\(file.number):0x\(String(offset, radix: 16))")
        let path = "\(folder)/events/\(name)/id"
        guard let text = SmallFile.text(of: path), let number = UInt32(text.prefix { $0 != "\n" }) else {
          throw .file(path, SystemError(ENOENT))
        }
        events.add(number, place)
      }
    }
  }

  /// Has the kernel do one line.
  private func command(_ line: String) throws(Fault) {
    let path = "\(folder)/uprobe_events"
    // Appended: what others have made there stays.
    let number = unsafe open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
    guard number >= 0 else { throw .file(path, .last) }
    defer { close(number) }
    let bytes = Array(line.utf8)
    // An array that outlives the call, with its size.
    guard unsafe Glibc.write(number, bytes, bytes.count) == bytes.count else { throw .file(path, .last) }
  }

  /// Writes the list, as a new file: the folder is the watch's user's, who may have put a link there.
  private func write(_ text: String) throws(Fault) {
    let number = unsafe open(list, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
    guard number >= 0 else { throw .file(list, .last) }
    defer { close(number) }
    let bytes = Array(text.utf8)
    // As above.
    guard unsafe Glibc.write(number, bytes, bytes.count) == bytes.count else { throw .file(list, .last) }
  }

  private static func opened(_ path: String) throws(Fault) -> Descriptor {
    let number = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard number >= 0 else { throw .file(path, .last) }
    return Descriptor(number)
  }
}
