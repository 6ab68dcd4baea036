// SPDX-License-Identifier: Apache-2.0
import Capture
import PacketBuilder
import Synchronization
import System
import Testing

@testable import KernelCapture

/// How capture time is made of two clocks, and what happens when one of them was misread.
@Suite struct CaptureClockTests {
  /// Both clocks, set by hand.
  private final class Hands: Sendable {
    let process = Atomic<UInt64>(5_000_000_000_000)
    /// How far the kernel's is behind.
    let behind = Atomic<UInt64>(0)
    let isReadable = Atomic(true)

    var kernel: UInt64 {
      process.load(ordering: .relaxed) &- behind.load(ordering: .relaxed)
    }

    var clock: CaptureClock {
      CaptureClock(
        process: { self.process.load(ordering: .relaxed) },
        kernel: { self.isReadable.load(ordering: .relaxed) ? self.kernel : nil })
    }
  }

  private static let second: UInt64 = 1_000_000_000
  private static let million: UInt64 = 1_000_000 * second

  @Test(arguments: [0, 200_000_000, 3_600 * second, million, 0 &- million])
  func `a namespace's clock may be ahead of the kernel's or behind it`(behind: UInt64) {
    let hands = Hands()
    hands.behind.store(behind, ordering: .relaxed)
    let clock = hands.clock
    #expect(clock.shift == Int64(bitPattern: behind))
    #expect(hands.kernel &+ clock.fromKernel == clock.now && clock.restamped == 0)
  }

  @Test func `a reading that took long is repeated`() {
    let hands = Hands(), readings = Atomic(0)
    let clock = CaptureClock(
      process: { hands.process.load(ordering: .relaxed) },
      kernel: {
        let time = hands.kernel
        // The thread loses its processor for a minute, twice.
        if readings.wrappingAdd(1, ordering: .relaxed).newValue < 3 {
          hands.process.wrappingAdd(60 * Self.second, ordering: .relaxed)
        }
        return time
      })
    #expect(clock.shift == 0 && readings.load(ordering: .relaxed) == 3)
  }

  @Test func `a stamp fits when its record came between two moments, give or take a second`() {
    let (early, late) = (Self.million, Self.million + 10 * Self.second)
    for time in [early - Self.second, early, late, late + Self.second] {
      #expect(CaptureClock.fits(time, between: early, and: late))
    }
    for time in [0, early - Self.second - 1, late + Self.second + 1, .max] {
      #expect(!CaptureClock.fits(time, between: early, and: late))
    }
  }

  @Test func `a clock that was misread is read again by the first record that shows it`() {
    let hands = Hands()
    hands.isReadable.store(false, ordering: .relaxed)
    let clock = hands.clock
    hands.isReadable.store(true, ordering: .relaxed)
    hands.behind.store(Self.million, ordering: .relaxed)
    let now = clock.now, stamp = hands.kernel - Self.second / 2
    #expect(!CaptureClock.fits(stamp &+ clock.fromKernel, between: now, and: now))
    #expect(clock.settle(stamp, between: now, and: now) == now - Self.second / 2)
    #expect(clock.shift == Int64(Self.million) && clock.restamped == 1)
    #expect(CaptureClock.fits(hands.kernel &+ clock.fromKernel, between: now, and: now))
  }

  @Test func `where the kernel's clock cannot be read, a record that came just now shows it`() {
    let hands = Hands()
    hands.isReadable.store(false, ordering: .relaxed)
    let clock = hands.clock
    hands.behind.store(Self.million, ordering: .relaxed)
    let now = clock.now
    #expect(clock.settle(hands.kernel, between: now, and: now) == now)
    #expect(clock.shift == Int64(Self.million) && clock.restamped == 1)
  }

  @Test func `an absurd stamp under a right clock counts as of now and moves nothing`() {
    let clock = Hands().clock
    let now = clock.now
    for stamp in [0, 1, UInt64.max, Self.million] {
      #expect(clock.settle(stamp, between: now - Self.second, and: now) == now)
    }
    #expect(clock.shift == 0 && clock.restamped == 4)
  }
}

@Suite(.enabled(if: isRoot, "loading a BPF program requires root"), .serialized)
struct KernelClockTests {
  @Test func `the kernel's clock is read without a bpf call, on any processor`() throws {
    let filter = try FilterTrial(KernelCaptureOptions(ringBytes: 1 << 16)).filter
    let clock = KernelClock(program: filter.object.clockProgram, counters: filter.counters)
    for _ in 0..<100 {
      let before = SystemClock.monotonic.now
      let time = try #require(clock.read())
      // This process is in no time namespace of its own, or in one that shifts all alike.
      let shift = UInt64(bitPattern: filter.clock.shift)
      #expect(time &+ shift >= before && time &+ shift <= SystemClock.monotonic.now)
    }
  }

  @Test func `records are stamped right by a reader whose clock was misread`() throws {
    let filter = try FilterTrial(KernelCaptureOptions(ringBytes: 1 << 16)).filter
    let kernel = KernelClock(program: filter.object.clockProgram, counters: filter.counters)
    let isMisread = Atomic(true)
    let clock = CaptureClock {
      kernel.read().map { isMisread.load(ordering: .relaxed) ? $0 &- 1_000_000_000_000_000 : $0 }
    }
    isMisread.store(false, ordering: .relaxed)
    let shift = filter.clock.shift
    #expect(clock.shift != shift)
    let descriptor = try #require(filter.readers.first).ring
    let reader = RingReader(ring: descriptor, clock: clock, life: CaptureLife())
    let before = clock.now
    for port in UInt16(1_000)..<1_003 {
      let frame = Packet().from(port: port).payload(request).bytes
      _ = try TestRun.run(filter.object.program, frame: frame)
    }
    var times: [UInt64] = []
    #expect(try reader.receive(timeout: 0) { segment, _ in times.append(segment.time) } == .delivered(3))
    #expect(times.allSatisfy { $0 >= before && $0 <= clock.now }, "\(times)")
    #expect(clock.shift == shift && clock.restamped == 1)
  }
}
