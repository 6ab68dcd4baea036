// SPDX-License-Identifier: Apache-2.0

import Capture
import System

/// One of the interfaces that a live capture by libpcap reads, or all of them as one, and what has become of it.
final class LiveInterface {
  let handle: LiveHandle
  /// Nil for all of them.
  private var interface: WatchedInterface?
  /// The handle has failed: its interface went away. It follows the next one of its name.
  var isBroken = false
  private(set) var downSince: UInt64?
  private(set) var renewals = 0
  /// The capture times of its packets.
  var stamps: StampClock
  /// What is left to be read after the end; nil before it.
  var remainder: CaptureRemainder?

  init(_ options: PcapOptions, name: String?, clocks: StampClock.Reading) throws(CaptureError) {
    handle = try LiveHandle(options, interface: name)
    interface = name.map { WatchedInterface($0) }
    interface?.follow(askedOf: handle.descriptor)
    stamps = StampClock(clocks)
  }

  /// What the interface is called now; nil for all of them.
  var name: String? { interface?.name }

  /// That the interface is down or away; nil while it is there.
  var outage: InterfaceOutage? {
    guard let name, let downSince else { return nil }
    return InterfaceOutage(name: name, since: downSince)
  }

  /// Looks whether the interface is still the one watched; one that was re-created under its name is taken in its place.
  func follow(at now: UInt64?) {
    interface?.follow(askedOf: handle.descriptor)
    guard let name else { return }
    guard let state = handle.state(of: name), state.isUp else {
      if downSince == nil { downSince = now }
      return
    }
    if isBroken || state.index != handle.index {
      // Not yet: it is tried again in a second.
      let isOther = state.index != handle.index
      guard handle.follow(state) else { return }
      if isOther { renewals += 1 }
      isBroken = false
    }
    downSince = nil
  }

  /// An interface that is watched by name may come back; whatever else fails is the end.
  func fail(_ why: String, at now: UInt64?) throws(CaptureError) {
    guard interface != nil else { throw CaptureError(.unavailable, "the capture ended: \(why)") }
    isBroken = true
    if downSince == nil { downSince = now }
  }
}
