// SPDX-License-Identifier: Apache-2.0
import Foundation
import System
import Testing

@Suite struct ProgramPagesTests {
  /// Pages of files that are resident: proc(5), statm.
  private var residentOfFiles: Int? {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
    let fields = text.split(separator: " ")
    return fields.count > 2 ? Int(fields[2]) : nil
  }

  @Test func `released pages of code are resident no more, and the program works on`() throws {
    // Tests beside this one map pages at the same time.
    let fell = try (0..<10).contains { _ in
      let before = try #require(residentOfFiles)
      #expect(ProgramPages.release())
      return try #require(residentOfFiles) < before
    }
    #expect(fell)
  }
}
