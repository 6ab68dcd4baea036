// SPDX-License-Identifier: Apache-2.0

import Exchanges
import HTTP1
import RegularExpressions
import Statistics
import System
import Text

/// A condition about requests as a list of comparisons, each with the one that is next when it holds and when it does not.
///
///     site=a and not (path=/x or method=PUT)      0 site=a    ─yes─▶ 1 path=/x ─no─▶ 2 method=PUT ─no─▶ chosen
///                                                   └─no─▶ left out   └─yes─▶ left out └─yes─▶ left out
///
/// It is made once and asked for each request: by index, in memory of its own, without an allocation.
final class RequestProgram {
  struct Step: BitwiseCopyable {
    /// What is compared, as `Text` numbers it.
    var text: UInt8 = 0
    /// The index of a regular expression and 1; 0 for a pattern.
    var expression: UInt16 = 0
    /// Where the pattern lies, and its bytes.
    var start: Int32 = 0
    var count: Int32 = 0
    /// The next step, or an end.
    var onTrue: Int32 = 0
    var onFalse: Int32 = 0
  }

  private enum Text: UInt8 { case site, path, client, method }

  private static let chosen: Int32 = -1, leftOut: Int32 = -2
  /// Comparisons at most.
  private static let most = 1_024

  private let steps: ZeroedStorage<Step>
  private var used: Int32 = 0
  private var first: Int32 = -1
  private let patterns = NameBuffer()
  private var expressions: [RegularExpression] = []
  /// Whether a comparison passes each registered method, step by step.
  private let methods: ZeroedStorage<Bool>
  /// The text of a client's address.
  private let address = NameBuffer()
  /// Whether it asks for the target, and for the client.
  private(set) var needsTarget = false
  private var needsClient = false

  /// Throws when the condition is longer than what there is room for, or memory is missing.
  init(_ condition: ExchangeFilter.Condition) throws {
    steps = try ZeroedStorage(count: Self.most)
    methods = try ZeroedStorage(count: Self.most * Self.methodCount)
    first = try add(condition, Self.chosen, Self.leftOut)
  }

  /// Adds a condition with what is next when it holds and when it does not; returns where it begins.
  private func add(
    _ condition: ExchangeFilter.Condition, _ onTrue: Int32, _ onFalse: Int32
  ) throws -> Int32 {
    switch condition {
    case .not(let inner): return try add(inner, onFalse, onTrue)
    case .and(let a, let b): return try add(a, try add(b, onTrue, onFalse), onFalse)
    case .or(let a, let b): return try add(a, onTrue, try add(b, onTrue, onFalse))
    case .text(let field, let pattern):
      var step = Step(start: Int32(patterns.count), count: Int32(pattern.count))
      guard pattern.count < patterns.free else { throw Self.fault }
      patterns.append(pattern.rawSpan)
      (step.onTrue, step.onFalse) = (onTrue, onFalse)
      return try add(step, field) { name in
        let text = Array(name.utf8)
        return TextPattern.matches(text.rawSpan, pattern.rawSpan)
      }
    case .expression(let field, let expression):
      expressions.append(expression)
      guard expressions.count < Self.most else { throw Self.fault }
      let step = Step(expression: UInt16(expressions.count), onTrue: onTrue, onFalse: onFalse)
      return try add(step, field) { expression.matches($0) }
    // What a request does not have is equal to nothing; `FilterScope.request` lets no such condition come here.
    case .number(_, let comparison, _): return comparison == .unequal ? onTrue : onFalse
    case .statusClass: return onFalse
    }
  }

  private func add(
    _ step: Step, _ field: ExchangeFilter.Field, _ passes: (String) -> Bool
  ) throws -> Int32 {
    guard used < Self.most else { throw Self.fault }
    let text: Text =
      switch field {
      case .site: .site
      case .client: .client
      case .method: .method
      case .path, .status, .latency, .bytes, .process, .unit, .container, .pod: .path
      }
    steps[Int(used)] = step
    steps[Int(used)].text = text.rawValue
    if text == .path { needsTarget = true }
    if text == .client { needsClient = true }
    if text == .method {
      for method in Method.allCases {
        methods[Int(used) * Self.methodCount + Int(method.rawValue)] = passes(method.name)
      }
    }
    used += 1
    return used - 1
  }

  /// Whether the request of this event is chosen.
  ///
  /// - Parameter index: the event's in its batch, which has the details if `needsTarget`.
  func passes(_ batch: borrowing EventBatch, _ index: Int) -> Bool {
    let event = batch[index]
    if needsClient { readClient(event, batch.names) }
    var at = first
    while at >= 0 {
      let step = steps[Int(at)]
      let holds: Bool
      switch step.text {
      case Text.site.rawValue: holds = compare(step, batch.names, event.site, isTarget: false)
      case Text.path.rawValue: holds = compare(step, batch.names, batch.detail(index).target, isTarget: true)
      case Text.client.rawValue:
        let address = address
        holds = compare(step, address.bytes(start: 0, count: address.count))
      default:
        holds =
          event.method.isOther
          ? compare(step, batch.names, event.methodName, isTarget: false)
          : methods[Int(at) * Self.methodCount + Int(event.method.rawValue)]
      }
      at = holds ? step.onTrue : step.onFalse
    }
    return at == Self.chosen
  }

  /// For a condition that is longer than the command line lets one be.
  private static let fault = ExchangeFilterError(
    message: "the condition is too long", text: "", column: 0, length: 1)

  private static let methodCount = Method.allCases.count

  private func compare(_ step: Step, _ names: NameBuffer, _ name: NameRange, isTarget: Bool) -> Bool {
    let text = names.bytes(start: Int(name.start), count: Int(name.count))
    guard isTarget else { return compare(step, text) }
    var end = 0
    while end < text.byteCount, text.byte(end) != UInt8(ascii: "?"), text.byte(end) != UInt8(ascii: "#") {
      end &+= 1
    }
    return compare(step, names.bytes(start: Int(name.start), count: end))
  }

  private func compare(_ step: Step, _ text: RawSpan) -> Bool {
    if step.expression > 0 { return expressions[Int(step.expression) - 1].matches(text) }
    let patterns = patterns
    return TextPattern.matches(text, patterns.bytes(start: Int(step.start), count: Int(step.count)))
  }

  /// Writes down the client's address, whose sixteen bytes the event refers to.
  private func readClient(_ event: ExchangeEvent, _ names: NameBuffer) {
    address.reset()
    guard event.client.count == 16 else { return }
    let bytes = names.bytes(start: Int(event.client.start), count: 16)
    var (high, low) = (UInt64(0), UInt64(0))
    for index in 0..<8 {
      high = high << 8 | UInt64(bytes.byte(index))
      low = low << 8 | UInt64(bytes.byte(index &+ 8))
    }
    _ = AddressName.append(high: high, low: low, isBracketed: false, to: address)
  }
}
