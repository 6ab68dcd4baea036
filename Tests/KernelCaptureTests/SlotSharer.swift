// SPDX-License-Identifier: Apache-2.0
import Capture
import PacketBuilder

@testable import KernelCapture

/// A client of another address than the builder's, whose connection to the server falls into the same slot of the filter.
struct SlotSharer {
  let client: Endpoint
  let packet: Packet

  /// Searches one; nil when there is none, which chance does not bring about.
  init?(_ marks: DepthMarks) {
    let server = DepthMarkTests.server
    let slot = marks.place(of: DepthMarkTests.client, server).slot
    for address in UInt32(0x0a01_0001)..<0x0a01_0064 {
      for port in UInt16(1_024)...65_535
      where marks.place(
        of: Endpoint(ipv4: address, port: port), server
      ).slot == slot {
        client = Endpoint(ipv4: address, port: port)
        packet = Packet().ipv4 { $0.source = address }.from(port: port)
        return
      }
    }
    return nil
  }
}
