// SPDX-License-Identifier: Apache-2.0
internal import CLibbpf
internal import CTLSFilter
internal import System
internal import TLSPlaces

/// The probes in one file: those at the beginnings of its functions, and those at their returns or ends.
///
/// They are in every process that executes the file, also in those that start later, and are gone when this is.
struct UprobeLinks {
  /// Where one program runs, and what each place is known by.
  struct Group: Equatable {
    var offsets: [UInt64] = []
    var cookies: [UInt64] = []

    mutating func append(_ offset: UInt64, _ cookie: UInt64) {
      offsets.append(offset)
      cookies.append(cookie)
    }
  }

  /// Which places get which kind of probe.
  struct Plan: Equatable {
    var starts = Group()
    /// Beginnings of functions whose returns are seen.
    var returns = Group()
    /// Instructions that return.
    var ends = Group()

    init(_ places: [ProbePlace]) {
      for place in places {
        let cookie = place.function.cookie
        if place.isEnd {
          ends.append(place.offset, cookie)
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

  private let links: [Descriptor]

  /// - Parameter path: leads to the file by its open descriptor: what was examined is what gets the probes.
  init(_ object: TLSObject, path: String, _ plan: Plan) throws(SystemError) {
    // Returns first: a call that is noted has its end seen.
    links =
      try Self.link(object.leave, path, plan.returns, isReturn: true)
      + Self.link(object.leave, path, plan.ends, isReturn: false)
      + Self.link(object.enter, path, plan.starts, isReturn: false)
  }

  private static func link(
    _ program: Int32, _ path: String, _ group: Group, isReturn: Bool
  ) throws(SystemError) -> [Descriptor] {
    guard !group.offsets.isEmpty else { return [] }
    // Arrays and text outlive the call, which copies them.
    let number = unsafe wt_bpf_link_uprobes(
      program, path, group.offsets, group.cookies, UInt32(group.offsets.count), isReturn ? 1 : 0)
    guard number >= 0 else { throw SystemError(-number) }
    return [Descriptor(number)]
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
