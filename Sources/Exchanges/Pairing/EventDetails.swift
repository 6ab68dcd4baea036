// SPDX-License-Identifier: Apache-2.0

import Capture
import HTTP1
import HTTP2
import Text

/// The sender and the receiver of a head.
struct ExchangeEnds: BitwiseCopyable {
  var from: Endpoint
  var to: Endpoint
}

/// Fills in what a reader of single exchanges wants.
extension EventBatch {
  /// Adds details to a request's event, the last one of the batch.
  mutating func describeRequest(_ head: MessageHead, _ bytes: RawSpan, _ ends: ExchangeEnds) {
    let names = names
    func text(_ range: ByteRange, limit: Int) -> NameRange {
      guard !range.isEmpty else { return NameRange() }
      let place = PrintableName.appendText(bytes, Int(range.start), range.end, limit: limit, to: names)
      return NameRange(start: UInt16(place.start), count: UInt16(place.count), hash: 0)
    }
    let fields = RequestFields(head, bytes)
    var detail = ExchangeDetail(client: ends.from, server: ends.to)
    detail.target = text(head.target, limit: ExchangeDetail.longestTarget)
    detail.referer = text(fields.referer, limit: ExchangeDetail.longestField)
    detail.userAgent = text(fields.userAgent, limit: ExchangeDetail.longestField)
    (detail.major, detail.minor) = fields.version
    describe(detail)
  }

  /// Adds details to the event of a stream's request, the last one of the batch.
  mutating func describeRequest(_ fields: HeaderList, _ ends: ExchangeEnds) {
    let names = names
    func text(_ field: FieldName, limit: Int) -> NameRange {
      let value = fields.value(of: field)
      guard value.byteCount > 0 else { return NameRange() }
      let place = PrintableName.appendText(value, 0, value.byteCount, limit: limit, to: names)
      return NameRange(start: UInt16(place.start), count: UInt16(place.count), hash: 0)
    }
    var detail = ExchangeDetail(client: ends.from, server: ends.to)
    detail.target = text(.path, limit: ExchangeDetail.longestTarget)
    if fields.find(.path) == .absent { detail.target = text(.authority, limit: ExchangeDetail.longestTarget) }
    if detail.target.count == 0 {
      let place = UnknownName.append(to: names)
      detail.target = NameRange(start: UInt16(place.start), count: UInt16(place.count), hash: 0)
    }
    detail.referer = text(.referer, limit: ExchangeDetail.longestField)
    detail.userAgent = text(.userAgent, limit: ExchangeDetail.longestField)
    (detail.major, detail.minor) = (2, 0)
    describe(detail)
  }

  /// Adds details to a response's event, the last one of the batch.
  mutating func describeResponse(_ head: MessageHead, _ request: AnsweredRequest?, _ ends: ExchangeEnds) {
    var detail = ExchangeDetail(client: ends.to, server: ends.from)
    let hasNoBody = head.status == 204 || head.status == 304 || request?.isHead == true
    // What follows is another protocol's.
    let isTunnel = head.status == 101 || (request?.isConnect == true && head.status / 100 == 2)
    if hasNoBody {
      detail.isBodyKnown = true
    } else if head.length > 0, head.framing == .length, !isTunnel {
      detail.isBodyKnown = true
      detail.bodyBytes = head.contentLength
    }
    describe(detail)
  }
}
