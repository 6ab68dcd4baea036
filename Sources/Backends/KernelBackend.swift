// SPDX-License-Identifier: Apache-2.0

package import Capture
import KernelCapture
import PreCaptureDrops

/// The eBPF filter and its rings.
package final class KernelBackend: LiveBackend {
  package let depth: CaptureDepth
  private let capture: KernelCapture
  private let preCaptureDrops: PreCaptureDrops
  private let ports: PortSet

  package init(_ request: LiveRequest) throws(CaptureError) {
    depth = request.depth
    capture = try KernelCapture(
      KernelCaptureOptions(
        interface: request.interface, ports: request.ports, depth: request.depth,
        direction: request.direction,
        ringBytes: request.ringBytes, workers: request.workers))
    ports = request.ports
    preCaptureDrops = PreCaptureDrops(interface: request.interface)
  }

  package var name: String { "eBPF" }
  package var sources: [any SegmentSource] { capture.readers }
  package var counters: CaptureCounters { preCaptureDrops.added(to: capture.counters()) }
  package var notices: [String] { capture.notices }
  package var gauges: CaptureGauges { capture.gauges }
  package var ringBytes: Int { capture.ringBytes }
  package var interfaceDownSince: UInt64? { capture.interfaceDownSince }
  package var interfaceRenewals: Int { capture.interfaceRenewals }
  package func followInterface() { capture.followInterface() }
  package func readPreCaptureDrops() { preCaptureDrops.read(isRenewed: interfaceRenewals > 0) }
  package func openOwners() throws(CaptureError) -> any OwnerSource { try capture.openOwners(ports: ports) }
  package func stop() {
    capture.stop()
    readPreCaptureDrops()
  }
}
