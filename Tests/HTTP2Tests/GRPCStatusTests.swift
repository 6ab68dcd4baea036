// SPDX-License-Identifier: Apache-2.0
import HTTP2
import Testing

@Suite struct GRPCStatusTests {
  @Test func `each of the seventeen codes has its name, and is found by it`() {
    for code in 0..<UInt32(GRPCStatus.named) {
      let status = GRPCStatus(Array("\(code)".utf8).wire)
      #expect(status?.code == code)
      let name = status?.name.map { "\($0)" } ?? ""
      #expect(GRPCStatus(name: name) == status, "\(code)")
    }
    #expect(GRPCStatus(name: "UNAVAILABLE")?.code == 14 && GRPCStatus(name: "OK") == .ok)
    #expect(GRPCStatus(name: "unavailable") == nil && GRPCStatus(code: 17).name == nil)
  }

  @Test(arguments: ["", "x", "-1", "+1", "1 ", "1234567890", "0x1"])
  func `what is no number is no status`(value: String) {
    #expect(GRPCStatus(Array(value.utf8).wire) == nil)
  }

  @Test(
    arguments: [
      ("/shop.Cart/Get", "/shop.Cart", "Get"), ("/Cart/Get", "/Cart", "Get"), ("/a/b/c.D/E", "/a/b/c.D", "E"),
      ("/", nil, nil), ("/a", nil, nil), ("/a/", nil, nil), ("//a", nil, nil), ("a/b", nil, nil),
      ("", nil, nil),
      ("*", nil, nil),
    ] as [(String, String?, String?)])
  func `a path has a service and a method`(path: String, service: String?, method: String?) {
    let bytes = Array(path.utf8)
    let parts = GRPCPath(bytes.wire)
    #expect(parts.map { bytes[..<$0.service].map { $0 }.text } == service)
    #expect(parts.map { bytes[$0.method...].map { $0 }.text } == method)
  }

  @Test(arguments: [
    ("application/grpc", true), ("application/grpc+proto", true), ("Application/GRPC; x=1", true),
    ("application/grpc-web", false), ("application/grp", false), ("application/json", false), ("", false),
  ])
  func `gRPC is recognised by its content type`(value: String, isGRPC: Bool) {
    #expect(GRPCPath.isContentType(Array(value.utf8).wire) == isGRPC)
  }

  @Test func `error codes have the RFC's names`() {
    #expect(ErrorCode.cancel.name.map { "\($0)" } == "CANCEL")
    #expect(ErrorCode.http11Required.name.map { "\($0)" } == "HTTP_1_1_REQUIRED")
    #expect(ErrorCode(rawValue: 14).name == nil && ErrorCode(rawValue: .max).name == nil)
  }

  @Test func `settings of an upgrade are read from their bytes`() {
    let settings = Settings(payload: [UInt8](hex: "0001 00010000 0003 00000064 0008 00000001").wire)
    #expect(settings?.tableSize == 65_536 && settings?.frameSize == nil && settings?.connectProtocol == true)
    #expect(Settings(payload: [0, 1, 0, 0].wire) == nil)
    #expect(Settings(payload: [UInt8](hex: "0005 00000001").wire) == nil)
  }
}
