// SPDX-License-Identifier: Apache-2.0
package import System

/// A watched interface that is down or away.
package struct InterfaceOutage: Equatable, Sendable {
  package var name: String
  /// On the capture clock.
  package var since: UInt64

  package init(name: String, since: UInt64) { (self.name, self.since) = (name, since) }
}

/// An open live capture, whichever way it captures.
package protocol LiveBackend: AnyObject {
  /// The backend's name for pages, with the reason when it is not the one preferred.
  var name: String { get }
  /// The depth at which it captures.
  var depth: CaptureDepth { get }
  /// One source a worker.
  var sources: [any SegmentSource] { get }
  /// What was counted before delivery, so far; what was lost before it was captured, as last read.
  var counters: CaptureCounters { get }
  /// Lines for every page: what is not as it was asked for.
  var notices: [String] { get }
  /// The fill of the rings and the cost of the filter, as far as it is known.
  var gauges: CaptureGauges { get }
  /// The nanoseconds by which this process's monotonic clock is ahead of the kernel's: not 0 in a time namespace alone.
  var clockShift: Int64 { get }
  /// Bytes of each ring, or of libpcap's buffer, as they came to be.
  var ringBytes: Int { get }
  /// The named interfaces that are down or away, in the order in which they were named.
  var outages: [InterfaceOutage] { get }
  /// The number of times that other interfaces have taken the names, and the places, of those watched.
  var interfaceRenewals: Int { get }
  /// What the named interfaces are called now, in the order in which they were named; none for all.
  var interfaceNames: [String] { get }
  /// Captures from the interfaces that have the names now, and notes whether they are up; to be called about once a second.
  /// Nothing to do where the source does so itself.
  func followInterfaces()
  /// Reads what the kernel and the cards count as lost before it is captured; to be called about once a second.
  func readPreCaptureDrops()
  /// Opens the source of the owners of connections on the watched ports; throws why there is none.
  func openOwners() throws(CaptureError) -> any OwnerSource
  /// Whether the plain text of TLS libraries is read.
  var readsTLS: Bool { get }
  /// Which TLS libraries are read; nil when none is.
  var tlsAttachment: TLSAttachment? { get }
  /// Has a helper process started, with these descriptors as its first ones, for the TLS libraries that are read; nothing to
  /// do where none are.
  func startLibraryHelper(_ start: (LibraryHelperRole, [Int32]) -> SystemError?)
  /// Takes probes out of files that somebody is about to write to, and takes over those that the helper process has attached
  /// to; what has changed. To be called about once a second.
  func followLibraries() -> [LibraryChange]
  /// Ends the capture and reads those counters for the last time; what is buffered can still be received.
  func stop()
}

extension LiveBackend {
  package var readsTLS: Bool { false }
  package var tlsAttachment: TLSAttachment? { nil }
  package func startLibraryHelper(_ start: (LibraryHelperRole, [Int32]) -> SystemError?) {}
  package func followLibraries() -> [LibraryChange] { [] }
  package var clockShift: Int64 { 0 }

  package func openOwners() throws(CaptureError) -> any OwnerSource {
    throw CaptureError(.unavailable, "only eBPF tells them")
  }
}
