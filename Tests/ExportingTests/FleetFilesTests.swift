// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import Exporting

/// The rules, the dashboard and the document of the metrics speak of metrics that there are.
@Suite struct FleetFilesTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  private static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
  }

  /// Names of samples and of families, and of labels, on the page that Prometheus reads.
  private static var page: (samples: Set<String>, families: Set<String>, labels: Set<String>) {
    let page = String(decoding: MetricsPage(published: PublishedStates.sample).render(.text), as: UTF8.self)
    var (samples, families): (Set<String>, Set<String>) = ([], [])
    for line in page.split(separator: "\n") {
      let words = line.split(separator: " ")
      if line.hasPrefix("# TYPE ") {
        families.insert(String(words[2]))
      } else if !line.hasPrefix("#") {
        samples.insert(String(line.prefix { $0 != "{" && $0 != " " }))
      }
    }
    return (samples, families, Set(page.matches(of: /[{,]([a-z_]+)="/).map { String($0.1) }))
  }

  /// Names of our metrics, and of recorded ones, in an expression.
  private static func names(_ expression: String) -> Set<String> {
    Set(
      expression.matches(of: /(?:[a-z_]+:)?(?:wiretally|http_server|process)[a-z0-9_:]*/).map { String($0.0) }
    ).subtracting(["wiretally"])
  }

  private static func expressions(of rules: String) -> [String] {
    rules.components(separatedBy: "expr: ").dropFirst().map {
      $0.components(separatedBy: "\n      - ")[0].components(separatedBy: "\n        labels:")[0]
    }
  }

  @Test func `the rules read what is there, or what they have recorded`() throws {
    let rules = try Self.text("packaging/fleet/wiretally.rules.yml")
    let recorded = Set(rules.matches(of: /- record: ([a-z0-9_:]+)/).map { String($0.1) })
    let expressions = Self.expressions(of: rules)
    #expect(recorded.count >= 8 && expressions.count > recorded.count)
    let (samples, _, labels) = Self.page
    for expression in expressions {
      #expect(Self.names(expression).isSubset(of: samples.union(recorded)), "\(expression)")
      let named = expression.matches(of: /([a-z_]+)(?:!?=~?)"/).map { String($0.1) }
      #expect(Set(named).isSubset(of: labels.union(["instance", "job"])), "\(expression)")
    }
    let above = try Self.text("packaging/fleet/federation.yml").matches(of: /- '([a-z0-9_:]+)/).map {
      String($0.1)
    }
    #expect(above.count >= 5 && Set(above).isSubset(of: samples.union(recorded)), "\(above)")
  }

  private struct Dashboard: Decodable {
    struct Target: Decodable {
      var expr: String
      var legendFormat: String
    }
    struct Place: Decodable {
      var x: Int
      var y: Int
      var w: Int
      var h: Int
    }
    struct Source: Decodable {
      var type: String
      var uid: String
    }
    struct Panel: Decodable {
      var id: Int
      var title: String
      var gridPos: Place
      var datasource: Source
      var targets: [Target]
    }
    var uid: String
    var schemaVersion: Int
    var panels: [Panel]
  }

  @Test func `the dashboard draws what is there, each panel in its own place`() throws {
    let data = Data(try Self.text("packaging/fleet/grafana-dashboard.json").utf8)
    let panels = try JSONDecoder().decode(Dashboard.self, from: data).panels
    #expect(panels.count >= 10 && Set(panels.map(\.id)).count == panels.count)
    let (samples, _, labels) = Self.page
    var cells: Set<[Int]> = []
    for panel in panels {
      #expect(panel.datasource.type == "prometheus" && panel.datasource.uid == "${datasource}")
      for x in panel.gridPos.x..<panel.gridPos.x + panel.gridPos.w {
        #expect(x < 24, "\(panel.title)")
        for y in panel.gridPos.y..<panel.gridPos.y + panel.gridPos.h {
          #expect(cells.insert([x, y]).inserted, "\(panel.title)")
        }
      }
      #expect(!panel.targets.isEmpty && !panel.title.isEmpty)
      for target in panel.targets {
        let names = Self.names(target.expr)
        #expect(!names.isEmpty && names.isSubset(of: samples), "\(target.expr)")
        let named = target.expr.matches(of: /([a-z_]+)(?:!?=~?)"/).map { String($0.1) }
        let shown = target.legendFormat.matches(of: /\{\{([a-z_]+)\}\}/).map { String($0.1) }
        #expect(Set(named + shown).isSubset(of: labels.union(["instance", "job"])), "\(target)")
      }
    }
  }

  @Test func `the document has every metric, and no other`() throws {
    let document = try Self.text("docs/metrics.md")
    let named = document.split(separator: "\n").filter { $0.hasPrefix("| `") }.compactMap {
      $0.split(separator: "`").dropFirst().first.map(String.init)
    }.filter { !$0.hasPrefix("/") }
    let (_, families, labels) = Self.page
    #expect(Set(named) == families)
    #expect(named.count == families.count)
    for label in labels { #expect(document.contains("`\(label)`"), "\(label)") }
  }
}
