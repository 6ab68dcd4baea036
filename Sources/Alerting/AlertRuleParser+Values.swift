// SPDX-License-Identifier: Apache-2.0

import Statistics
import Text

extension AlertRuleParser {
  /// The clauses that follow the limit, each at most once, with the words that errors point at.
  struct Clauses {
    var window: UInt64?
    var windowWord: AlertRuleText.Word?
    var hold: UInt64 = 0
    var keep: UInt64 = 0
    /// The clear level, which is read once the measure's unit is known.
    var clear: AlertRuleText.Word?
    var minimum: UInt64?
    var minimumWord: AlertRuleText.Word?
    var site: String?
    var section: String?
    var sectionWord: AlertRuleText.Word?
    var owners = OwnerCondition()
    var client: (high: UInt64, low: UInt64)?
    /// The last clause that says whose traffic it is, and the word after it.
    var subjectKey = "site"
    var subjectWord: AlertRuleText.Word?
    var name: String?
    var severity: String?

    init(_ words: inout AlertRuleText) throws(AlertSyntaxError) {
      var seen: Set<String> = []
      while let word = words.next() {
        let parts = word.text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let key = String(parts[0])
        guard let missing = Self.missing[key] else {
          throw AlertSyntaxError(
            "'\(key)' is unknown: over, for, keep, clear, min, site=, section=, client=, process=, unit=, "
              + "container=, name= and severity= may follow", word)
        }
        guard seen.insert(key).inserted else { throw AlertSyntaxError("'\(key)' is given twice", word) }
        var value = word
        if parts.count > 1 {
          value = AlertRuleText.Word(text: parts[1], column: word.column + key.count + 1)
        } else if let next = words.next() {
          value = next
        } else {
          throw AlertSyntaxError("\(missing) is missing after '\(key)'", at: words.end)
        }
        if value.text.isEmpty {
          throw AlertSyntaxError("\(missing) is missing after '\(key)='", at: value.column)
        }
        try set(key, value)
      }
    }

    /// The clauses, and what each of them needs.
    private static let missing = [
      "over": "a time", "for": "a time", "keep": "a time", "clear": "a limit", "min": "a number",
      "site": "a site", "process": "a name", "unit": "a unit", "container": "a container", "name": "a name",
      "severity": "a word", "client": "an address", "section": "a path",
    ]

    /// Whose traffic it is; nil for all traffic.
    var subject: WatchedTraffic.Subject? {
      if let section { return .section(WatchedSection(site: site, path: section)) }
      if let site { return .site(site) }
      if let client { return .client(high: client.high, low: client.low) }
      return owners.isEmpty ? nil : .owners(owners)
    }

    private mutating func set(_ key: String, _ word: AlertRuleText.Word) throws(AlertSyntaxError) {
      switch key {
      case "over": (window, windowWord) = (try AlertRuleParser.time(word), word)
      case "for": hold = try AlertRuleParser.time(word)
      case "keep": keep = try AlertRuleParser.time(word)
      case "clear": clear = word
      case "min":
        guard let number = UInt64(word.text), number >= 1, number <= 1_000_000_000 else {
          throw AlertSyntaxError("invalid number of exchanges '\(word.text)' (expected 1 or more)", word)
        }
        (minimum, minimumWord) = (number, word)
      case "site", "section", "client", "process", "unit", "container": try setSubject(key, word)
      case "name": name = try AlertRuleParser.label(word, "name")
      default: severity = try AlertRuleParser.label(word, "severity")
      }
    }

    /// What two clauses would count, and by what, when they cannot be together.
    private static func clash(_ a: String, _ b: String) -> (what: String, by: String)? {
      // In this order: what comes later is not known of what comes earlier.
      func rank(_ key: String) -> Int { ["site": 0, "section": 0, "client": 1][key] ?? 2 }
      guard rank(a) != rank(b) else { return nil }
      let first = rank(a) < rank(b) ? a : b
      return (first + "s", max(rank(a), rank(b)) == 1 ? "client" : "process")
    }

    private mutating func setSubject(_ key: String, _ word: AlertRuleText.Word) throws(AlertSyntaxError) {
      if subjectWord != nil, let (what, by) = Self.clash(subjectKey, key) {
        throw AlertSyntaxError(
          "\(what) are not counted by \(by): leave '\(key)' or '\(subjectKey)' out", word)
      }
      (subjectKey, subjectWord) = (key, word)
      switch key {
      case "site": site = try AlertRuleParser.site(word)
      case "section": (section, sectionWord) = (try AlertRuleParser.section(word), word)
      case "client": client = try AlertRuleParser.client(word)
      case "process": owners.process = try AlertRuleParser.process(word)
      case "unit": owners.unit = try AlertRuleParser.unit(word)
      default: owners.container = try AlertRuleParser.container(word)
      }
    }
  }

  static func time(_ word: AlertRuleText.Word) throws(AlertSyntaxError) -> UInt64 {
    guard let time = DecimalText.nanoseconds(word.text) else {
      throw AlertSyntaxError("invalid duration '\(word.text)' (expected 30s, 2m or 1h, at most a week)", word)
    }
    return time
  }

  /// A limit in the unit that it is written in.
  static func limit(
    _ word: AlertRuleText.Word, of measure: AlertMeasure
  ) throws(AlertSyntaxError) -> (Double, AlertUnit) {
    let text = word.text
    if measure.isLatency || measure == .oldest {
      // A bare number would be seconds, and hardly meant so.
      guard text.last?.isLetter == true, let time = DecimalText.nanoseconds(text) else {
        throw AlertSyntaxError(
          "invalid limit '\(text)' for \(measure.name) (expected a duration such as 500ms or 1.5s)", word)
      }
      return (Double(time), .time)
    }
    if measure == .inFlight {
      guard let value = DecimalText.number(text), value.isFinite else {
        throw AlertSyntaxError("invalid limit '\(text)' for in-flight (expected a number such as 50)", word)
      }
      return (value, .atOnce)
    }
    let units: [(String, AlertUnit)] = [
      ("%", .percent), ("/s", .per(1_000_000_000)), ("/m", .per(60_000_000_000)),
      ("/h", .per(3_600_000_000_000)), ("", .perInterval),
    ]
    for (suffix, unit) in units where text.hasSuffix(suffix) {
      guard let value = DecimalText.number(text.dropLast(suffix.count)), value.isFinite else { break }
      if unit == .percent, measure == .requests {
        throw AlertSyntaxError(
          "'\(text)' is a share, but requests are counted (expected 100 (per interval), 10/s, 600/m or 36000/h)",
          word)
      }
      if unit == .percent, value > 100 { throw AlertSyntaxError("a share is at most 100%", word) }
      return (value, unit)
    }
    let share = measure == .requests ? "" : "a share such as 5%, or "
    throw AlertSyntaxError(
      "invalid limit '\(text)' for \(measure.name) "
        + "(expected \(share)a count such as 100 (per interval), 10/s, 600/m or 36000/h)", word)
  }

  /// The limit of `-t`: a number of requests per interval, or `100/s`, `6000/m`, `1e5/h`; nil when it is none.
  package static func requests(_ text: String) -> (value: Double, unit: AlertUnit)? {
    let units: [(String, UInt64)] = [
      ("/s", 1_000_000_000), ("/m", 60_000_000_000), ("/h", 3_600_000_000_000),
    ]
    for (suffix, time) in units where text.hasSuffix(suffix) {
      return Double(text.dropLast(suffix.count)).map { ($0, .per(time)) }
    }
    return Double(text).map { ($0, .perInterval) }
  }

  /// A site as pages show it: the host's name alone.
  private static func site(_ word: AlertRuleText.Word) throws(AlertSyntaxError) -> String {
    var name = word.text.lowercased()
    func fail(_ reason: String) -> AlertSyntaxError {
      AlertSyntaxError("invalid site '\(word.text)': \(reason)", word)
    }
    guard name.utf8.allSatisfy({ $0 > UInt8(ascii: " ") && $0 <= UInt8(ascii: "~") }) else {
      throw fail("expected it as on the wire and on pages, in ASCII (xn--...)")
    }
    if name.contains("/") { throw fail("expected a host name alone, such as example.com") }
    if name.contains("*") { throw fail("each rule is about one site, or about all traffic") }
    if name.count > 255 { throw fail("it has more than 255 characters") }
    if let colon = name.lastIndex(of: ":"), !name.hasSuffix("]") {
      let port = name[name.index(after: colon)...]
      if port.allSatisfy(\.isNumber) { throw fail("sites have no port (expected \(name[..<colon]))") }
    }
    if name.count > 1, name.hasSuffix(".") { name.removeLast() }
    return name
  }

  /// A section as pages show it: a path without a query, with a slash at its start alone.
  private static func section(_ word: AlertRuleText.Word) throws(AlertSyntaxError) -> String {
    let path = String(word.text)
    func fail(_ reason: String) -> AlertSyntaxError {
      AlertSyntaxError("invalid section '\(path)': \(reason)", word)
    }
    guard path.utf8.allSatisfy({ $0 > UInt8(ascii: " ") && $0 <= UInt8(ascii: "~") }) else {
      throw fail("expected it as on the wire and on pages, in ASCII (%C3%A4...)")
    }
    if path == "*" { return path }
    guard path.hasPrefix("/") else { throw fail("expected a path, such as /api") }
    if path.contains("*") { throw fail("each rule is about one section, without *") }
    if let end = path.firstIndex(where: { $0 == "?" || $0 == "#" || $0 == ";" }) {
      throw fail("sections have no query, fragment or parameters (expected \(path[..<end]))")
    }
    if path.count > 1, path.hasSuffix("/") { throw fail("expected \(path.dropLast())") }
    if path.count > 255 { throw fail("it has more than 255 characters") }
    return path
  }

  /// A client as pages show it: its address.
  private static func client(_ word: AlertRuleText.Word) throws(AlertSyntaxError) -> (
    high: UInt64, low: UInt64
  ) {
    guard let address = AddressName.parse(word.text) else {
      throw AlertSyntaxError(
        "invalid client '\(word.text)' (expected an address such as 10.0.0.7 or 2001:db8::7)", word)
    }
    return address
  }

  private static func label(
    _ word: AlertRuleText.Word, _ key: String
  ) throws(AlertSyntaxError) -> String {
    let isPlain = word.text.unicodeScalars.allSatisfy {
      switch $0 {
      case "a"..."z", "A"..."Z", "0"..."9", "-", ".", "_": true
      default: false
      }
    }
    guard isPlain, word.text.count <= 64 else {
      throw AlertSyntaxError(
        "invalid \(key) '\(word.text)' (expected letters, digits, '-', '_' and '.', at most 64)", word)
    }
    return String(word.text)
  }
}
