// SPDX-License-Identifier: Apache-2.0
internal import Capture
internal import CHTTPFilter
internal import CLibbpf
internal import System

/// The filter loaded into the kernel: its programs and maps, by descriptor.
///
/// The kernel empties the array of programs for tail calls with its last descriptor: this lives for as long as the
/// filter is attached.
struct FilterObject: Sendable {
  private let object: BPFObject
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
  /// - Throws: why libbpf or the kernel refuses it.
  init(_ settings: FilterSettings, file: [UInt8]? = nil) throws(CaptureError) {
    object = try Self.open(file)
    try Self.configure(object, settings)
    try object.load()
    program = try object.program("httpf_filter")
    clockProgram = try object.program("httpf_clock")
    ringMap = try object.map("httpf_rings")
    processorMap = try object.map("httpf_cpus")
    processorBytes = try object.entryBytes(of: "httpf_cpus")
    programMap = try object.map("httpf_programs")
    markMap = try object.map("httpf_marks")
    markedMap = try object.map("httpf_marked")
    answerMap = try object.map("httpf_answers")
  }

  private static func open(_ file: [UInt8]?) throws(CaptureError) -> BPFObject {
    guard let file else {
      var size = 0
      // The bytes are constant and belong to the program itself.
      let bytes = unsafe httpf_object(&size)
      return try unsafe BPFObject("http_filter", title: "the filter", bytes: bytes, count: size)
    }
    return try BPFObject("http_filter", title: "the filter", file: file)
  }

  private static func configure(_ object: BPFObject, _ settings: FilterSettings) throws(CaptureError) {
    try object.setEntries(settings.processors, of: "httpf_cpus")
    try object.setEntries(settings.workers, of: "httpf_rings")
    // HTTPF_SIGHTINGS a processor.
    try object.setEntries(settings.processors * 64, of: "httpf_sightings")
    try object.setConstants(settings.words)
    // Unused at the other depths, where it takes no memory.
    if settings.depth != .auto {
      for name in ["httpf_marks", "httpf_frames", "httpf_answers"] { try object.setEntries(1, of: name) }
    }
  }

  /// Puts the ring of worker `index` in its place.
  func place(_ ring: Descriptor, at index: Int) throws(CaptureError) {
    var key = UInt32(index)
    var value = ring.number
    // Both are read before the call returns, four bytes each, as the map was declared.
    let result = unsafe bpf_map_update_elem(ringMap, &key, &value, 0)
    guard result == 0 else {
      throw BPFObject.failure("cannot hand a ring to the filter", SystemError(-result))
    }
  }

  /// What the kernel says of each program.
  func programs() throws(SystemError) -> [FilterProgram] { try object.programs() }
}
