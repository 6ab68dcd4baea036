// SPDX-License-Identifier: Apache-2.0
import Sandbox
import Glibc

/// Restricts itself as a watch does, or as its helper processes (`attach` or `hold` as second argument), or not (`free`), and then tries what is forbidden: a
/// line each, the error number and the name. The folder of the log is the first argument's `log`.
@main
struct Probe {
  static func main() throws {
    let folder = CommandLine.arguments[1]
    // A terminal's other side, to type into.
    let terminal = unsafe open("/dev/ptmx", O_RDWR | O_NOCTTY)
    let packetSocket = loopbackSocket()
    if !CommandLine.arguments.contains("free") {
      var policy = Sandbox.Policy()
      policy.account = CommandLine.arguments.contains("root") ? nil : .nobody
      let helpers: [String: Permissions] = ["attach": .attaching, "hold": .holding]
      policy.permissions =
        CommandLine.arguments.lazy.compactMap { helpers[$0] }.first ?? [.capture, .terminal]
      policy.writable = [folder + "/log"]
      let applied = try Sandbox.apply(policy)
      if let account = applied.account { print("user \(account.name)") }
      for restriction in applied.restrictions { print("applied \(restriction)") }
      for failure in applied.failures { print("failed \(failure)") }
    }
    for attempt in Attempt.all(folder: folder, descriptor: terminal, packetSocket: packetSocket) {
      print("\(attempt.run()) \(attempt.name)")
    }
  }

  /// A packet socket on the loopback device; -1 with `errno` without the privilege.
  private static func loopbackSocket() -> Int32 {
    let number = socket(AF_PACKET, Int32(SOCK_RAW.rawValue), 0)
    // struct sockaddr_ll of linux/if_packet.h: family, an Ethertype for local experiments, and the index of `lo`.
    let address: [UInt8] = [UInt8(AF_PACKET), 0, 0x88, 0xb5, 1, 0, 0, 0] + [UInt8](repeating: 0, count: 12)
    // The address is read before the call returns, as many bytes as are named.
    let result = unsafe address.withUnsafeBytes { bytes in
      guard let pointer = unsafe bytes.assumingMemoryBound(to: sockaddr.self).baseAddress else {
        return Int32(-1)
      }
      return unsafe bind(number, pointer, socklen_t(bytes.count))
    }
    return result == 0 ? number : -1
  }
}
