// SPDX-License-Identifier: Apache-2.0
internal import Capture
internal import CLibbpf
internal import CTLSFilter
internal import System

/// The program of TLS text loaded into the kernel by libbpf and attached to its tracepoints; probes come later.
///
/// libbpf is done when this is made; it is kept because closing it detaches the programs.
@safe final class TLSObject: @unchecked Sendable {
  // Sendable: nothing changes after the initializer.
  private let object: OpaquePointer
  private let links: [OpaquePointer]
  /// How its probes are attached.
  let way: UprobeLinks.Way
  /// What probes run.
  var programs: UprobeLinks.Programs { .init(enter: enter, leave: leave, way: way) }
  private let enter, leave: Int32
  /// The ring of the records.
  let ringMap: Int32
  /// The counters, which can be mapped.
  let countMap: Int32

  init(ports: PortSet, _ way: UprobeLinks.Way) throws(CaptureError) {
    // It has loops whose bodies are called (bpf_loop).
    guard !KernelRelease.isBefore(5, 17) else {
      throw CaptureError(.unavailable, "the program of TLS text needs Linux 5.17")
    }
    let object = try unsafe Self.open()
    var links: [OpaquePointer] = unsafe []
    do throws(CaptureError) {
      let words = ports.words
      let constants = try unsafe Self.map(object, ".rodata")
      // Copied before the call returns; libbpf checks the size.
      let result = unsafe words.withUnsafeBytes { bytes in
        unsafe bpf_map__set_initial_value(constants, bytes.baseAddress, bytes.count)
      }
      guard result == 0 else { throw Self.failure("cannot set up the program of TLS text", -result) }
      for name in ["tls_enter", "tls_leave"] where way == .links {
        let type = bpf_attach_type(rawValue: UInt32(WT_BPF_UPROBES))
        unsafe bpf_program__set_expected_attach_type(try Self.program(object, name), type)
      }
      let loaded = unsafe bpf_object__load(object)
      guard loaded == 0 else { throw Self.failure("cannot load the program of TLS text", -loaded) }
      ringMap = unsafe bpf_map__fd(try Self.map(object, "tls_ring"))
      countMap = unsafe bpf_map__fd(try Self.map(object, "tls_counts"))
      enter = unsafe bpf_program__fd(try Self.program(object, "tls_enter"))
      leave = unsafe bpf_program__fd(try Self.program(object, "tls_leave"))
      for name in ["tls_change", "tls_exit", "tls_receive"] {
        guard let link = unsafe bpf_program__attach(try Self.program(object, name)) else {
          throw Self.failure("cannot attach the program of TLS text", SystemError.last.code)
        }
        unsafe links.append(link)
      }
    } catch {
      unsafe links.forEach { _ = unsafe bpf_link__destroy($0) }
      unsafe bpf_object__close(object)
      throw error
    }
    self.way = way
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
    let bytes = unsafe tls_object(&size)
    var options = unsafe bpf_object_open_opts()
    unsafe options.sz = MemoryLayout<bpf_object_open_opts>.size
    let opened = unsafe "tls".withCString { name in
      unsafe options.object_name = name
      return unsafe bpf_object__open_mem(bytes, size, &options)
    }
    guard let object = unsafe opened else {
      throw failure("cannot read the program of TLS text", SystemError.last.code)
    }
    return unsafe object
  }

  private static func map(_ object: OpaquePointer, _ name: String) throws(CaptureError) -> OpaquePointer {
    guard let map = unsafe bpf_object__find_map_by_name(object, name) else {
      throw CaptureError(.unavailable, "the program of TLS text has no map \(name): it was built wrongly")
    }
    return unsafe map
  }

  private static func program(_ object: OpaquePointer, _ name: String) throws(CaptureError) -> OpaquePointer {
    guard let program = unsafe bpf_object__find_program_by_name(object, name) else {
      throw CaptureError(.unavailable, "the program of TLS text has no \(name): it was built wrongly")
    }
    return unsafe program
  }

  private static func failure(_ what: String, _ code: Int32) -> CaptureError {
    BPFRefusal.error(what, SystemError(code), log: unsafe String(cString: wt_bpf_log()))
  }
}
