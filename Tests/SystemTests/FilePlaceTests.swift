// SPDX-License-Identifier: Apache-2.0
import Foundation
import System
import Testing

@Suite struct FilePlaceTests {
  @Test func `paths that lead to one file are one place, whether it is there or not`() throws {
    let folder = FileManager.default.temporaryDirectory.path + "/place-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder + "/a/b", withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    _ = FileManager.default.createFile(atPath: folder + "/a/file", contents: nil)
    try FileManager.default.createSymbolicLink(
      atPath: folder + "/link", withDestinationPath: folder + "/a")
    try FileManager.default.linkItem(atPath: folder + "/a/file", toPath: folder + "/other name")
    func place(_ path: String) -> FilePlace { FilePlace(folder + path) }
    #expect(place("/a/file") == place("/a/b/../file") && place("/a/file") == place("/link//./file"))
    #expect(place("/a/file") == place("/other name"))
    #expect(place("/a/new") == place("/link/new") && place("/a/new") != place("/a/b/new"))
    #expect(place("/no/folder/new") == place("/./no//folder/new"))
    #expect(place("/no/folder/new") != place("/no/new") && place("/a/file") != place("/a/new"))
    #expect(FilePlace("new-\(folder.hash)") == FilePlace("./new-\(folder.hash)"))
    #expect(FilePlace("/new") != FilePlace("new"))
    #expect(LogFile.isFolder(folder + "/link") && !LogFile.isFolder(folder + "/a/file"))
  }

  @Test func `what a system lacks has a hint of its own`() {
    #expect(SystemError(ENOSPC).hint?.contains("make room") == true)
    #expect(SystemError(EMFILE).hint?.contains("ulimit -n") == true)
    #expect(SystemError(EACCES).hint == nil && SystemError.noSuchFile.hint == nil)
  }
}
