// SPDX-License-Identifier: Apache-2.0
internal import Capture
internal import CLibbpf
internal import System

/// Programs and maps for the kernel out of one ELF file, by libbpf: opened, set up, loaded, then found by name.
///
/// It is kept for as long as they are used: the last reference detaches what `attach` attached and closes the rest.
@safe final class BPFObject: @unchecked Sendable {
  // Sendable: only `attach` changes it, which its owner calls before it shares it.
  private let object: OpaquePointer
  private var links: [OpaquePointer] = unsafe []
  /// What messages call it: "the filter".
  private let title: String

  /// Reads an ELF file that is built in.
  ///
  /// - Parameters:
  ///   - name: the object's name in the kernel.
  ///   - bytes: the file, `count` bytes.
  /// - Throws: when libbpf does not accept the file.
  convenience init(
    _ name: String, title: String, bytes: UnsafeRawPointer?, count: Int
  ) throws(CaptureError) {
    try unsafe self.init(opened: Self.open(name, bytes, count), title: title)
  }

  /// Reads another ELF file, of this content.
  convenience init(_ name: String, title: String, file: [UInt8]) throws(CaptureError) {
    // The array outlives the call.
    let opened = unsafe file.withUnsafeBytes { unsafe Self.open(name, $0.baseAddress, $0.count) }
    try unsafe self.init(opened: opened, title: title)
  }

  private init(opened: OpaquePointer?, title: String) throws(CaptureError) {
    guard let object = unsafe opened else {
      throw Self.failure("cannot read \(title)", SystemError.last)
    }
    unsafe self.object = object
    self.title = title
  }

  /// Has libbpf read a file, of which it keeps nothing; nil on failure, with the reason in `errno`.
  private static func open(_ name: String, _ bytes: UnsafeRawPointer?, _ count: Int) -> OpaquePointer? {
    wt_bpf_log_begin()
    var options = unsafe bpf_object_open_opts()
    unsafe options.sz = MemoryLayout<bpf_object_open_opts>.size
    // libbpf copies the name. Null on failure, since 1.0.
    return unsafe name.withCString { name in
      unsafe options.object_name = name
      return unsafe bpf_object__open_mem(bytes, count, &options)
    }
  }

  deinit {
    unsafe links.forEach { _ = unsafe bpf_link__destroy($0) }
    unsafe bpf_object__close(object)
  }

  // MARK: Before it is loaded

  /// Writes the read-only data of the programs, which is as large.
  func setConstants(_ words: [UInt64]) throws(CaptureError) {
    let constants = try unsafe findMap(".rodata")
    // Copied before the call returns; libbpf checks the size.
    let result = unsafe words.withUnsafeBytes { bytes in
      unsafe bpf_map__set_initial_value(constants, bytes.baseAddress, bytes.count)
    }
    guard result == 0 else { throw setUpFailure(result) }
  }

  /// Gives a map another number of entries than it was declared with.
  func setEntries(_ count: Int, of map: String) throws(CaptureError) {
    let result = unsafe bpf_map__set_max_entries(try findMap(map), UInt32(clamping: count))
    guard result == 0 else { throw setUpFailure(result) }
  }

  /// Has a program run at probes of which one link attaches many (Linux 6.6).
  func setUprobeLinks(of program: String) throws(CaptureError) {
    let type = bpf_attach_type(rawValue: UInt32(WT_BPF_UPROBES))
    unsafe bpf_program__set_expected_attach_type(try findProgram(program), type)
  }

  /// Leaves a program out.
  func leaveOut(_ program: String) throws(CaptureError) {
    _ = unsafe bpf_program__set_autoload(try findProgram(program), false)
  }

  /// Loads the programs and makes the maps.
  func load() throws(CaptureError) {
    let result = unsafe bpf_object__load(object)
    guard result == 0 else { throw Self.failure("cannot load \(title)", SystemError(-result)) }
  }

  // MARK: Once it is loaded

  /// The descriptor of a map, which stays this object's.
  func map(_ name: String) throws(CaptureError) -> Int32 { unsafe bpf_map__fd(try findMap(name)) }

  /// Bytes of an entry of a map.
  func entryBytes(of map: String) throws(CaptureError) -> Int {
    unsafe Int(bpf_map__value_size(try findMap(map)))
  }

  /// The descriptor of a program, which stays this object's.
  func program(_ name: String) throws(CaptureError) -> Int32 {
    unsafe bpf_program__fd(try findProgram(name))
  }

  /// Attaches a program where its section says, for as long as this lives.
  func attach(_ program: String) throws(CaptureError) {
    unsafe links.append(try link(program))
  }

  /// Runs an iterator once, for as long as `body` reads the records that it writes.
  ///
  /// - Parameter what: what it is run for, in a message: "cannot \(what)".
  func iterate<Result>(
    _ program: String, to what: String, _ body: (borrowing Descriptor) throws(CaptureError) -> Result
  ) throws(CaptureError) -> Result {
    let link = try unsafe link(program)
    defer { unsafe bpf_link__destroy(link) }
    let number = unsafe bpf_iter_create(bpf_link__fd(link))
    guard number >= 0 else { throw Self.failure("cannot \(what)", SystemError.last) }
    return try body(Descriptor(number))
  }

  private func link(_ program: String) throws(CaptureError) -> OpaquePointer {
    guard let link = unsafe bpf_program__attach(try findProgram(program)) else {
      throw Self.failure("cannot attach \(title)", SystemError.last)
    }
    return unsafe link
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

  // MARK: Faults

  /// The error of a call of libbpf's that failed while `what` was done, with the verifier's last words.
  static func failure(_ what: String, _ fault: SystemError) -> CaptureError {
    BPFRefusal.error(what, fault, log: unsafe String(cString: wt_bpf_log()))
  }

  private func setUpFailure(_ result: Int32) -> CaptureError {
    Self.failure("cannot set up \(title)", SystemError(-result))
  }

  private func findMap(_ name: String) throws(CaptureError) -> OpaquePointer {
    guard let map = unsafe bpf_object__find_map_by_name(object, name) else {
      throw CaptureError(.unavailable, "\(title) has no map \(name): it was built wrongly")
    }
    return unsafe map
  }

  private func findProgram(_ name: String) throws(CaptureError) -> OpaquePointer {
    guard let program = unsafe bpf_object__find_program_by_name(object, name) else {
      throw CaptureError(.unavailable, "\(title) has no program \(name): it was built wrongly")
    }
    return unsafe program
  }
}
