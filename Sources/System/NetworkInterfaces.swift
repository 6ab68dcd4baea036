// SPDX-License-Identifier: Apache-2.0
#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// The network interfaces of this process's network namespace, in the kernel's order.
package enum NetworkInterfaces {
  /// Every interface with its kernel index; none where the system does not say.
  package static var all: [(name: String, index: UInt32)] {
    guard let list = unsafe if_nameindex() else { return [] }
    // The list ends with an entry of index 0 and is released as a whole.
    defer { unsafe if_freenameindex(list) }
    var interfaces: [(name: String, index: UInt32)] = []
    var entry = unsafe list
    while unsafe entry.pointee.if_index != 0 {
      if let name = unsafe entry.pointee.if_name {
        interfaces.append(unsafe (String(cString: name), entry.pointee.if_index))
      }
      unsafe entry += 1
    }
    return interfaces
  }

  package static var names: [String] { all.map(\.name) }

  /// What to say when there is no interface of a name: the fault, and the names there are.
  package static func missing(_ name: String) -> (message: String, hint: String?) {
    let known = names
    return (
      "no such interface: \(name)",
      known.isEmpty ? nil : "the interfaces here are \(known.joined(separator: ", "))"
    )
  }
}
