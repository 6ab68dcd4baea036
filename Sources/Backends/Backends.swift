// SPDX-License-Identifier: Apache-2.0

package import Capture

/// The ways to capture live traffic, and the choice between them.
package enum Backends {
  /// Opens the backend that was asked for, or the next best one.
  ///
  /// - Throws: why none can be opened, as the best one says it.
  package static func open(_ request: LiveRequest) throws(CaptureError) -> any LiveBackend {
    var request = request
    request.ringBytes = try MemoryLimit.ring(
      request.ringBytes, workers: request.workers, readsTLS: request.tlsPorts != nil)
    switch request.backend {
    case .ebpf: return try KernelBackend(request)
    case .pcap: return try PcapBackend(request, insteadOf: nil)
    case .auto:
      do {
        return try KernelBackend(request)
      } catch {
        // What is not there is not there for libpcap either.
        if error.reason == .notFound { throw error }
        do {
          return try PcapBackend(request, insteadOf: error.message)
        } catch let second {
          // Neither may: the better backend's hint serves both.
          throw error.reason == .notPermitted && second.reason == .notPermitted ? error : second
        }
      }
    }
  }
}
