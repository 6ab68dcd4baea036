// SPDX-License-Identifier: Apache-2.0

/// The numbers that the responses to waiting requests will carry, by which a response finds its request when it
/// comes under other addresses.
///
/// A table of fixed size, direct-mapped: a later entry takes an earlier one's place. What is found may have been
/// answered since.
struct ExpectedResponses: ~Copyable {
  struct Entry: BitwiseCopyable {
    var sequence: UInt32
    var acknowledgement: UInt32
    var request: PackedIndex<RequestIndex>
    var flow: PackedIndex<FlowIndex>
  }

  private static let bits = 13

  private var entries = FixedArray<Int, Entry>(zeroed: 1 << Self.bits)

  /// Remembers which numbers the response to a request will carry.
  mutating func note(
    _ request: RequestIndex, of flow: FlowIndex, sequence: UInt32, acknowledgement: UInt32
  ) {
    entries[NumberHash.slot(sequence, acknowledgement, bits: Self.bits)].value = Entry(
      sequence: sequence, acknowledgement: acknowledgement, request: PackedIndex(request),
      flow: PackedIndex(flow))
  }

  /// The request that expected a response with these numbers, and its flow; nil when there was none.
  func request(sequence: UInt32, acknowledgement: UInt32) -> (request: RequestIndex, flow: FlowIndex)? {
    let found = entries[NumberHash.slot(sequence, acknowledgement, bits: Self.bits)]
    guard found.sequence == sequence, found.acknowledgement == acknowledgement,
      let request = found.request.index, let flow = found.flow.index
    else { return nil }
    return (request, flow)
  }
}
