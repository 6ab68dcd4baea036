// SPDX-License-Identifier: Apache-2.0
internal import Capture
internal import CHTTPFilter
internal import CLibbpf
internal import Glibc
internal import System

/// The filter loaded into the kernel by libbpf: its programs and maps, by descriptor.
///
/// libbpf is done when this is made; it is kept because closing it closes the descriptors. The kernel empties the
/// array of programs for tail calls with its last descriptor: this lives for as long as the filter is attached.
@safe final class FilterObject: @unchecked Sendable {
  // Sendable: nothing changes after the initializer.
  private let object: OpaquePointer
  /// The socket filter.
  let program: Int32
  /// The program that reads the kernel's clock.
  let clockProgram: Int32
  /// The array of rings.
  let ringMap: Int32
  /// The array with a block for each processor that begins with its counters; it can be mapped.
  let processorMap: Int32
  /// Bytes of such a block.
  let processorBytes: Int
  /// The array of programs for tail calls.
  let programMap: Int32
  /// The array of slots for connections at depth `auto`; it can be mapped.
  let markMap: Int32
  /// The array of one block with a byte for each of them; it can be mapped.
  let markedMap: Int32
  /// The array of answers where frames begin, two a slot; it can be mapped.
  let answerMap: Int32

  /// - Parameter file: the ELF file in place of the one that is built in.
  init(_ settings: FilterSettings, file: [UInt8]? = nil) throws(CaptureError) {
    let object = try unsafe Self.open(file)
    do throws(CaptureError) {
      try unsafe Self.configure(object, settings)
      let result = unsafe bpf_object__load(object)
      guard result == 0 else { throw Self.failure("cannot load the filter", SystemError(-result)) }
      program = try unsafe Self.program(object, "httpf_filter")
      clockProgram = try unsafe Self.program(object, "httpf_clock")
      ringMap = unsafe bpf_map__fd(try Self.map(object, "httpf_rings"))
      let blocks = try unsafe Self.map(object, "httpf_cpus")
      processorMap = unsafe bpf_map__fd(blocks)
      processorBytes = unsafe Int(bpf_map__value_size(blocks))
      programMap = unsafe bpf_map__fd(try Self.map(object, "httpf_programs"))
      markMap = unsafe bpf_map__fd(try Self.map(object, "httpf_marks"))
      markedMap = unsafe bpf_map__fd(try Self.map(object, "httpf_marked"))
      answerMap = unsafe bpf_map__fd(try Self.map(object, "httpf_answers"))
    } catch {
      unsafe bpf_object__close(object)
      throw error
    }
    unsafe self.object = object
  }

  deinit { unsafe bpf_object__close(object) }

  /// Reads the ELF file; libbpf keeps nothing of its bytes.
  private static func open(_ file: [UInt8]?) throws(CaptureError) -> OpaquePointer {
    wt_bpf_log_begin()
    let opened: OpaquePointer?
    if let file {
      // The array outlives the call.
      unsafe opened = unsafe file.withUnsafeBytes { bytes in unsafe open(bytes.baseAddress, bytes.count) }
    } else {
      var size = 0
      // The bytes are constant and belong to the program itself.
      let bytes = unsafe httpf_object(&size)
      unsafe opened = unsafe open(bytes, size)
    }
    guard let object = unsafe opened else {
      throw failure("cannot read the filter", SystemError.last)
    }
    return unsafe object
  }

  private static func open(_ bytes: UnsafeRawPointer?, _ size: Int) -> OpaquePointer? {
    var options = unsafe bpf_object_open_opts()
    unsafe options.sz = MemoryLayout<bpf_object_open_opts>.size
    // libbpf copies the name. Null on failure, since 1.0.
    return unsafe "http_filter".withCString { name in
      unsafe options.object_name = name
      return unsafe bpf_object__open_mem(bytes, size, &options)
    }
  }

  /// Puts the ring of worker `index` in its place.
  func place(_ ring: Descriptor, at index: Int) throws(CaptureError) {
    var key = UInt32(index)
    var value = ring.number
    // Both are read before the call returns, four bytes each, as the map was declared.
    let result = unsafe bpf_map_update_elem(ringMap, &key, &value, 0)
    guard result == 0 else { throw Self.failure("cannot hand a ring to the filter", SystemError(-result)) }
  }

  /// What the kernel says of each program.
  func programs() throws(SystemError) -> [FilterProgram] {
    var programs: [FilterProgram] = []
    var next = unsafe bpf_object__next_program(object, nil)
    while let program = unsafe next {
      var info = bpf_prog_info()
      var size = UInt32(MemoryLayout<bpf_prog_info>.size)
      // Writes into the structure, no more than its size; it asks for no array.
      let result = unsafe bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size)
      guard result == 0 else { throw SystemError(-result) }
      programs.append(
        FilterProgram(
          name: unsafe String(cString: bpf_program__name(program)), bytes: Int(info.xlated_prog_len),
          steps: Int(info.verified_insns)))
      unsafe next = unsafe bpf_object__next_program(object, program)
    }
    return programs
  }

  private static func configure(_ object: OpaquePointer, _ settings: FilterSettings) throws(CaptureError) {
    let processors = UInt32(clamping: settings.processors)
    let constants = try unsafe map(object, ".rodata")
    var results = [
      unsafe bpf_map__set_max_entries(try map(object, "httpf_cpus"), processors),
      unsafe bpf_map__set_max_entries(try map(object, "httpf_rings"), UInt32(clamping: settings.workers)),
      // HTTPF_SIGHTINGS a processor.
      unsafe bpf_map__set_max_entries(try map(object, "httpf_sightings"), processors * 64),
    ]
    results.append(
      unsafe settings.withBytes { bytes in
        // Copied before the call returns; libbpf checks the size.
        unsafe bpf_map__set_initial_value(constants, bytes.baseAddress, bytes.count)
      })
    // Unused at the other depths, where it takes no memory.
    if settings.depth != .auto {
      for name in ["httpf_marks", "httpf_frames", "httpf_answers"] {
        results.append(unsafe bpf_map__set_max_entries(try map(object, name), 1))
      }
    }
    for result in results where result != 0 {
      throw failure("cannot set up the filter", SystemError(-result))
    }
  }

  private static func map(_ object: OpaquePointer, _ name: String) throws(CaptureError) -> OpaquePointer {
    guard let map = unsafe bpf_object__find_map_by_name(object, name) else {
      throw CaptureError(.unavailable, "the filter has no map \(name): it was built wrongly")
    }
    return unsafe map
  }

  private static func program(_ object: OpaquePointer, _ name: String) throws(CaptureError) -> Int32 {
    guard let program = unsafe bpf_object__find_program_by_name(object, name) else {
      throw CaptureError(.unavailable, "the filter has no program \(name): it was built wrongly")
    }
    return unsafe bpf_program__fd(program)
  }

  private static func failure(_ what: String, _ fault: SystemError) -> CaptureError {
    BPFRefusal.error(what, fault, log: unsafe String(cString: wt_bpf_log()))
  }
}
