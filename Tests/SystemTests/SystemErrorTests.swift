// SPDX-License-Identifier: Apache-2.0
import Glibc
import System
import Testing

/// Error numbers in words, as every message of the program has them.
@Suite struct SystemErrorTests {
  @Test func `a reason continues a sentence`() {
    #expect(SystemError(EACCES).reason == "permission denied")
    #expect(SystemError(ENOSPC).reason == "no space left on device")
    #expect(SystemError(EBADRQC).reason == "invalid request code")
    // A name keeps its capitals.
    #expect(SystemError(EDOTDOT).reason == "RFS specific error")
  }

  @Test func `a number that nobody knows is named by its number`() {
    #expect(SystemError(4_095).reason.contains("4095"))
  }

  @Test func `the last error is that of the call before`() {
    #expect(unsafe open("/nowhere/at/all", O_RDONLY) == -1)
    #expect(SystemError.last == SystemError(ENOENT))
  }

  @Test func `only a lack of rights is one`() {
    #expect(SystemError(EPERM).isPermission && SystemError(EACCES).isPermission)
    #expect(!SystemError(ENOENT).isPermission && !SystemError(0).isPermission)
  }
}
