// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1

/// What all connections of a listener share: the answers, their numbers, the readers of events. The
/// event loop owns it.
final class Service {
  /// A reader of events.
  private struct Reader {
    var channel: any Channel
    /// When it last took what it was sent.
    var taken: NIODeadline
  }

  let answers: Answers
  let limits: ListenerLimits
  private(set) var counts = ListenerCounts()
  private var channels: [ObjectIdentifier: any Channel] = [:]
  private var readers: [ObjectIdentifier: Reader] = [:]
  private var sent: UInt64 = 0

  init(_ answers: Answers, _ limits: ListenerLimits) {
    self.answers = answers
    self.limits = limits
  }

  /// Counts a new connection; false when there are too many. Every connection leaves.
  func join(_ channel: any Channel) -> Bool {
    channels[ObjectIdentifier(channel)] = channel
    counts.connections = UInt64(channels.count)
    if channels.count <= limits.connections { return true }
    counts.refused += 1
    return false
  }

  func leave(_ channel: any Channel) {
    channels[ObjectIdentifier(channel)] = nil
    counts.connections = UInt64(channels.count)
    readers[ObjectIdentifier(channel)] = nil
  }

  /// Closes all connections.
  func end() {
    for channel in channels.values { channel.close(promise: nil) }
  }

  /// Counts a connection that was too slow.
  func expire() { counts.expired += 1 }

  /// Makes the channel a reader of events; false when there are too many.
  func follow(_ channel: any Channel) -> Bool {
    guard readers.count < limits.streams else {
      counts.refused += 1
      return false
    }
    readers[ObjectIdentifier(channel)] = Reader(channel: channel, taken: .now())
    return true
  }

  /// Sends a new reader everything that is drawn, behind the head of its answer.
  func greet(_ channel: any Channel) {
    send(ByteBuffer(string: "retry: 2000\n\n"), to: channel)
    if let event = answers.event(forNewcomer: true) { send(event, to: channel) }
  }

  /// Sends all readers the latest event, once. One that does not take it misses this one, and is closed
  /// when it takes nothing for long: no more waits for it than the limit.
  func tell() {
    let latest = answers.latest
    guard latest != sent, !readers.isEmpty else { return }
    sent = latest
    guard let event = answers.event(forNewcomer: false) else { return }
    let now = NIODeadline.now()
    for (key, reader) in readers {
      if reader.channel.isWritable {
        readers[key]?.taken = now
        send(event, to: reader.channel)
      } else if now - reader.taken > limits.answerTime {
        counts.expired += 1
        reader.channel.close(promise: nil)
      }
    }
  }

  private func send(_ bytes: ByteBuffer, to channel: any Channel) {
    channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(bytes)), promise: nil)
  }
}
