// SPDX-License-Identifier: Apache-2.0
internal import CLibbpf
internal import CTLSFilter
internal import System
internal import TLSPlaces

/// The probes in one file: those at the beginnings of its functions, and those of their returns.
///
/// They are in every process that executes the file, also in those that start later, and are gone when this is.
struct UprobeLinks {
  private let links: [Descriptor]

  /// - Parameters:
  ///   - path: leads to the file by its open descriptor: what was examined is what gets the probes.
  ///   - cookies: what runs at each of `offsets`.
  init(
    _ object: TLSObject, path: String, offsets: [UInt64], cookies: [UInt64], returns: Set<UInt64>
  ) throws(SystemError) {
    let after = zip(offsets, cookies).filter { returns.contains($0.1) }
    // Returns first: a call that is noted has its end seen.
    let ends = try Self.link(object.leave, path, after.map(\.0), after.map(\.1), isReturn: true)
    links = [try Self.link(object.enter, path, offsets, cookies, isReturn: false), ends]
  }

  private static func link(
    _ program: Int32, _ path: String, _ offsets: [UInt64], _ cookies: [UInt64], isReturn: Bool
  ) throws(SystemError) -> Descriptor {
    // Arrays and text outlive the call, which copies them.
    let number = unsafe wt_bpf_link_uprobes(
      program, path, offsets, cookies, UInt32(offsets.count), isReturn ? 1 : 0)
    guard number >= 0 else { throw SystemError(-number) }
    return Descriptor(number)
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
    }
  }
}
