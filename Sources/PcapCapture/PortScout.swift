// SPDX-License-Identifier: Apache-2.0

package import Capture
import System

/// Finds the ports on which there is HTTP besides the watched ones, by samples of the traffic while those are silent.
///
/// A sample costs the kernel a test of each packet, so one lasts seconds, and none is taken once requests are seen.
package final class PortScout {
  /// Nanoseconds that a sample lasts, and that pass before the next one.
  static let listening: UInt64 = 3_000_000_000
  static let resting: UInt64 = 27_000_000_000
  /// Packets that are read at one call, at most.
  private static let bite = 1_000

  /// One for each interface, or one for all.
  private let sockets: [(socket: ScoutSocket, interface: String?)]
  private var sample = PortSample()
  private var isListening = false
  private var nextChange: UInt64 = 0

  /// A scout that rests. Needs the privilege to open packet sockets; nothing after it does.
  ///
  /// - Parameters:
  ///   - interfaces: where to look; everywhere when none is named.
  ///   - ports: the ports that are watched; nil for none.
  ///   - expression: the packets that count, in libpcap's language; nil for all.
  package init(
    interfaces: [String], besides ports: PortSet?, only expression: String? = nil
  ) throws(CaptureError) {
    var made: [(socket: ScoutSocket, interface: String?)] = []
    let names: [String?] = interfaces.isEmpty ? [nil] : interfaces
    for name in names { made.append((try ScoutSocket(besides: ports, only: expression), name)) }
    sockets = made
  }

  /// The ports on which requests were seen so far, most of them first.
  package var ports: [UInt16] { sample.ports }

  /// Begins or ends a sample when it is time, and reads what has come; to be called about once a second while the watched
  /// ports are silent. `time` is any clock's, in nanoseconds.
  package func follow(at time: UInt64) {
    if time >= nextChange {
      nextChange = time &+ (isListening ? Self.resting : Self.listening)
      listen(!isListening)
    }
    read()
  }

  /// Begins or ends a sample.
  package func listen(_ isWanted: Bool) {
    for (socket, interface) in sockets {
      // One that is not there has no packets.
      guard let index = interface.map(socket.index(of:)) ?? 0 else { continue }
      socket.listen(isWanted, interface: index)
    }
    isListening = isWanted
  }

  /// Reads what has come.
  package func read() {
    for (socket, _) in sockets {
      for _ in 0..<Self.bite {
        guard let packet = socket.next() else { break }
        sample.add(packet.rawSpan)
      }
    }
  }
}
