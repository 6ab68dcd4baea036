// SPDX-License-Identifier: Apache-2.0

package import Capture
import PcapCapture
import PreCaptureDrops

/// libpcap, alone or in place of eBPF.
package final class PcapBackend: LiveBackend {
  package let name: String
  package let notices: [String]
  package let ringBytes: Int
  package let depth: CaptureDepth
  private let capture: LiveCapture
  private let preCaptureDrops: PreCaptureDrops

  /// - Parameter reason: why eBPF is not used, when it was wanted.
  package init(_ request: LiveRequest, insteadOf reason: String?) throws(CaptureError) {
    var options = PcapOptions()
    options.interfaces = request.interfaces
    options.ports = request.ports
    options.helloPorts = request.helloPorts
    // Its filter has no memory, and so cannot follow a connection: everything is read.
    depth = request.depth == .auto ? .streams : request.depth
    options.depth = depth
    options.direction = request.direction
    options.bufferBytes = request.ringBytes
    capture = try LiveCapture(options)
    preCaptureDrops = PreCaptureDrops(interfaces: request.interfaces)
    name = "libpcap"
    ringBytes = request.ringBytes
    var notices = reason.map { ["libpcap is used instead of eBPF: \($0)"] } ?? []
    if request.workers > 1 { notices.append("libpcap reads with one worker, not \(request.workers)") }
    if request.tlsPorts != nil { notices.append("TLS text is not read: only eBPF can") }
    self.notices = notices
  }

  package var sources: [any SegmentSource] { [capture] }
  package var counters: CaptureCounters { preCaptureDrops.added(to: capture.counters) }
  /// libpcap tells neither.
  package var gauges: CaptureGauges { CaptureGauges() }
  package var outages: [InterfaceOutage] { capture.outages }
  package var interfaceRenewals: Int { capture.interfaceRenewals }
  package var interfaceNames: [String] { capture.interfaceNames }
  /// Its worker does: the handles are the worker's.
  package func followInterfaces() {}
  package func readPreCaptureDrops() { preCaptureDrops.read(isRenewed: interfaceRenewals > 0) }
  package func stop() {
    capture.stop()
    readPreCaptureDrops()
  }
}
