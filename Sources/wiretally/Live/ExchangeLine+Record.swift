// SPDX-License-Identifier: Apache-2.0

import Capture
import ExchangeStream
import Exchanges
import HTTP1
import Owners
import Reporting
import Screen
import Text

/// Exchanges off the exchange stream as lines of the screen.
extension ExchangeLine {
  /// A record as the screen shows it.
  ///
  /// - Parameter owners: who names the processes of both ends; nil when nobody looks for them.
  init(_ record: ExchangeRecord, number: UInt64, _ query: QueryPolicy, _ owners: OwnerTable?) {
    let facts = record.facts
    let isUnmatched = facts.outcome == .unmatchedResponse
    self.init(
      number: number, time: isUnmatched ? facts.endTime : facts.requestTime,
      client: Self.address(facts.client),
      method: isUnmatched ? "-" : record.method, site: record.site,
      path: isUnmatched ? "(response without request)" : query.text(record.bytes(facts.target)),
      status: !facts.hasResponse ? 0 : Int(facts.status), latency: facts.latency)
    hasLatency = facts.outcome == .answered
    (clientPort, serverPort) = (Int(facts.client.port), Int(facts.server.port))
    proxy = facts.proxy.port == 0 ? "" : Self.address(facts.proxy)
    server = Self.address(facts.server)
    version = "\(facts.major).\(facts.minor)"
    bytes = facts.isBodyKnown ? facts.bodyBytes : nil
    referer = query.text(record.bytes(facts.referer))
    userAgent = record.userAgent
    self.isUnmatched = isUnmatched
    if !isUnmatched {
      isFailure = record.isFailure
      end = facts.hasResponse ? "" : facts.endWords
      call = facts.call == .none ? "" : facts.call.name
    }
    if let owners {
      asking = OwnerText.words(owners.process(facts.clientOwner))
      serving = OwnerText.words(owners.process(facts.serverOwner))
    }
  }

  private static func address(_ endpoint: Endpoint) -> String {
    AddressName.text(high: endpoint.high, low: endpoint.low)
  }
}
