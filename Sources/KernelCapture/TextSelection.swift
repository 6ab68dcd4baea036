// SPDX-License-Identifier: Apache-2.0
internal import Synchronization
internal import System

/// The selection of TLS text where interfaces are named, as these come and go.
///
/// One thread follows them; the text's reader asks for the choice once for each look at its ring.
final class TextSelection: Sendable {
  private struct State {
    var watched: Set<UInt32>
    /// As they were when they could be asked for last.
    var links: [NetworkLink]
    var choice: InterfaceChoice
    /// Looks since the interfaces were asked for.
    var age = 0
  }

  /// Looks, about one a second, after which interfaces are asked for again: ports come and go without a word.
  private static let patience = 10

  /// The clients that were seen on the watched interfaces.
  let clients: SeenClients
  private let network: UInt32
  private let socket: RouteSocket?
  private let state: Locked<State>
  private let hasMetNew = Atomic(false)
  /// What pages say when interfaces that are made on the watched ones are not known; nil when they are.
  let notice: String?

  /// - Parameters:
  ///   - network: the inode of this process's network namespace.
  ///   - watched: the indices of the watched interfaces.
  ///   - clients: those whose hellos were seen on them.
  init(network: UInt32, watched: Set<UInt32>, clients: SeenClients) {
    (self.network, self.clients) = (network, clients)
    var socket: RouteSocket?
    var links: [NetworkLink] = []
    var fault: SystemError?
    do throws(SystemError) {
      let opened = try RouteSocket()
      links = try Self.links(opened)
      socket = opened
    } catch {
      fault = error
    }
    self.socket = socket
    notice = fault.map {
      "TLS text of interfaces that are made on the watched ones may be left out: \($0.reason)"
    }
    let choice = InterfaceChoice(network: network, watched: watched, links: links)
    state = Locked(State(watched: watched, links: links, choice: choice))
  }

  /// What counts now.
  var choice: InterfaceChoice { state.withLock { $0.choice } }

  /// To be called when text of an interface came that is not known.
  func noteNew() { hasMetNew.store(true, ordering: .relaxed) }

  /// Looks which interfaces there are, if that may have changed; to be called about once a second.
  func follow(_ watched: Set<UInt32>) {
    let hasMetNew = hasMetNew.exchange(false, ordering: .relaxed)
    let isDue = state.withLock { state in
      state.age += 1
      return hasMetNew || watched != state.watched || state.age >= Self.patience
    }
    guard isDue else { return }
    let links = socket.flatMap { try? Self.links($0) }
    state.withLock { state in
      // Where they cannot be asked for now, they are as they were.
      if let links { (state.links, state.age) = (links, 0) }
      state.watched = watched
      state.choice = InterfaceChoice(network: network, watched: watched, links: state.links)
    }
  }

  private static func links(_ socket: RouteSocket) throws(SystemError) -> [NetworkLink] {
    var links: [NetworkLink] = []
    try socket.ask(.links) { if let link = NetworkLink($0) { links.append(link) } }
    return links
  }
}
