// SPDX-License-Identifier: Apache-2.0
import Capture
import Testing

@Suite struct PortSetTests {
  @Test(arguments: [
    ("80", "80"), ("8080,80", "80,8080"), ("80-90,85-100", "80-100"), ("1,2,3", "1-3"),
    ("65535", "65535"), ("1-65535", "1-65535"), ("80,80", "80"),
  ])
  func `lists and ranges are read and merged`(text: String, description: String) {
    #expect(PortSet(parsing: text)?.description == description)
  }

  @Test(arguments: [
    "", "0", "65536", "-1", "80,", ",80", "90-80", "80-", "-80", "http", "8 0", "+80", "1-2-3",
  ])
  func `anything else is refused`(text: String) {
    #expect(PortSet(parsing: text) == nil)
  }

  @Test func `the ends of a range belong to it`() {
    let ports = PortSet(parsing: "80,8000-8099")
    #expect(ports?.contains(80) == true)
    #expect(ports?.contains(81) == false)
    #expect(ports?.contains(8000) == true)
    #expect(ports?.contains(8099) == true)
    #expect(ports?.contains(8100) == false)
  }
}
