// SPDX-License-Identifier: Apache-2.0
internal import CLibbpf
internal import Glibc

/// An error number of the system, and its words.
struct SystemFault: Equatable {
  var code: Int32

  init(_ code: Int32) { self.code = code }

  /// The fault of the call that has just failed in this thread.
  static var last: SystemFault { SystemFault(errno) }

  /// The number in words: "operation not permitted".
  var words: String {
    // The description is constant memory of the C library, or null for a number it does not know.
    guard let text = unsafe wt_bpf_fault(code) else { return "error \(code)" }
    let words = unsafe String(cString: text)
    // "Operation not permitted" continues a sentence; "RFS specific error" is left as it is.
    guard let first = words.first, words.dropFirst().first?.isLowercase == true else { return words }
    return first.lowercased() + words.dropFirst()
  }

  var isPermission: Bool { code == EPERM || code == EACCES }
}
