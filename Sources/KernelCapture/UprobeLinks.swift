// SPDX-License-Identifier: Apache-2.0
internal import CLibbpf
internal import CTLSFilter
internal import Glibc
internal import System
internal import TLSPlaces

/// The probes in one file: those at the beginnings of its functions, and those at their returns or ends.
///
/// They are in every process that executes the file, also in those that start later, and are gone when this is.
struct UprobeLinks {
  /// The places where one program runs, and what each is known by.
  struct Group: Equatable {
    var offsets: [UInt64] = []
    var cookies: [UInt64] = []

    mutating func append(_ offset: UInt64, _ cookie: UInt64) {
      offsets.append(offset)
      cookies.append(cookie)
    }
  }

  /// The plan of which places get which kind of probe.
  struct Plan: Equatable {
    var starts = Group()
    /// Beginnings of functions whose returns are seen.
    var returns = Group()
    /// Instructions that return, and beginnings of functions whose text is read there: what runs at returns runs there.
    var ends = Group()

    init(_ places: [ProbePlace]) {
      for place in places {
        let cookie = place.function.cookie
        if place.isEnd {
          ends.append(place.offset, cookie)
        } else if place.function == .goWrite {
          ends.append(place.offset, UInt64(TLS_GO_WRITE_START))
        } else {
          starts.append(place.offset, cookie)
          if place.function.hasReturnProbe { returns.append(place.offset, cookie) }
        }
      }
    }

    /// The canary's: a function's beginning and its return.
    init(canary offset: UInt64) {
      starts.append(offset, UInt64(TLS_CANARY))
      returns = starts
    }
  }

  /// The way in which the kernel attaches a program to places of a file.
  enum Way: Equatable {
    /// One link for many places, from Linux 6.6 on.
    case links
    /// An event for each, which takes CAP_SYS_ADMIN, and time to be undone.
    case events
    /// The same by events that root has made before.
    case prepared(ProbeEvents)

    /// This kernel's, for what this process may do.
    static var ofKernel: Way {
      if hasLinks { return .links }
      if Capabilities.effective.contains(.admin) { return .events }
      return ProbeEvents.prepared.map { .prepared($0) } ?? .events
    }

    /// Whether this kernel has links for many places.
    static var hasLinks: Bool {
      // To a program that is none: where such links are not known, that is what the kernel says first.
      let number = unsafe wt_bpf_link_uprobes(-1, "/", [0], [0], 1, 0)
      return number == -EBADF
    }

    /// It in words.
    var text: String {
      switch self {
      case .links: "by links (Linux 6.6)"
      case .events: "by events, since this kernel is older than 6.6"
      case .prepared: "by events that root has made (prepare-tls), since this kernel is older than 6.6"
      }
    }
  }

  /// The programs that probes run: descriptors, which stay their owner's.
  struct Programs {
    /// The program at the beginnings of functions, and the one at their returns.
    var enter, leave: Int32
    var way: Way
  }

  let descriptors: [Descriptor]

  /// - Parameter path: leads to the file by its open descriptor: what was examined is what gets the probes.
  init(_ programs: Programs, path: String, _ plan: Plan) throws(SystemError) {
    // Returns first: a call that is noted has its end seen.
    descriptors =
      try Self.link(programs.way, programs.leave, path, plan.returns, isReturn: true)
      + Self.link(programs.way, programs.leave, path, plan.ends, isReturn: false)
      + Self.link(programs.way, programs.enter, path, plan.starts, isReturn: false)
  }

  /// Links that another process has made.
  init(adopting descriptors: [Descriptor]) { self.descriptors = descriptors }

  private static func link(
    _ way: Way, _ program: Int32, _ path: String, _ group: Group, isReturn: Bool
  ) throws(SystemError) -> [Descriptor] {
    guard !group.offsets.isEmpty else { return [] }
    switch way {
    case .links: break
    case .events:
      return try group.each { offset, cookie in
        // The text outlives the call, which copies it.
        unsafe wt_bpf_link_uprobe_event(program, path, offset, cookie, isReturn ? 1 : 0)
      }
    case .prepared(let events):
      guard let file = FileVersion(path: path)?.identity else { throw SystemError(ESTALE) }
      return try group.each { offset, cookie in
        let place = ProbeEvents.Place(file: file, offset: offset, isReturn: isReturn)
        return events.numbers[place].map { wt_bpf_link_made_event(program, $0, cookie) } ?? -ENOENT
      }
    }
    // Arrays and text outlive the call, which copies them.
    let number = unsafe wt_bpf_link_uprobes(
      program, path, group.offsets, group.cookies, UInt32(group.offsets.count), isReturn ? 1 : 0)
    guard number >= 0 else { throw SystemError(-number) }
    return [Descriptor(number)]
  }
}

extension UprobeLinks.Group {
  /// Links of each place, of a function that returns a descriptor or a negated error number.
  fileprivate func each(_ link: (UInt64, UInt64) -> Int32) throws(SystemError) -> [Descriptor] {
    var links: [Descriptor] = []
    for (offset, cookie) in zip(offsets, cookies) {
      let number = link(offset, cookie)
      guard number >= 0 else { throw SystemError(-number) }
      links.append(Descriptor(number))
    }
    return links
  }
}

extension ProbePlace.Function {
  /// What the program in the kernel knows it by.
  var cookie: UInt64 {
    switch self {
    case .read: UInt64(TLS_READ)
    case .write: UInt64(TLS_WRITE)
    case .writeWithFlags: UInt64(TLS_WRITE_WITH_FLAGS)
    case .receive: UInt64(TLS_RECEIVE)
    case .send: UInt64(TLS_SEND)
    case .handshake: UInt64(TLS_HANDSHAKE)
    case .free: UInt64(TLS_FREE)
    case .goRead: UInt64(TLS_GO_READ)
    case .goWrite: UInt64(TLS_GO_WRITE)
    case .goHandshake: UInt64(TLS_GO_HANDSHAKE)
    case .goClose: UInt64(TLS_GO_CLOSE)
    }
  }
}
