// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// What reading TLS text takes of the machine's memory.
@Suite(.serialized, .enabled(if: Machine.hasServers, "needs root and network namespaces"))
struct TLSMemoryTests {
  /// Kilobytes that a process has for itself and would have to write somewhere: its heap, stacks and relocated data.
  private static func own(_ process: Int32) -> Int {
    Shell.read("/proc/\(process)/smaps_rollup").split(separator: "\n")
      .first { $0.hasPrefix("Private_Dirty:") }
      .flatMap { $0.split(separator: " ").dropFirst().first.flatMap { Int($0) } } ?? .max
  }

  /// A program of a hundred megabytes runs meanwhile, whose names are looked through by both processes: this one itself.
  @Test func `a watch and its helper process have together less than 8 MB more than one without`() throws {
    let network = Network()
    let (_, name) = network.pair()
    var sums: [Int] = []
    for options in [[], ["--tls", "--tls-port", "44332"]] {
      let monitor = Monitor(in: name, options + ["--format", "json"])
      // Longer than the helper's first look at all that runs takes.
      usleep(8_000_000)
      let helper = LaterTLSTests.helper(of: monitor)
      #expect((helper != nil) == !options.isEmpty)
      sums.append(Self.own(monitor.identifier) + (helper.map { Self.own($0) } ?? 0))
      monitor.end()
    }
    #expect(sums[1] - sums[0] < 8 << 10, "\(sums) KiB")
  }
}
