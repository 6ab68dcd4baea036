// SPDX-License-Identifier: Apache-2.0
internal import Capture
internal import COwnerFilter
internal import Glibc
internal import System

/// The program of owners loaded into the kernel and attached to its tracepoints, for as long as this lives.
struct OwnerObject: Sendable {
  private let object: BPFObject
  /// The ring of the records.
  let ringMap: Int32
  /// The memory that is shared with the program; it can be mapped.
  let stateMap: Int32
  /// The connections that were open, as records; empty unless this kernel lists them.
  let listed: [UInt8]

  /// - Parameter lists: whether the open connections are listed, which takes an iterator (Linux 5.8).
  /// - Throws: why libbpf or the kernel refuses it.
  init(ports: PortSet, lists: Bool) throws(CaptureError) {
    var size = 0
    // The bytes are constant and belong to the program itself.
    let bytes = unsafe owner_object(&size)
    object = try unsafe BPFObject("owner", title: "the program of owners", bytes: bytes, count: size)
    try object.setConstants(ports.words)
    if !lists { try object.leaveOut("owner_list") }
    try object.load()
    ringMap = try object.map("owner_ring")
    stateMap = try object.map("owner_states")
    // The changes before the receives, and both before the list: nothing falls between them.
    try object.attach("owner_change")
    try object.attach("owner_receive")
    listed = lists ? try Self.list(object) : []
  }

  /// Runs the iterator once: the records of the connections that processes have open.
  private static func list(_ object: BPFObject) throws(CaptureError) -> [UInt8] {
    let what = "list the owners of connections"
    return try object.iterate("owner_list", to: what) { descriptor throws(CaptureError) in
      var records: [UInt8] = []
      var part = [UInt8](repeating: 0, count: 64 << 10)
      while true {
        // Writes into the array, no more than it holds.
        let count = unsafe part.withUnsafeMutableBytes { bytes in
          unsafe read(descriptor.number, bytes.baseAddress, bytes.count)
        }
        let fault = SystemError.last
        if count < 0, fault.code == EINTR || fault.code == EAGAIN { continue }
        guard count >= 0 else { throw BPFObject.failure("cannot \(what)", fault) }
        if count == 0 { return records }
        records += part[..<count]
      }
    }
  }
}
