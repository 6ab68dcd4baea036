// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import KernelCapture

/// Which sockets are of the watched interfaces, by the interface that they have received by.
struct InterfaceChoiceTests {
  private static let network: UInt32 = 4_026_531_840

  /// lo, eth0 and eth1; a VLAN on eth0 and a macvlan on that; a bond of eth2 and eth3 with a VLAN; a bridge of eth4 and a cable; a
  /// tunnel.
  private static let links = [
    NetworkLink(index: 1, name: "lo"), NetworkLink(index: 2, name: "eth0"),
    NetworkLink(index: 3, name: "eth1"),
    NetworkLink(index: 4, name: "eth0.5", kind: "vlan", lower: 2),
    NetworkLink(index: 5, name: "mac0", kind: "macvlan", lower: 4),
    NetworkLink(index: 6, name: "eth2", master: 8), NetworkLink(index: 7, name: "eth3", master: 8),
    NetworkLink(index: 8, name: "bond0", kind: "bond"),
    NetworkLink(index: 9, name: "bond0.7", kind: "vlan", lower: 8),
    NetworkLink(index: 10, name: "eth4", master: 12),
    NetworkLink(index: 11, name: "cable", kind: "veth", lower: 3, master: 12),
    NetworkLink(index: 12, name: "br0", kind: "bridge"),
    NetworkLink(index: 13, name: "ipip0", kind: "ipip"),
    NetworkLink(index: 14, name: "ring", kind: "vlan", lower: 14),
  ]

  private static func selected(_ watched: Set<UInt32>) -> (selected: Set<UInt32>, unclear: Set<UInt32>) {
    let choice = InterfaceChoice(network: network, watched: watched, links: links)
    let all = links.map(\.index)
    return (
      Set(all.filter { choice.verdict(network: network, interface: $0) == .selected }),
      Set(all.filter { choice.verdict(network: network, interface: $0) == .unclear })
    )
  }

  @Test func `what is made on a watched interface counts, and other interfaces do not`() {
    #expect(Self.selected([2]) == ([2, 4, 5], [13, 14]))
    #expect(Self.selected([4]) == ([4, 5], [13, 14]))
    #expect(Self.selected([1]) == ([1], [13, 14]))
    #expect(Self.selected([13]) == ([13], [14]))
  }

  @Test func `a bond or a bridge counts when it is watched, or all of its ports are, and else is unclear`() {
    #expect(Self.selected([8]) == ([8, 9], [13, 14]))
    #expect(Self.selected([6]) == ([6], [8, 9, 13, 14]))
    #expect(Self.selected([6, 7]) == ([6, 7, 8, 9], [13, 14]))
    #expect(Self.selected([10]) == ([10], [12, 13, 14]))
    // The other end of a cable receives something else.
    #expect(Self.selected([3]) == ([3], [13, 14]))
  }

  @Test func `another network namespace, no interface and one that is not known are unclear`() {
    let choice = InterfaceChoice(network: Self.network, watched: [2, 30], links: Self.links)
    #expect(choice.verdict(network: Self.network + 1, interface: 2) == .unclear)
    #expect(choice.verdict(network: 0, interface: 2) == .unclear)
    #expect(choice.verdict(network: Self.network, interface: 0) == .unclear)
    #expect(choice.verdict(network: Self.network, interface: 31) == .unclear)
    // A watched one is known without the list.
    #expect(choice.verdict(network: Self.network, interface: 30) == .selected)
    #expect(choice.isNew(network: Self.network, interface: 31))
    #expect(!choice.isNew(network: Self.network, interface: 3))
    #expect(!choice.isNew(network: Self.network + 1, interface: 31))
    // Where /proc does not say which namespace this is, nothing is of it.
    let blind = InterfaceChoice(network: 0, watched: [2], links: Self.links)
    #expect(blind.verdict(network: 0, interface: 2) == .unclear)
  }

  @Test func `an interface is read out of the kernel's answer`() throws {
    func attribute(_ type: UInt8, _ value: [UInt8]) -> [UInt8] {
      [UInt8(4 + value.count), 0, type, 0] + value
        + [UInt8](repeating: 0, count: (4 - value.count % 4) % 4)
    }
    let head: [UInt8] = [0, 0, 1, 0, 7, 1, 0, 0] + [UInt8](repeating: 0, count: 8)
    let vlan =
      head + attribute(3, Array("eth0.5\0".utf8)) + attribute(5, [2, 0, 0, 0])
      + attribute(10, [9, 0, 0, 0]) + attribute(18, attribute(1, Array("vlan\0".utf8)))
    let expected = NetworkLink(index: 263, name: "eth0.5", kind: "vlan", lower: 2, master: 9)
    #expect(NetworkLink(vlan[...]) == expected)
    // On an interface of another namespace, with a name that would move a cursor.
    let away =
      head + attribute(3, [0x1b, 0x5b, 0x41, 0]) + attribute(5, [2, 0, 0, 0]) + attribute(37, [0, 0, 0, 0])
    #expect(NetworkLink(away[...]) == NetworkLink(index: 263, name: "interface 263"))
    #expect(NetworkLink([0, 0, 0]) == nil)
  }

  @Test func `the interfaces of this machine are followed`() throws {
    let network = OwnNetworkNamespace.inode
    let selection = TextSelection(network: network, watched: [1], clients: SeenClients())
    #expect(selection.notice == nil)
    #expect(selection.choice.verdict(network: network, interface: 1) == .selected)
    selection.noteNew()
    selection.follow([1, 900_000])
    #expect(selection.choice.verdict(network: network, interface: 900_000) == .selected)
    selection.follow([900_000])
    #expect(selection.choice.verdict(network: network, interface: 1) == .other)
  }
}
