// SPDX-License-Identifier: Apache-2.0

/// The choice of sockets of the watched interfaces, by the interface that the kernel says they have received by.
///
/// That is the uppermost one: of a VLAN its own, of a bond's or a bridge's port the bond or the bridge. Packets are seen on the
/// lower ones too, so what is made on a watched interface alone counts for it, and what may have come by it or by another
/// one is unclear.
struct InterfaceChoice: Equatable, Sendable {
  enum Verdict: Equatable, Sendable {
    /// It received by a watched interface.
    case selected
    /// It received by another one.
    case other
    /// Nobody can tell.
    case unclear
  }

  /// The inode of this process's network namespace, in which interfaces are named.
  private let network: UInt32
  private var verdicts: [UInt32: Verdict] = [:]

  /// The number of interfaces that are made one on another at most (MAX_NEST_DEV, linux/netdevice.h).
  private static let depth = 8

  /// - Parameters:
  ///   - watched: the kernel's indices of the watched interfaces.
  ///   - links: all that there are.
  init(network: UInt32, watched: Set<UInt32>, links: [NetworkLink]) {
    self.network = network
    var known: [UInt32: NetworkLink] = [:]
    var ports: [UInt32: [UInt32]] = [:]
    for link in links {
      known[link.index] = link
      if let master = link.master { ports[master, default: []].append(link.index) }
    }
    for link in links {
      verdicts[link.index] = Self.verdict(link.index, watched, known, ports, Self.depth)
    }
    for index in watched { verdicts[index] = .selected }
  }

  /// The verdict about a socket that has received by this interface of a network namespace; 0 where either is not known.
  func verdict(network: UInt32, interface: UInt32) -> Verdict {
    guard network == self.network, network != 0, interface != 0 else { return .unclear }
    return verdicts[interface] ?? .unclear
  }

  /// Whether an interface of the own network namespace is not known: it is new.
  func isNew(network: UInt32, interface: UInt32) -> Bool {
    network == self.network && interface != 0 && verdicts[interface] == nil
  }

  private static func verdict(
    _ index: UInt32, _ watched: Set<UInt32>, _ known: [UInt32: NetworkLink], _ ports: [UInt32: [UInt32]],
    _ depth: Int
  ) -> Verdict {
    if watched.contains(index) { return .selected }
    guard depth > 0, let link = known[index], !link.isTunnel else { return .unclear }
    if let lower = link.layered { return verdict(lower, watched, known, ports, depth - 1) }
    let below = ports[index, default: []].map { verdict($0, watched, known, ports, depth - 1) }
    if below.allSatisfy({ $0 == .other }) { return .other }
    return below.allSatisfy { $0 == .selected } ? .selected : .unclear
  }
}
