// SPDX-License-Identifier: Apache-2.0
package import Capture
internal import CHTTPFilter
internal import CLibbpf
internal import Glibc
internal import System

/// One of the filter's programs, as the kernel loaded it.
package struct FilterProgram: Sendable {
  package var name: String
  /// Bytes of its instructions, after the verifier has left out what the settings make dead.
  package var bytes: Int
  /// Steps that the verifier took, of a million that it may; 0 before Linux 5.16, which does not say.
  package var steps: Int
}

/// The filter that is built in.
package enum BuiltInFilter {
  /// The compiler that made it: "clang 14.0.6".
  package static var compiler: String {
    // Constant text that ends with a zero.
    unsafe String(cString: httpf_compiler())
  }
}

extension FilterTrial {
  /// The programs, the attached one among them.
  package func programs() throws(CaptureError) -> [FilterProgram] {
    do throws(SystemError) {
      return try filter.object.programs()
    } catch {
      throw CaptureError(.unavailable, "cannot ask about a program: \(error.reason)")
    }
  }

  /// Bytes that this kernel charges a socket for the attached program, of net.core.optmem_max.
  package func charge() throws(CaptureError) -> Int {
    try PacketSocket(program: filter.object.program).filterCharge
  }

  /// Empties the array of programs for tail calls at these places, by default all, so that each call of them fails.
  package func removePrograms(_ places: Range<UInt32> = 0..<32) {
    for index in places {
      var key = index
      // Reads the key; what is not there is no fault.
      _ = unsafe bpf_map_delete_elem(filter.object.programMap, &key)
    }
  }
}
