// SPDX-License-Identifier: Apache-2.0

package import Capture

/// The two ends of an exchange, and who they belong to where that is known.
package struct ExchangeParties: BitwiseCopyable, Sendable {
  /// Port 0 when the ends are not known.
  package var client = Endpoint(high: 0, low: 0, port: 0)
  package var server = Endpoint(high: 0, low: 0, port: 0)
  package var clientOwner = OwnerReference.unknown
  package var serverOwner = OwnerReference.unknown
  /// The ends under other addresses, where the connection was seen under two pairs: a process has but one of them. Port 0
  /// where it was not.
  package var otherClient = Endpoint(high: 0, low: 0, port: 0)
  package var otherServer = Endpoint(high: 0, low: 0, port: 0)

  package init() {}

  package init(client: Endpoint, server: Endpoint) {
    self.client = client
    self.server = server
  }
}

/// A process's place in the table of owners.
package struct OwnerReference: Hashable, BitwiseCopyable, Sendable {
  /// The number of places, those for the unknown and the others included.
  package static let places = 512

  package var place: UInt16
  /// Which of the place's successive owners it is; 0 for the unknown.
  package var generation: UInt32

  package init(place: UInt16, generation: UInt32) {
    self.place = place
    self.generation = generation
  }

  /// Nobody knows who.
  package static var unknown: OwnerReference { OwnerReference(place: 0, generation: 0) }
  /// One that found no place in the table.
  package static var other: OwnerReference { OwnerReference(place: 1, generation: 1) }
}
