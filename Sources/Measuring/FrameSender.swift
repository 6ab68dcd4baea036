// SPDX-License-Identifier: Apache-2.0

import CMeasuring
import Capture
import Glibc
import Synchronization
import System

/// Sends heads into the veth pair at a pace, on a thread of its own.
@safe
final class FrameSender: @unchecked Sendable {
  // Sendable: everything but the atomics is the thread's from `start` to `join`.

  /// Frames in one system call.
  private static let burst = 64

  private let descriptor: Int32
  // All frames one behind the other, and where each one is: owned, never moved.
  private let frames: UnsafeMutableRawPointer
  private let vectors: UnsafeMutablePointer<iovec>
  private let count: Int
  private let acknowledged: [UInt32]
  private var stream: UInt32 = 1
  private var thread: SystemThread?
  private var rate = 0.0
  private var seconds = 0.0
  private let isDone = Atomic<Bool>(false)
  private let sentFrames = Atomic<UInt64>(0)

  init(_ traffic: HeadTraffic) throws(CaptureError) {
    // The name is terminated and outlives the call.
    descriptor = unsafe wt_measuring_open(OwnNetwork.entrance)
    guard descriptor >= 0 else {
      throw CaptureError(
        .unavailable, "cannot send into the veth pair: \(SystemError(-descriptor).reason)")
    }
    var all: [[UInt8]] = []
    var acknowledged: [UInt32] = []
    for connection in 0..<HeadTraffic.connections {
      let (client, server) = HeadTraffic.ends(connection)
      let request = traffic.requests[connection]
      all.append(HeadTraffic.frame(from: client, to: server, payload: request))
      acknowledged.append(0)
      all.append(HeadTraffic.frame(from: server, to: client, payload: traffic.response))
      acknowledged.append(UInt32(request.count))
    }
    count = all.count
    self.acknowledged = acknowledged
    unsafe frames = UnsafeMutableRawPointer.allocate(
      byteCount: all.reduce(0) { $0 + $1.count }, alignment: 64)
    unsafe vectors = UnsafeMutablePointer<iovec>.allocate(capacity: all.count)
    var offset = 0
    for (index, frame) in all.enumerated() {
      // In bounds: the memory is as long as all frames together.
      unsafe frames.advanced(by: offset).copyMemory(from: frame, byteCount: frame.count)
      unsafe vectors[index] = iovec(iov_base: frames.advanced(by: offset), iov_len: frame.count)
      offset += frame.count
    }
  }

  deinit {
    close(descriptor)
    unsafe frames.deallocate()
    unsafe vectors.deallocate()
  }

  /// Heads sent so far.
  var sent: UInt64 { sentFrames.load(ordering: .acquiring) }
  var isOver: Bool { isDone.load(ordering: .acquiring) }

  /// Sends for so long, at `rate` heads a second or, with 0, as fast as it goes.
  func start(rate: Double, seconds: Double) throws(CaptureError) {
    self.rate = rate
    self.seconds = seconds
    isDone.store(false, ordering: .releasing)
    sentFrames.store(0, ordering: .releasing)
    do throws(SystemError) {
      thread = try SystemThread("wt-sender") { [self] in send() }
    } catch {
      throw CaptureError(.unavailable, "cannot start a thread: \(error.reason)")
    }
  }

  func join() { thread.take()?.join() }

  private func send() {
    let clock = ContinuousClock()
    let start = clock.now, end = start + .seconds(seconds)
    var done: UInt64 = 0
    var now = start
    while now < end {
      renumber()
      var index = 0
      while index < count {
        let length = min(Self.burst, count - index)
        // In bounds; the vectors and what they point to live as long as this object.
        let got = unsafe wt_measuring_send(descriptor, vectors + index, Int32(length))
        // A full queue is tried again; anything else ends the trial.
        if got < 0, got != -ENOBUFS, got != -EAGAIN, got != -EINTR {
          isDone.store(true, ordering: .releasing)
          return
        }
        index += max(0, Int(got))
        done &+= UInt64(max(0, Int(got)))
        // Publishes nothing but itself.
        sentFrames.store(done, ordering: .releasing)
        if rate > 0 {
          let due = start + .seconds(Double(done) / rate)
          let ahead = clock.now.duration(to: due) / .microseconds(1)
          if ahead > 60 { usleep(UInt32(ahead - 50)) }
          while clock.now < due {}
        }
      }
      now = clock.now
    }
    isDone.store(true, ordering: .releasing)
  }

  /// Moves all connections on to their next request and response.
  private func renumber() {
    for index in 0..<count {
      guard let frame = unsafe vectors[index].iov_base else { continue }
      let numbers = unsafe frame.advanced(by: HeadTraffic.sequenceAt)
      let place = unsafe frame.advanced(by: HeadTraffic.checksumAt)
      // In bounds of every frame, which is at least 54 bytes long; network order.
      var checksum = unsafe UInt16(bigEndian: place.loadUnaligned(as: UInt16.self))
      unsafe Self.replace(numbers, by: stream, &checksum)
      unsafe Self.replace(numbers.advanced(by: 4), by: stream &+ acknowledged[index], &checksum)
      unsafe place.storeBytes(of: checksum.bigEndian, as: UInt16.self)
    }
    stream &+= 512
  }

  /// Replaces a number of a frame, and what it is in the checksum.
  private static func replace(
    _ place: UnsafeMutableRawPointer, by number: UInt32, _ checksum: inout UInt16
  ) {
    // The four bytes are within the frame: the caller's offsets are.
    let old = unsafe UInt32(bigEndian: place.loadUnaligned(as: UInt32.self))
    checksum = HeadTraffic.checksum(checksum, replacing: old, by: number)
    unsafe place.storeBytes(of: number.bigEndian, as: UInt32.self)
  }
}
