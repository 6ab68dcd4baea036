// SPDX-License-Identifier: Apache-2.0
internal import Capture
internal import Glibc

/// The machine's network interfaces by name.
enum Interfaces {
  /// The kernel's index of an interface; throws `.notFound` with the names there are.
  static func index(of name: String) throws(CaptureError) -> UInt32 {
    guard let index = find(name) else {
      let known = names()
      throw CaptureError(
        .notFound, "no such interface: \(name)",
        remedy: known.isEmpty ? nil : "the interfaces here are \(known.joined(separator: ", "))")
    }
    return index
  }

  /// The same, or nil.
  static func find(_ name: String) -> UInt32? {
    // The string is terminated and outlives the call.
    let index = unsafe if_nametoindex(name)
    return index == 0 ? nil : index
  }

  /// All names, in the kernel's order.
  static func names() -> [String] {
    guard let list = unsafe if_nameindex() else { return [] }
    defer { unsafe if_freenameindex(list) }
    var names: [String] = []
    var entry = unsafe list
    // The list ends with an entry without a name.
    while let name = unsafe entry.pointee.if_name {
      names.append(unsafe String(cString: name))
      unsafe entry += 1
    }
    return names
  }
}
