// SPDX-License-Identifier: Apache-2.0

import System
package import Capture
import Glibc
import KernelCapture
import PcapCapture

/// The outcome of heads that were sent at one rate.
package struct RateTrial: Sendable {
  package var backend: String
  /// Heads a second that were to be sent; 0 for as many as go.
  package var offered: Double
  package var sent: UInt64
  package var counted: UInt64
  /// Heads that the backend says it lost.
  package var lost: UInt64
  package var seconds: Double
  /// Processor time of the reading thread, nanoseconds a head.
  package var cost: Double

  package var rate: Double { seconds > 0 ? Double(sent) / seconds : 0 }
  package var isWhole: Bool { sent > 0 && counted >= sent }
}

/// Heads through a veth pair and a backend into a tally, at rising rates.
package final class RateTrials {
  private let sender: FrameSender

  /// The rates that are tried, heads a second.
  package static let rates: [Double] = [50_000, 200_000, 500_000, 0]

  /// In a network of the process's own, which must have been made.
  package init(_ traffic: HeadTraffic) throws(CaptureError) { sender = try FrameSender(traffic) }

  /// The eBPF filter and its ring.
  package func ebpf(seconds: Double, _ note: (Double) -> Void) throws(CaptureError) -> [RateTrial] {
    let capture = try KernelCapture(KernelCaptureOptions(interfaces: [OwnNetwork.exit]))
    defer { capture.stop() }
    return try run("eBPF", capture.readers[0], seconds, note) { capture.counters() }
  }

  /// libpcap with its classic filter.
  package func pcap(seconds: Double, _ note: (Double) -> Void) throws(CaptureError) -> [RateTrial] {
    var options = PcapOptions()
    options.interfaces = [OwnNetwork.exit]
    let capture = try LiveCapture(options)
    return try run("libpcap", capture, seconds, note) { capture.counters }
  }

  private func run(
    _ backend: String, _ source: any SegmentSource, _ seconds: Double, _ note: (Double) -> Void,
    _ counters: () -> CaptureCounters
  ) throws(CaptureError) -> [RateTrial] {
    guard let worker = MeasuredWorker(depth: .heads) else {
      throw CaptureError(.unavailable, "no memory for a worker's tables")
    }
    var trials: [RateTrial] = []
    let clock = ContinuousClock()
    for rate in Self.rates {
      note(rate)
      let before = (heads: worker.heads, lost: counters().lost, time: Self.processorTime())
      let begin = clock.now
      try sender.start(rate: rate, seconds: seconds / Double(Self.rates.count))
      var idle = 0
      var spent = begin.duration(to: begin)
      // Until nothing has come for a while after the last frame was sent.
      while idle < 4 {
        let isOver = sender.isOver
        if isOver, spent == .zero { spent = begin.duration(to: clock.now) }
        let count: Int
        do throws(CaptureError) {
          count = try worker.drain(source, timeout: 20)
        } catch {
          sender.join()
          throw error
        }
        idle = isOver && count == 0 ? idle + 1 : 0
      }
      sender.join()
      worker.settle()
      let counted = worker.heads &- before.heads
      trials.append(
        RateTrial(
          backend: backend, offered: rate, sent: sender.sent, counted: counted,
          lost: counters().lost &- before.lost, seconds: spent / .seconds(1),
          cost: counted > 0 ? (Self.processorTime() - before.time) / Double(counted) : 0))
    }
    return trials
  }

  /// Nanoseconds that this thread has had a processor.
  private static func processorTime() -> Double {
    Double(SystemClock.threadProcessor.now)
  }
}
