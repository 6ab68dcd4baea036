// SPDX-License-Identifier: Apache-2.0
internal import Capture
internal import CLibbpf
internal import COwnerFilter
internal import Glibc
internal import System

/// The program of owners loaded into the kernel by libbpf and attached to its tracepoints.
///
/// libbpf is done when this is made; it is kept because closing it detaches the programs.
@safe final class OwnerObject: @unchecked Sendable {
  // Sendable: nothing changes after the initializer.
  private let object: OpaquePointer
  private var links: [OpaquePointer]
  /// The ring of the records.
  let ringMap: Int32
  /// The memory that is shared with the program; it can be mapped.
  let stateMap: Int32
  /// The connections that were open, as records; empty unless this kernel lists them.
  let listed: [UInt8]

  /// - Parameter lists: whether the open connections are listed, which takes an iterator (Linux 5.8).
  init(ports: PortSet, lists: Bool) throws(CaptureError) {
    let object = try unsafe Self.open()
    var links: [OpaquePointer] = unsafe []
    do throws(CaptureError) {
      try unsafe Self.configure(object, ports, lists: lists)
      let result = unsafe bpf_object__load(object)
      guard result == 0 else { throw Self.failure("cannot load the program of owners", -result) }
      ringMap = unsafe bpf_map__fd(try Self.map(object, "owner_ring"))
      stateMap = unsafe bpf_map__fd(try Self.map(object, "owner_states"))
      // The changes before the receives, and both before the list: nothing falls between them.
      for name in ["owner_change", "owner_receive"] {
        unsafe links.append(try Self.attach(object, name))
      }
      listed = lists ? try unsafe Self.list(object) : []
    } catch {
      unsafe links.forEach { _ = unsafe bpf_link__destroy($0) }
      unsafe bpf_object__close(object)
      throw error
    }
    unsafe self.object = object
    unsafe self.links = links
  }

  deinit {
    unsafe links.forEach { _ = unsafe bpf_link__destroy($0) }
    unsafe bpf_object__close(object)
  }

  private static func open() throws(CaptureError) -> OpaquePointer {
    wt_bpf_log_begin()
    var size = 0
    // The bytes are constant and belong to the program itself; libbpf keeps nothing of them and copies the name.
    let bytes = unsafe owner_object(&size)
    var options = unsafe bpf_object_open_opts()
    unsafe options.sz = MemoryLayout<bpf_object_open_opts>.size
    let opened = unsafe "owner".withCString { name in
      unsafe options.object_name = name
      return unsafe bpf_object__open_mem(bytes, size, &options)
    }
    guard let object = unsafe opened else {
      throw failure("cannot read the program of owners", SystemError.last.code)
    }
    return unsafe object
  }

  private static func configure(
    _ object: OpaquePointer, _ ports: PortSet, lists: Bool
  ) throws(CaptureError) {
    let words = ports.words
    let constants = try unsafe map(object, ".rodata")
    // Copied before the call returns; libbpf checks the size.
    let result = unsafe words.withUnsafeBytes { bytes in
      unsafe bpf_map__set_initial_value(constants, bytes.baseAddress, bytes.count)
    }
    guard result == 0 else { throw failure("cannot set up the program of owners", -result) }
    if !lists { _ = unsafe bpf_program__set_autoload(try program(object, "owner_list"), false) }
  }

  private static func attach(_ object: OpaquePointer, _ name: String) throws(CaptureError) -> OpaquePointer {
    guard let link = unsafe bpf_program__attach(try program(object, name)) else {
      throw failure("cannot attach the program of owners", SystemError.last.code)
    }
    return unsafe link
  }

  /// Runs the iterator once: the records of the connections that processes have open.
  private static func list(_ object: OpaquePointer) throws(CaptureError) -> [UInt8] {
    let link = try unsafe attach(object, "owner_list")
    defer { unsafe bpf_link__destroy(link) }
    let number = unsafe bpf_iter_create(bpf_link__fd(link))
    guard number >= 0 else { throw failure("cannot list the owners of connections", SystemError.last.code) }
    let descriptor = Descriptor(number)
    var records: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      // Writes into the array, no more than it holds.
      let count = unsafe part.withUnsafeMutableBytes { bytes in
        unsafe read(descriptor.number, bytes.baseAddress, bytes.count)
      }
      if count < 0, SystemError.last.code == EINTR || SystemError.last.code == EAGAIN { continue }
      guard count >= 0 else { throw failure("cannot list the owners of connections", SystemError.last.code) }
      if count == 0 { return records }
      records += part[..<count]
    }
  }

  private static func map(_ object: OpaquePointer, _ name: String) throws(CaptureError) -> OpaquePointer {
    guard let map = unsafe bpf_object__find_map_by_name(object, name) else {
      throw CaptureError(.unavailable, "the program of owners has no map \(name): it was built wrongly")
    }
    return unsafe map
  }

  private static func program(_ object: OpaquePointer, _ name: String) throws(CaptureError) -> OpaquePointer {
    guard let program = unsafe bpf_object__find_program_by_name(object, name) else {
      throw CaptureError(.unavailable, "the program of owners has no \(name): it was built wrongly")
    }
    return unsafe program
  }

  private static func failure(_ what: String, _ code: Int32) -> CaptureError {
    BPFRefusal.error(what, SystemError(code), log: unsafe String(cString: wt_bpf_log()))
  }
}

extension PortSet {
  /// One bit a port: bit p % 64 of word p / 64.
  var words: [UInt64] {
    var words = [UInt64](repeating: 0, count: 1_024)
    for range in ranges {
      for port in range { words[Int(port >> 6)] |= 1 << UInt64(port & 63) }
    }
    return words
  }
}
