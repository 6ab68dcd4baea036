// SPDX-License-Identifier: Apache-2.0
import System
import Testing

/// The interfaces of this machine.
@Suite struct NetworkInterfacesTests {
  @Test func `loopback is among the interfaces, as number 1`() {
    #expect(NetworkInterfaces.all.contains { $0 == ("lo", 1) })
  }

  @Test func `a missing interface is named with those there are`() {
    let missing = NetworkInterfaces.missing("nowhere0")
    #expect(missing.message == "no such interface: nowhere0")
    #expect(missing.hint?.hasPrefix("the interfaces here are ") == true)
    #expect(missing.hint?.contains("lo") == true)
  }
}
