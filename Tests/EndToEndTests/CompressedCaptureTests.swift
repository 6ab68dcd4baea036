// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// Compressed capture files, read by the program in its sandbox.
@Suite struct CompressedCaptureTests {
  private let capture = "\(JSONDocumentTests.root)/Tests/Captures/zeek-image.pcapng"

  @Test(arguments: ["gzip", "bzip2", "xz", "zstd"])
  func `a compressed file gives the pages of the file, from standard input too`(_ program: String) {
    let plain = Shell.run("\(Machine.program) read - <\(capture)")
    #expect(plain.output.contains("Most visited site"))
    let folder = Folder()
    let file = folder.file("capture")
    Shell.run("\(program) -c \(capture) >\(file)")
    let compressed = Shell.run("\(Machine.program) read \(file)")
    #expect(compressed.errors == "")
    #expect(compressed.output.replacingOccurrences(of: file, with: "standard input") == plain.output)
    #expect(Shell.run("\(Machine.program) read - <\(file)").output == plain.output)
  }

  @Test func `a file that was cut ends with 65 after its summary`() {
    let folder = Folder()
    let file = folder.file("cut.gz")
    Shell.run("gzip -c \(capture) | head -c -8 >\(file)")
    let ran = Shell.attempt("\(Machine.program) read --format json \(file)")
    #expect(ran.status == 65)
    #expect(ran.errors.contains("its gzip data end in the middle"), "\(ran.errors)")
    #expect(Lines(ran.output).summary?.requests ?? 0 > 0)
  }

  @Test(arguments: ["-r FILE", "--interval 10s -r FILE", "read -r FILE"])
  func `a file is named as tcpdump's are`(_ arguments: String) {
    let read = Shell.run("\(Machine.program) read --interval 10s \(capture)")
    let ran = Shell.run("\(Machine.program) \(arguments.replacingOccurrences(of: "FILE", with: capture))")
    #expect(ran.output == read.output)
  }

  @Test func `an option for a file without one is answered with what is missing`() {
    let ran = Shell.attempt("\(Machine.program) -r")
    #expect(ran.status == 64)
    #expect(ran.errors.contains("file"), "\(ran.errors)")
  }
}
