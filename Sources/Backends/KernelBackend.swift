// SPDX-License-Identifier: Apache-2.0

package import Capture
import KernelCapture
import PreCaptureDrops
package import System
package import TLSPlaces

/// The eBPF filter and its rings.
package final class KernelBackend: LiveBackend {
  package let depth: CaptureDepth
  private let capture: KernelCapture
  private let preCaptureDrops: PreCaptureDrops
  private let ports: PortSet
  /// The capture at TLS libraries; nil when it was not asked for, or cannot be.
  private let tls: TLSCapture?
  /// The reason why no TLS text is read; nil when it is, or was not asked for.
  package let tlsFault: String?

  package init(_ request: LiveRequest) throws(CaptureError) {
    depth = request.depth
    var options = KernelCaptureOptions(
      interfaces: request.interfaces, ports: request.ports, depth: request.depth,
      direction: request.direction,
      ringBytes: request.ringBytes, workers: request.workers)
    options.helloPorts = request.helloPorts
    options.deliversBare = request.isWriting
    capture = try KernelCapture(options)
    (tls, tlsFault) = Self.tls(request, capture)
    ports = request.allPorts
    preCaptureDrops = PreCaptureDrops(interfaces: request.interfaces)
  }

  /// What it can be when all else works.
  private static func tls(_ request: LiveRequest, _ capture: KernelCapture) -> (TLSCapture?, String?) {
    guard let ports = request.tlsPorts else { return (nil, nil) }
    do throws(CaptureError) {
      return (try capture.openTLS(ports: ports), nil)
    } catch {
      return (nil, error.message)
    }
  }

  /// The number of libraries whose text is read.
  package var tlsLibraries: Int { tls?.files ?? 0 }

  /// How the kernel attaches probes to them, in words; nil when there is no capture of it.
  package var tlsWay: String? { tls?.way }

  /// What was found to speak TLS, and why it is not read where it is not; empty when there is no capture of it.
  package var tlsFindings: [TLSFinding] { tls?.findings ?? [] }

  package var name: String { "eBPF" }
  package var readsTLS: Bool { tls != nil }
  package var tlsAttachment: TLSAttachment? { tls?.attachment }
  package var sources: [any SegmentSource] { capture.readers + (tls.map { [$0.source] } ?? []) }

  package var counters: CaptureCounters {
    var counters = preCaptureDrops.added(to: capture.counters())
    tls?.add(to: &counters)
    return counters
  }

  package var notices: [String] {
    var lines = capture.notices
    if let tlsFault { lines.append("TLS text is not read: \(tlsFault)") }
    lines += tlsFindings.filter { $0.reason != nil }.map { "TLS text of a library is not read: \($0.text)" }
    return lines + (tls?.notices ?? [])
  }

  package func startLibraryHelper(_ start: (LibraryHelperRole, [Int32]) -> SystemError?) {
    tls?.startHelper(start)
  }
  /// The reason why no TLS text is read of files that appear later; nil when it is.
  package var laterTLSFault: String? { tls?.laterFault }
  package func followLibraries() -> [LibraryChange] { tls?.follow() ?? [] }
  package var gauges: CaptureGauges { capture.gauges }
  package var clockShift: Int64 { capture.clockShift }
  package var ringBytes: Int { capture.ringBytes }
  package var outages: [InterfaceOutage] { capture.outages }
  package var interfaceRenewals: Int { capture.interfaceRenewals }
  package var interfaceNames: [String] { capture.interfaceNames }
  package func followInterfaces() { capture.followInterfaces() }
  package func readPreCaptureDrops() { preCaptureDrops.read(isRenewed: interfaceRenewals > 0) }
  package func openOwners() throws(CaptureError) -> any OwnerSource { try capture.openOwners(ports: ports) }
  package func stop() {
    // Before the readers end: what was sent by then is still delivered.
    tls?.stop()
    capture.stop()
    readPreCaptureDrops()
  }
}
