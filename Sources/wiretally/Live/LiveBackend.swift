// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Capture
import PreCaptureDrops
import KernelCapture
import PcapCapture

/// Which backend is asked for.
enum BackendChoice: String, ExpressibleByArgument, CaseIterable {
  /// eBPF, and libpcap where that is unavailable.
  case auto
  case ebpf, pcap
}

/// What a live capture is asked for.
struct LiveRequest {
  var backend: BackendChoice
  var interface: String?
  var ports: PortSet
  var depth: CaptureDepth
  var direction: CaptureDirection
  var workers: Int
  var ringBytes: Int
}

/// An open live capture, whichever backend it has.
protocol LiveBackend: AnyObject {
  /// The backend's name for pages, with the reason when it is not the one preferred.
  var name: String { get }
  /// One source a worker.
  var sources: [any SegmentSource] { get }
  /// What was counted before delivery, so far; what was lost before it was captured, as of the last look.
  var counters: CaptureCounters { get }
  /// Lines for every page: what is not as it was asked for.
  var notices: [String] { get }
  /// How full the rings are, and what the filter costs, as far as it is known.
  var gauges: CaptureGauges { get }
  /// Bytes of each ring, or of libpcap's buffer, as they came to be.
  var ringBytes: Int { get }
  /// Since when, on the capture clock, the named interface has been down or away; nil while it is there.
  var interfaceDownSince: UInt64? { get }
  /// How often another interface has taken the name, and the place, of the one watched.
  var interfaceRenewals: Int { get }
  /// Looks after the interface, and what is lost before it is captured; to be called about once a second.
  func look()
  /// Ends the capture, with a last look; what is buffered can still be received.
  func stop()
}

/// The eBPF filter and its rings.
final class KernelBackend: LiveBackend {
  private let capture: KernelCapture
  private let preCaptureDrops: PreCaptureDrops

  init(_ request: LiveRequest) throws(CaptureError) {
    capture = try KernelCapture(
      KernelCaptureOptions(
        interface: request.interface, ports: request.ports, depth: request.depth,
        direction: request.direction,
        ringBytes: request.ringBytes, workers: request.workers))
    preCaptureDrops = PreCaptureDrops(interface: request.interface)
  }

  var name: String { "eBPF" }
  var sources: [any SegmentSource] { capture.readers }
  var counters: CaptureCounters { preCaptureDrops.added(to: capture.counters()) }
  var notices: [String] { capture.notices }
  var gauges: CaptureGauges { capture.gauges }
  var ringBytes: Int { capture.ringBytes }
  var interfaceDownSince: UInt64? { capture.interfaceDownSince }
  var interfaceRenewals: Int { capture.interfaceRenewals }
  func look() {
    capture.followInterface()
    preCaptureDrops.look(isRenewed: interfaceRenewals > 0)
  }
  func stop() {
    capture.stop()
    preCaptureDrops.look(isRenewed: interfaceRenewals > 0)
  }
}

/// libpcap, alone or in place of eBPF.
final class PcapBackend: LiveBackend {
  let name: String
  let notices: [String]
  let ringBytes: Int
  private let capture: LiveCapture
  private let preCaptureDrops: PreCaptureDrops

  /// - Parameter reason: why eBPF is not used, when it was wanted.
  init(_ request: LiveRequest, insteadOf reason: String?) throws(CaptureError) {
    var options = PcapOptions()
    options.interface = request.interface
    options.ports = request.ports
    options.depth = request.depth
    options.direction = request.direction
    options.bufferBytes = request.ringBytes
    capture = try LiveCapture(options)
    preCaptureDrops = PreCaptureDrops(interface: request.interface)
    name = "libpcap"
    ringBytes = request.ringBytes
    var notices = reason.map { ["libpcap is used instead of eBPF: \($0)"] } ?? []
    if request.workers > 1 { notices.append("libpcap reads with one worker, not \(request.workers)") }
    self.notices = notices
  }

  var sources: [any SegmentSource] { [capture] }
  var counters: CaptureCounters { preCaptureDrops.added(to: capture.counters) }
  /// libpcap tells neither.
  var gauges: CaptureGauges { CaptureGauges() }
  var interfaceDownSince: UInt64? { capture.interfaceDownSince }
  var interfaceRenewals: Int { capture.interfaceRenewals }
  /// Its worker looks after the interface itself: the handle is the worker's.
  func look() { preCaptureDrops.look(isRenewed: interfaceRenewals > 0) }
  func stop() {
    capture.stop()
    preCaptureDrops.look(isRenewed: interfaceRenewals > 0)
  }
}

extension WatchCommand {
  /// Opens the backend that was asked for, or the next best one.
  func openBackend() throws(CaptureError) -> any LiveBackend {
    var request = request
    request.ringBytes = try MemoryLimit.ring(request.ringBytes, workers: request.workers)
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
