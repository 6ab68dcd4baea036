// SPDX-License-Identifier: Apache-2.0

import Capture
import Exchanges
package import Statistics

/// The reason why a page without requests is empty, as far as the counters can tell.
package enum SilenceReason: Equatable, Sendable {
  /// Not one packet was seen.
  case noPackets(source: String)
  /// Not one packet came through the classic filter, which does not count what it keeps back.
  case noneForPort(source: String, ports: String)
  /// Packets, but no TCP on the watched ports.
  case noWatchedPort(packets: UInt64, ports: String)
  /// TCP on the ports, but without payload.
  case noPayload(packets: UInt64, ports: String)
  /// Payload without a request, this many segments of it with TLS records, and HTTP/2 connections, and those of
  /// them that are not read at this depth.
  case notHTTP(packets: UInt64, ports: String, tls: UInt64, http2: UInt64, unread: UInt64)
  /// Segments on the ports, and all of them are left out by `--filter`.
  case filteredOut(segments: UInt64, ports: String, filter: String)
  /// Requests, and all of them are left out by `--only`.
  case uncounted(requests: UInt64, only: String)
  /// Responses that nobody here asked for, and nothing else.
  case responsesOnly(UInt64)
  /// Responses to requests of earlier intervals.
  case answersOnly(UInt64)
  /// All heads were lost before they could be read.
  case lost(UInt64)
  /// Heads were there, but none was a valid request.
  case unreadable(unparseable: UInt64)

  /// The reason for a snapshot without requests.
  package init(_ snapshot: Snapshot, label: CaptureLabel) {
    let capture = snapshot.capture
    let ledger = snapshot.ledger
    if snapshot.totals.exchanges > 0 {
      self = .answersOnly(snapshot.totals.responses)
    } else if let filter = label.filter, ledger.filteredOut > 0, ledger.filteredOut == ledger.delivered {
      self = .filteredOut(segments: ledger.filteredOut, ports: label.ports, filter: filter)
    } else if let only = label.only, ledger.uncountedRequests > 0 {
      self = .uncounted(requests: ledger.uncountedRequests, only: only)
    } else if capture.tls > 0 && snapshot.totals.requests == 0 {
      // A server answers TLS on a plain port by a 400: the hellos say more than the answers.
      self = .notHTTP(packets: capture.payload, ports: label.ports, tls: capture.tls, http2: 0, unread: 0)
    } else if snapshot.totals.responses > 0 {
      self = .responsesOnly(snapshot.totals.responses)
    } else if capture.lost > 0 {
      self = .lost(capture.lost)
    } else if ledger.unparseable > 0 {
      self = .unreadable(unparseable: ledger.unparseable)
    } else if capture.packets == 0 && label.backend == "libpcap" {
      self = .noneForPort(source: label.source, ports: label.ports)
    } else if capture.packets == 0 {
      self = .noPackets(source: label.source)
    } else if capture.onPort == 0 {
      self = .noWatchedPort(packets: capture.packets, ports: label.ports)
    } else if capture.payload == 0 {
      self = .noPayload(packets: capture.onPort, ports: label.ports)
    } else {
      self = .notHTTP(
        packets: capture.payload, ports: label.ports, tls: capture.tls,
        http2: max(capture.http2, ledger.http2), unread: ledger.http2Unread)
    }
  }

  /// One line for the page.
  package var sentence: String {
    switch self {
    case .noPackets(let source):
      return "No packets on \(source)."
    case .noneForPort(let source, let ports):
      return
        "No packets with payload for port \(ports) on \(source); libpcap counts no others."
    case .noWatchedPort(let packets, let ports):
      return "No TCP on port \(ports) (\(packets) other packets). Another port? --port PORT"
    case .noPayload(let packets, let ports):
      return "\(packets) packets on port \(ports), none with payload."
    case .notHTTP(let packets, let ports, let tls, let http2, let unread):
      if tls > 0 && tls >= http2 {
        // A record longer than a segment continues in others, which look like nothing.
        let share = tls * 100 / max(packets, 1)
        let part = share == 0 ? "some" : share >= 100 ? "all" : "at least \(share)%"
        return
          "TLS on port \(ports): encrypted, not readable (\(part) of \(packets) packets). Watch the plain HTTP side."
      }
      if unread > 0 {
        return
          "HTTP/2 on port \(ports): not read at this depth (\(unread) connections). Try --depth streams"
      }
      if http2 > 0 {
        return "HTTP/2 on port \(ports): no requests (\(http2) connections)."
      }
      return "No HTTP heads on port \(ports) (\(packets) packets with payload)."
    case .filteredOut(let segments, let ports, let filter):
      return "Nothing passes --filter '\(filter)' (\(segments) segments on port \(ports) left out)."
    case .uncounted(let requests, let only):
      return "No request is like --only '\(only)' (\(requests) left out)."
    case .responsesOnly(let responses):
      return
        "Only responses seen (\(responses)): capture is one-way, or the requests cannot be read."
    case .answersOnly(let responses):
      return "\(responses) responses to earlier requests, no new requests."
    case .lost(let lost):
      return "\(lost) heads lost before they could be read: the ring was full."
    case .unreadable(let unparseable):
      return "No valid request (\(unparseable) heads unparseable)."
    }
  }
}
