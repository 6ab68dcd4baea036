// SPDX-License-Identifier: Apache-2.0
internal import System

/// A network interface, and which others it receives by.
struct NetworkLink: Equatable, Sendable {
  var index: UInt32
  var name: String
  /// What it is, in the kernel's words ("vlan"); empty for hardware, and for what says nothing.
  var kind = ""
  /// The interface that it is made on, in the same network namespace; of a virtual cable its other end.
  var lower: UInt32?
  /// The interface that it is a port of: a bridge, a bond, a VRF.
  var master: UInt32?

  /// Kinds that receive what their lower interface receives, and nothing else.
  private static let layers: Set<String> = ["vlan", "macvlan", "macvtap", "ipvlan", "ipvtap"]
  /// Kinds that receive what came in other packets, which a watch looks into, by whatever interface.
  private static let tunnels: Set<String> = [
    "ipip", "sit", "gre", "gretap", "ip6gre", "ip6gretap", "ip6tnl", "erspan", "ip6erspan", "vxlan", "geneve",
    "gtp", "ppp",
  ]

  /// Types of attributes: IFLA_IFNAME, IFLA_LINK, IFLA_MASTER, IFLA_LINKINFO with IFLA_INFO_KIND in it, and
  /// IFLA_LINK_NETNSID, where the lower one is in another network namespace (linux/if_link.h).
  private enum Attribute {
    static var name: Int { 3 }
    static var link: Int { 5 }
    static var master: Int { 10 }
    static var details: Int { 18 }
    static var detailsKind: Int { 1 }
    static var linkNamespace: Int { 37 }
  }

  /// The one interface that all it receives came in by; nil when there is no such one.
  var layered: UInt32? { Self.layers.contains(kind) ? lower : nil }

  /// What it receives came in packets that another interface received.
  var isTunnel: Bool { Self.tunnels.contains(kind) }

  /// Out of struct ifinfomsg and its attributes (linux/if_link.h); nil where there is no index.
  init?(_ entry: ArraySlice<UInt8>) {
    index = RouteSocket.number(entry, 4, 4)
    guard index > 0 else { return nil }
    var name = "", kind = "", isElsewhere = false
    var lower: UInt32 = 0, master: UInt32 = 0
    RouteSocket.attributes(entry.dropFirst(16)) { type, value in
      switch type {
      case Attribute.name: name = Self.text(value)
      case Attribute.link: lower = RouteSocket.number(value, 0, 4)
      case Attribute.master: master = RouteSocket.number(value, 0, 4)
      case Attribute.details:
        RouteSocket.attributes(value) { if $0 == Attribute.detailsKind { kind = Self.text($1) } }
      case Attribute.linkNamespace: isElsewhere = true
      default: break
      }
    }
    self.name = name.isEmpty ? "interface \(index)" : name
    self.kind = kind
    self.lower = lower > 0 && !isElsewhere ? lower : nil
    self.master = master > 0 ? master : nil
  }

  init(index: UInt32, name: String, kind: String = "", lower: UInt32? = nil, master: UInt32? = nil) {
    (self.index, self.name, self.kind, self.lower, self.master) = (index, name, kind, lower, master)
  }

  /// A text that ends with a zero, if it is printable.
  private static func text(_ bytes: ArraySlice<UInt8>) -> String {
    let text = bytes.prefix { $0 != 0 }
    return text.allSatisfy { $0 > 0x20 && $0 < 0x7f } ? String(decoding: text, as: UTF8.self) : ""
  }
}
