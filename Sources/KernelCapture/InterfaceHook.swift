// SPDX-License-Identifier: Apache-2.0
internal import Capture
internal import System

/// The hook of the filter: a socket that is bound to one interface, or to all.
struct InterfaceHook: Sendable {
  /// The only reference to the socket, so that letting go of the hook closes it.
  private let socket: PacketSocket
  /// Nil for all of them.
  private var interface: WatchedInterface?
  /// The interface that the socket is bound to; 0 for all.
  private(set) var index: UInt32
  private var downSince: UInt64?
  /// The number of times that another interface of the same name has taken its place.
  private(set) var renewals = 0

  /// Attaches the program and begins to receive.
  init(
    program: Int32, name: String?, index: UInt32, direction: CaptureDirection
  ) throws(CaptureError) {
    socket = try PacketSocket(program: program)
    // Loopback packets count as they come in (httpf_left_out).
    if direction == .inbound || index == Interfaces.loopback { socket.ignoreOutgoing() }
    do throws(CaptureError) {
      try socket.bind(interface: index)
    } catch {
      guard let name else { throw error }
      throw CaptureError(error.reason, "interface \(name): \(error.message)", hint: error.hint)
    }
    (interface, self.index) = (name.map { WatchedInterface($0) }, index)
  }

  /// Ends receiving, for good; false when that is not possible. The socket keeps its number.
  func rest() -> Bool { (try? socket.rest()) != nil }

  /// The socket's number, for tests.
  var number: Int32 { socket.number }

  /// What the interface is called now; nil for all of them.
  var name: String? { interface?.name }

  /// That the interface is down or away; nil while it is there.
  var outage: InterfaceOutage? {
    guard let name, let downSince else { return nil }
    return InterfaceOutage(name: name, since: downSince)
  }

  /// Looks whether the named interface is still the one watched, and if another one has its name by now, goes over to
  /// that.
  ///
  /// An interface that only goes down and up needs no help: the kernel hooks the socket on again. One
  /// that was removed, or went to another namespace and came back as the same, leaves the socket bound to
  /// nothing, for ever. Binding a socket to what it is bound to already does nothing (packet_do_bind).
  mutating func follow(_ now: () -> UInt64) {
    guard let name = socket.follow(&interface) else { return }
    if let state = socket.state(of: name), state.isUp, (try? socket.bind(interface: state.index)) != nil {
      if state.index != index { renewals += 1 }
      index = state.index
      downSince = nil
      return
    }
    if downSince == nil { downSince = now() }
  }
}
