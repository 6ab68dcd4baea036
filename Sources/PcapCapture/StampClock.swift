// SPDX-License-Identifier: Apache-2.0

/// The capture time of packets that the kernel stamped with a wall clock which may be set at any moment.
///
/// A stamp is of the clock as it was when the packet came, and packets are read later, so that after a setting
/// some are of the old clock and some of the new one. Packets come in order: each lies between the one before it
/// and now, and the earliest time there that one of the two gives is right. All times in nanoseconds.
struct StampClock {
  /// The wall clock's difference from the capture clock, and the capture clock.
  struct Reading {
    var drift: Int64
    var now: Int64
  }

  /// Packets of several processors come in a little out of order; the two clocks are read one after the other.
  private static let slack: Int64 = 10_000_000

  private var reading: Reading
  /// The difference before the clock was last set, while packets of then may be left.
  private var older: Int64
  private var setAt: Int64
  /// No packet still to be read is from before.
  private var floor: Int64

  init(_ reading: Reading) {
    self.reading = reading
    older = reading.drift
    setAt = reading.now
    floor = reading.now
  }

  /// Takes what the clocks say now.
  mutating func renew(_ new: Reading) {
    // What is less is the clock being slewed.
    if abs(new.drift &- reading.drift) > Self.slack {
      older = reading.drift
      setAt = new.now
    } else if older == reading.drift {
      older = new.drift
    }
    reading = new
  }

  /// Nothing was left to be read, but what came within the last `nanoseconds`.
  mutating func drained(within nanoseconds: Int64) {
    floor = max(floor, reading.now &- nanoseconds)
    if setAt < floor { older = reading.drift }
  }

  /// The time when a packet came; `read` reads the clocks, where what was read last does not do.
  mutating func time(of stamp: Int64, _ read: () -> Reading) -> Int64 {
    var time = possible(stamp)
    if time == nil {
      renew(read())
      time = possible(stamp)
    }
    // Set more than once in between: it came after the one before it, that much is known.
    guard let time else { return floor }
    floor = max(floor, min(time, reading.now))
    return time
  }

  private mutating func possible(_ stamp: Int64) -> Int64? {
    let earlier = stamp &- max(reading.drift, older)
    if isPossible(earlier) { return earlier }
    let later = stamp &- min(reading.drift, older)
    guard isPossible(later) else { return nil }
    // The first packet since the clock was set back: no more of before.
    if reading.drift < older { older = reading.drift }
    return later
  }

  private func isPossible(_ time: Int64) -> Bool {
    time >= floor &- Self.slack && time <= reading.now &+ Self.slack
  }
}
