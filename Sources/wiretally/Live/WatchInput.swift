// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The signals and the keys of a watch.
struct WatchInput {
  /// The result of `wait`.
  struct Readiness {
    fileprivate var hasKeys = false
    fileprivate var hasGone = false
  }

  let interruption: Interruption
  let keys: any KeySource

  /// Whether there is a keyboard.
  var hasKeys: Bool { keys.descriptor != nil }

  /// Waits for a signal or a key, for at most `milliseconds`.
  func wait(_ milliseconds: Int32) -> Readiness {
    var items = [pollfd(fd: interruption.descriptor, events: Int16(POLLIN), revents: 0)]
    if let descriptor = keys.descriptor {
      items.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
    }
    // poll reads and writes the entries it is given.
    _ = unsafe poll(&items, nfds_t(items.count), milliseconds)
    guard items.count > 1 else { return Readiness() }
    let found = Int32(items[1].revents)
    return Readiness(hasKeys: found != 0, hasGone: found & (POLLHUP | POLLERR | POLLNVAL) != 0)
  }

  /// Takes what has come, signals first.
  func events(_ readiness: Readiness) -> [WatchEvent] {
    var events: [WatchEvent] = []
    while let signal = interruption.next() {
      switch signal {
      case .end: events.append(.end)
      case .hangUp: events.append(.reopen)
      case .stop: events.append(.suspend)
      case .resume: events.append(.resume)
      }
    }
    return readiness.hasKeys ? events + keys.readEvents(hasGone: readiness.hasGone) : events
  }

  /// Does what an event asks for; the end is the caller's to bring about.
  func handle(_ event: WatchEvent, _ reporter: Reporter) {
    switch event {
    case .end: break
    case .resetTotals: reporter.resetTotals()
    case .reopen: reporter.reopen()
    case .suspend:
      keys.suspend()
      Interruption.stop()
    case .resume: keys.resume()
    }
  }
}
