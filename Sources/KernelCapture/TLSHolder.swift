// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import System
internal import TLSPlaces

/// The process that has a watch's probes besides it, where taking them out takes seconds: before Linux 6.6 each is an event of its
/// own, and the kernel takes one after the other out.
///
///     watch ──── probes and files, over a socket ────▶ holder
///     watch ends, in whichever way ──── end of the socket ────▶ holder closes them, and ends
///
/// It attaches to nothing and takes no privilege. A file is closed, and may be written to, once its probes are out.
package struct TLSHolder {
  /// Descriptors that it is started with: the socket, and both outputs, which lead nowhere.
  package static let descriptors: Int32 = 3
  /// Microseconds from the watch's end to the first that is closed: the last one that is closed takes a probe out, and the kernel
  /// closes those of a process that is killed one after the other.
  private static let pause: UInt32 = 50_000
  /// Signals that are for the watch: a manager of services sends them to all processes of one.
  private static let signals = [SIGTERM, SIGINT, SIGHUP, SIGQUIT]

  private let socket: TLSHelperSocket
  /// Of each file what came with it: probes, and itself.
  private var held: [TLSLibrary.Identity: [Descriptor]] = [:]

  private init(_ socket: TLSHelperSocket) { self.socket = socket }

  /// Has it outlive signals that are for the watch.
  package static func ignoreSignals() {
    for number in signals { signal(number, SIG_IGN) }
  }

  /// Holds what comes until the watch has gone.
  package static func run() {
    var holder = TLSHolder(TLSHelperSocket(Descriptor(TLSHelper.socket)))
    while holder.takesOrder() {}
    usleep(pause)
    for identity in Array(holder.held.keys) { holder.release(identity) }
  }

  /// Takes in one order; false when the watch has gone.
  private mutating func takesOrder() -> Bool {
    socket.wait(-1)
    switch socket.receive() {
    case .report(.keep(let identity), let descriptors): held[identity, default: []] += descriptors
    case .report(.release(let identity), _): release(identity)
    case .ended: return false
    default: break
    }
    return true
  }

  /// Closes what belongs to a file, in the order in which it came.
  private mutating func release(_ identity: TLSLibrary.Identity) {
    var descriptors = held.removeValue(forKey: identity) ?? []
    while !descriptors.isEmpty { descriptors.removeFirst() }
  }
}
