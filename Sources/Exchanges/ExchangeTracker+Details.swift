// SPDX-License-Identifier: Apache-2.0

import Capture
import HTTP1

/// The details of a request and of its response, for those who follow single exchanges.
extension ExchangeTracker {
  /// Adds its details to the request's event, the last one of the batch.
  mutating func describeRequest(_ head: MessageHead, _ bytes: RawSpan, _ piece: StreamPiece) {
    let names = batch.names
    func text(_ range: ByteRange, limit: Int) -> NameRange {
      guard !range.isEmpty else { return NameRange() }
      let place = PrintableName.appendText(bytes, Int(range.start), range.end, limit: limit, to: names)
      return NameRange(start: UInt16(place.start), count: UInt16(place.count), hash: 0)
    }
    let fields = RequestFields(head, bytes)
    var detail = ends(piece, isRequest: true)
    detail.target = text(head.target, limit: ExchangeDetail.longestTarget)
    detail.referer = text(fields.referer, limit: ExchangeDetail.longestField)
    detail.userAgent = text(fields.userAgent, limit: ExchangeDetail.longestField)
    (detail.major, detail.minor) = fields.version
    batch.describe(detail)
  }

  /// Adds its details to the response's event, the last one of the batch.
  mutating func describeResponse(_ head: MessageHead, _ request: AnsweredRequest?, _ piece: StreamPiece) {
    var detail = ends(piece, isRequest: false)
    let hasNoBody = head.status == 204 || head.status == 304 || request?.isHead == true
    // What follows is another protocol's.
    let isTunnel = head.status == 101 || (request?.isConnect == true && head.status / 100 == 2)
    if hasNoBody {
      detail.isBodyKnown = true
    } else if head.length > 0, head.framing == .length, !isTunnel {
      detail.isBodyKnown = true
      detail.bodyBytes = head.contentLength
    }
    batch.describe(detail)
  }

  /// Who asks whom in a piece.
  private func ends(_ piece: StreamPiece, isRequest: Bool) -> ExchangeDetail {
    let key = flows[piece.flow].key
    let a = Endpoint(high: key.aHigh, low: key.aLow, port: UInt16(truncatingIfNeeded: key.ports >> 16))
    let b = Endpoint(high: key.bHigh, low: key.bLow, port: UInt16(truncatingIfNeeded: key.ports))
    var detail = ExchangeDetail()
    detail.client = piece.isForward == isRequest ? a : b
    detail.server = piece.isForward == isRequest ? b : a
    return detail
  }
}
