// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Exchanges
import Testing

@testable import wiretally

struct ReportLimitsTests {
  @Test func `the limits of a watch, a file and a recording have what the options say`() throws {
    let options = try ReportOptions.parse([
      "-t", "1", "--timeout", "5s", "--path-depth", "2", "--client-header", "X-Real-IP", "--trust-proxy",
      "10.0.0.0/8",
    ])
    for limits in [ExchangeLimits(), .file] {
      let made = try options.limits(limits)
      #expect(made.timeout == 5_000_000_000 && made.sectionDepth == 2)
      #expect(made.clientHeader?.name == "x-real-ip" && made.clientHeader?.proxies.count == 1)
      #expect(made.pendingRequests == limits.pendingRequests)
    }
  }
}
