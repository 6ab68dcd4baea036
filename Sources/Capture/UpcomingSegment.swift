// SPDX-License-Identifier: Apache-2.0

/// A segment that a source delivers soon, as far as its connection goes: what is known of that can be asked for before
/// it is needed.
package struct UpcomingSegment: BitwiseCopyable, Sendable {
  package var source: Endpoint
  package var destination: Endpoint
  /// The virtual networks, as `Segment.network`.
  package var network: UInt32

  package init(source: Endpoint, destination: Endpoint, network: UInt32) {
    (self.source, self.destination, self.network) = (source, destination, network)
  }
}
