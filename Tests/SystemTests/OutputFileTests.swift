// SPDX-License-Identifier: Apache-2.0
import Foundation
import System
import Testing

/// Files that are written from their beginning: what is taken for one, and what stays as it is.
@Suite struct OutputFileTests {
  private final class Place {
    let folder = FileManager.default.temporaryDirectory.path + "/output-\(UUID().uuidString)"
    init() { try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: folder) }

    var path: String { folder + "/file" }
    var text: String? { try? String(contentsOfFile: path, encoding: .utf8) }
    var mode: Int? {
      (try? FileManager.default.attributesOfItem(atPath: path))?[.posixPermissions] as? Int
    }
    func write(_ text: String, mode: Int = 0o644) {
      _ = FileManager.default.createFile(
        atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: mode])
    }
  }

  @Test func `a file is made for its owner alone, and one that was there becomes so and is empty`() throws {
    let place = Place()
    for _ in 0..<2 {
      let file = try OutputFile(path: place.path)
      #expect(place.mode == 0o600 && place.text == "")
      _ = try file.write(Array("cookies".utf8)[...])
      #expect(place.text == "cookies")
      place.write("what anybody could read")
    }
  }

  @Test func `what may be somebody else's is refused, and stays as it is`() throws {
    let place = Place()
    place.write("precious")
    #expect(throws: SystemError.exists) { _ = try OutputFile(path: place.path, isNew: true) }
    try FileManager.default.linkItem(atPath: place.path, toPath: place.folder + "/other name")
    #expect(throws: SystemError(EMLINK)) { _ = try OutputFile(path: place.path) }
    #expect(place.text == "precious" && place.mode == 0o644)
    try FileManager.default.createSymbolicLink(
      atPath: place.folder + "/link", withDestinationPath: place.path)
    #expect(throws: SystemError(ELOOP)) { _ = try OutputFile(path: place.folder + "/link") }
    #expect(throws: SystemError(EINVAL)) { _ = try OutputFile(path: "/dev/null") }
    #expect(place.text == "precious")
  }

  @Test(.enabled(if: geteuid() == 0, "giving files away takes root"))
  func `root takes a file of its own or of the one who gets it, and no other's`() throws {
    let place = Place()
    place.write("precious")
    try FileManager.default.setAttributes(
      [.ownerAccountID: 4_711, .groupOwnerAccountID: 4_711], ofItemAtPath: place.path)
    for owner in [nil, LogOwner(user: 4_712, group: 4_712)] {
      #expect(throws: SystemError(EPERM)) { _ = try OutputFile(path: place.path, owner: owner) }
    }
    #expect(place.text == "precious" && place.mode == 0o644)
    _ = try OutputFile(path: place.path, owner: LogOwner(user: 4_711, group: 4_713))
    let attributes = try FileManager.default.attributesOfItem(atPath: place.path)
    #expect(place.text == "" && place.mode == 0o600)
    #expect(attributes[.ownerAccountID] as? Int == 4_711 && attributes[.groupOwnerAccountID] as? Int == 4_713)
  }

  @Test func `a file that lies elsewhere now is not in place`() throws {
    let place = Place()
    let identity = try OutputFile(path: place.path).identity
    #expect(LogFile.isInPlace(identity, at: place.path))
    try FileManager.default.moveItem(atPath: place.path, toPath: place.folder + "/moved")
    #expect(!LogFile.isInPlace(identity, at: place.path))
    place.write("another")
    #expect(!LogFile.isInPlace(identity, at: place.path))
  }
}
