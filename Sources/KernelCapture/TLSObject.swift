// SPDX-License-Identifier: Apache-2.0
internal import Capture
internal import CTLSFilter

/// The program of TLS text loaded into the kernel and attached to its tracepoints, for as long as this lives; probes come
/// later.
struct TLSObject: Sendable {
  private let object: BPFObject
  /// How its probes are attached.
  let way: UprobeLinks.Way
  /// What probes run.
  var programs: UprobeLinks.Programs { .init(enter: enter, leave: leave, way: way) }
  private let enter, leave: Int32
  /// The ring of the records.
  let ringMap: Int32
  /// The counters, which can be mapped.
  let countMap: Int32

  /// - Throws: why libbpf or the kernel refuses it.
  init(ports: PortSet, _ way: UprobeLinks.Way) throws(CaptureError) {
    // It has loops whose bodies are called (bpf_loop).
    guard !KernelRelease.isBefore(5, 17) else {
      throw CaptureError(.unavailable, "the program of TLS text needs Linux 5.17")
    }
    self.way = way
    var size = 0
    // The bytes are constant and belong to the program itself.
    let bytes = unsafe tls_object(&size)
    object = try unsafe BPFObject("tls", title: "the program of TLS text", bytes: bytes, count: size)
    try object.setConstants(ports.words)
    if way == .links {
      for name in ["tls_enter", "tls_leave"] { try object.setUprobeLinks(of: name) }
    }
    try object.load()
    ringMap = try object.map("tls_ring")
    countMap = try object.map("tls_counts")
    enter = try object.program("tls_enter")
    leave = try object.program("tls_leave")
    for name in ["tls_change", "tls_exit", "tls_receive"] { try object.attach(name) }
  }
}
