// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import AlertDelivery

/// What the files say by which a post is trusted.
@Suite struct PostSecurityTests {
  /// What becomes of a file with this text.
  private func credentials(_ text: String) throws -> Result<String?, PostSecurity.Fault> {
    let path = try file(text)
    defer { try? FileManager.default.removeItem(atPath: path) }
    do throws(PostSecurity.Fault) {
      return .success(try PostSecurity(authorities: nil, credentials: path).authorization)
    } catch {
      return .failure(error)
    }
  }

  private func file(_ text: String) throws -> String {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("wiretally-\(UUID())").path
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  @Test(arguments: [
    ("Bearer abc.def-1", "Bearer abc.def-1"), ("bearer abc\nsecond line\n", "Bearer abc"),
    // RFC 7617, section 2: the user is all before the first colon.
    ("Basic Aladdin:open sesame\n", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
    ("  Basic user:a:b", "Basic dXNlcjphOmI="), ("Basic user:", "Basic dXNlcjo="),
  ])
  func `credentials become the field that a server expects`(text: String, field: String) throws {
    #expect(try credentials(text).get() == field)
  }

  @Test(arguments: [
    "", "\n", "Bearer", "Bearer ", "swordfish", "Basic swordfish", "Digest swordfish:x",
    "Bearer sword\r\nX: fish",
    "Bearer sword\u{0}fish", "\nBearer swordfish",
  ])
  func `other texts are refused, and are in no message`(text: String) throws {
    guard case .failure(let fault) = try credentials(text) else {
      Issue.record("\(text.debugDescription) was taken for credentials")
      return
    }
    #expect(fault.description.contains("credentials"))
    #expect(fault.hint == "a line of the form 'Bearer TOKEN' or 'Basic USER:PASSWORD'")
    for secret in ["sword", "fish"] { #expect(!"\(fault)".contains(secret)) }
  }

  @Test func `a file that cannot be read, or has no certificate, is named`() throws {
    let missing = #expect(throws: PostSecurity.Fault.self) {
      try PostSecurity(authorities: "/nowhere/ca.pem", credentials: nil)
    }
    #expect(missing?.description == "cannot read /nowhere/ca.pem: no such file or directory")
    let path = try file("-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n")
    defer { try? FileManager.default.removeItem(atPath: path) }
    let empty = #expect(throws: PostSecurity.Fault.self) {
      try PostSecurity(authorities: path, credentials: nil)
    }
    #expect(empty?.description == "\(path) has no certificate in PEM form")
  }
}
