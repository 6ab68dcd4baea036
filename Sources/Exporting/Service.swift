// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import Statistics

/// The state that all connections of a listener share: the answers, their numbers, the readers of events. The
/// event loop owns it.
final class Service {
  /// A reader of events.
  private struct Reader {
    var channel: any Channel
    let window: StatisticsWindow
    /// Whether it has had its first event, with all that is drawn.
    var isGreeted = false
    /// The time when it last took what it was sent.
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

  /// Makes the channel a reader of events with the tables of a window; false when there are too many.
  func follow(_ channel: any Channel, _ window: StatisticsWindow) -> Bool {
    guard readers.count < limits.streams else {
      counts.refused += 1
      return false
    }
    readers[ObjectIdentifier(channel)] = Reader(channel: channel, window: window, taken: .now())
    return true
  }

  /// Sends a new reader everything that is drawn, after the head of its answer: now, or when its window's numbers are there.
  func greet(_ channel: any Channel) {
    send(ByteBuffer(string: "retry: 2000\n\n"), to: channel)
    let key = ObjectIdentifier(channel)
    guard let reader = readers[key], let event = answers.event(forNewcomer: true, reader.window) else {
      return
    }
    readers[key]?.isGreeted = true
    send(event, to: channel)
  }

  /// Sends all readers the latest event, once. One that does not take it misses this one, and is closed
  /// when it takes nothing for long: no more waits for it than the limit.
  func tell() {
    let latest = answers.latest
    guard latest != sent, !readers.isEmpty else { return }
    sent = latest
    let now = NIODeadline.now()
    for (key, reader) in readers {
      guard let event = answers.event(forNewcomer: !reader.isGreeted, reader.window) else { continue }
      if reader.channel.isWritable {
        readers[key]?.taken = now
        readers[key]?.isGreeted = true
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
