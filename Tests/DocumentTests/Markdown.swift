// SPDX-License-Identifier: Apache-2.0
import Foundation

/// What a test needs of a Markdown document: its links, and the anchors that links can point to.
struct Markdown {
  /// The targets of all links and pictures outside of code.
  let links: [String]
  /// The anchors of all headings, as GitHub makes them.
  let anchors: Set<String>

  init(_ text: String) {
    var links: [String] = []
    var anchors: Set<String> = []
    var isCode = false
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("```") { isCode.toggle() }
      if isCode || line.hasPrefix("    ") { continue }
      if let heading = line.wholeMatch(of: /#{1,6} +(.+)/) {
        anchors.insert(Self.anchor(String(heading.1), unlike: anchors))
      }
      let prose = line.replacing(/`[^`]*`/, with: "")
      links += prose.matches(of: /\]\(([^)\s]+)\)/).map { String($0.1) }
    }
    self.links = links
    self.anchors = anchors
  }

  /// The anchor of a heading: lower case, spaces as hyphens, without punctuation; a number tells equal ones apart.
  private static func anchor(_ heading: String, unlike others: Set<String>) -> String {
    let kept = heading.lowercased().filter { $0.isLetter || $0.isNumber || " -_".contains($0) }
    let name = kept.replacing(" ", with: "-")
    if !others.contains(name) { return name }
    var number = 1
    while others.contains("\(name)-\(number)") { number += 1 }
    return "\(name)-\(number)"
  }

  /// The links of the document at `path` that lead nowhere, each with the reason.
  func brokenLinks(at path: String, _ document: (String) -> Markdown?, _ exists: (String) -> Bool) -> [String]
  {
    links.compactMap { link in
      if link.contains("://") || link.hasPrefix("mailto:") { return nil }
      let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
      let target = parts[0].isEmpty ? path : Self.resolve(String(parts[0]), from: path)
      guard exists(target) else { return "\(path): \(link): no such file" }
      guard parts.count > 1 else { return nil }
      let isThere = document(target)?.anchors.contains(String(parts[1])) ?? false
      return isThere ? nil : "\(path): \(link): no such heading"
    }
  }

  /// A path relative to the root, from one that is relative to the document that links to it.
  static func resolve(_ link: String, from path: String) -> String {
    var folders = path.split(separator: "/").dropLast().map(String.init)
    for part in link.split(separator: "/") where part != "." {
      if part == ".." { _ = folders.popLast() } else { folders.append(String(part)) }
    }
    return folders.joined(separator: "/")
  }
}
