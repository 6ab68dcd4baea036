// SPDX-License-Identifier: Apache-2.0

/// The names of owners in rules: as pages and columns show them.
extension AlertRuleParser {
  /// Bytes of a process's name that the kernel keeps.
  private static let processLength = 15
  /// Digits of a container's id that are shown.
  private static let idLength = 12

  static func process(_ word: AlertRuleText.Word) throws(AlertSyntaxError) -> String {
    let name = try shown(word, "process")
    if name.count > processLength, !name.contains("\\") {
      throw AlertSyntaxError(
        "invalid process '\(name)': the kernel keeps \(processLength) characters of a name (expected "
          + "\(name.prefix(processLength)))", word)
    }
    return name
  }

  /// A unit; as for systemctl, one without a suffix is a service.
  static func unit(_ word: AlertRuleText.Word) throws(AlertSyntaxError) -> String {
    let name = try shown(word, "unit")
    if name.hasSuffix(".service") || name.hasSuffix(".scope") { return name }
    for suffix in [".socket", ".slice", ".target", ".timer", ".mount", ".path"] where name.hasSuffix(suffix) {
      throw AlertSyntaxError(
        "invalid unit '\(name)': processes are in services and scopes (expected "
          + "\(name.dropLast(suffix.count)).service)", word)
    }
    return name + ".service"
  }

  /// A container as pages show it, or its id in whole.
  static func container(_ word: AlertRuleText.Word) throws(AlertSyntaxError) -> String {
    let name = try shown(word, "container")
    let parts = name.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard let id = parts.last, id.count == 64, id.allSatisfy(\.isHexDigit) else { return name }
    return parts.dropLast().map { "\($0):" }.joined() + id.prefix(idLength).lowercased()
  }

  private static func shown(_ word: AlertRuleText.Word, _ key: String) throws(AlertSyntaxError) -> String {
    let name = String(word.text)
    guard name.utf8.allSatisfy({ $0 > UInt8(ascii: " ") && $0 <= UInt8(ascii: "~") }) else {
      throw AlertSyntaxError("invalid \(key) '\(name)': expected it as pages show it, in ASCII", word)
    }
    if name.contains("*") {
      throw AlertSyntaxError("invalid \(key) '\(name)': each rule is about one name, without *", word)
    }
    guard name.count <= 255 else {
      throw AlertSyntaxError("invalid \(key): it has more than 255 characters", word)
    }
    return name
  }
}
