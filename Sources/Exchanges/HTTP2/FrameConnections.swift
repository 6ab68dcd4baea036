// SPDX-License-Identifier: Apache-2.0

import HTTP2

/// The HTTP/2 connections among the flows: what `FrameStage` keeps.
///
/// A connection's memory depends on what its peers send, so there is a budget of bytes for all of them: the one that
/// was idle for longest gives way. What was made for one connection is freed with it; between two header blocks of
/// a connection nothing is allocated once its tables have grown.
struct FrameConnections: ~Copyable {
  /// A connection among the others. Not private: the compiler emits its metadata in other files.
  struct Record: BitwiseCopyable {
    var flow: FlowIndex
    var memory = 0
    var byUse = Neighbours<ConnectionIndex>()
  }

  enum ByUse: ListOrder {
    @inline(__always)
    static func neighbours(of record: ElementRef<Record>) -> ElementRef<Neighbours<ConnectionIndex>> {
      record.member(\.byUse)
    }
  }

  private var records: SlotPool<ConnectionIndex, Record>
  private var byUse = IntrusiveList<ByUse>()
  private var connections: [FrameConnection?] = []
  private var ofFlow: FixedArray<FlowIndex, PackedIndex<ConnectionIndex>>
  private let budget: Int
  private let seed: UInt64
  /// The names whose values are kept.
  private let names: FieldNames
  /// Bytes that all connections hold.
  private(set) var memory = 0
  init(limits: ExchangeLimits, seed: UInt64) {
    records = SlotPool(capacity: limits.http2Connections)
    ofFlow = FixedArray(zeroed: limits.flows)
    budget = limits.http2Bytes
    self.seed = seed
    names = limits.clientHeader.flatMap { $0.isField ? FieldNames(client: $0.name) : nil } ?? .shared
  }

  /// The connection of a flow; nil when the flow carries no frames.
  func connection(of flow: FlowIndex) -> FrameConnection? {
    guard let index = ofFlow[flow].value.index else { return nil }
    return connections[index.offset]
  }

  /// The flow whose connection must be ended before another one begins; nil while there is room.
  var nextToEvict: FlowIndex? { records.isFull ? oldest : nextBeyondBudget }

  /// The flow whose connection must be ended since all take too much memory; nil while they do not.
  var nextBeyondBudget: FlowIndex? { memory > budget ? oldest : nil }

  private var oldest: FlowIndex? { byUse.first.map { records[$0].flow } }

  /// Begins a connection; there must be room.
  mutating func begin(_ flow: FlowIndex, requestsIn direction: Direction, first: FrameSender?) {
    end(flow)
    guard let index = records.add(Record(flow: flow)) else { return }
    let connection = FrameConnection(requestsIn: direction, first: first, seed: seed, names: names)
    if index.offset < connections.count {
      connections[index.offset] = connection
    } else {
      connections.append(connection)
    }
    ofFlow[flow].value = PackedIndex(index)
    byUse.append(index, in: records)
    use(flow, connection)
  }

  /// Makes a connection the newest in the order of use, with what it holds now.
  mutating func use(_ flow: FlowIndex, _ connection: FrameConnection) {
    guard let index = ofFlow[flow].value.index else { return }
    let bytes = connection.memory
    memory &+= bytes &- records[index].memory
    records[index].memory = bytes
    if byUse.last == index { return }
    byUse.remove(index, in: records)
    byUse.append(index, in: records)
  }

  /// Forgets a flow's connection, if it has one.
  mutating func end(_ flow: FlowIndex) {
    guard let index = ofFlow[flow].value.index else { return }
    memory &-= records[index].memory
    byUse.remove(index, in: records)
    records.remove(index)
    connections[index.offset] = nil
    ofFlow[flow].value = PackedIndex()
  }
}
