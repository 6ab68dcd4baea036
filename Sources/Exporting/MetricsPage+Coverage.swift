// SPDX-License-Identifier: Apache-2.0

import TLSCoverage

/// TLS connections that were seen and read; nothing before there were any.
extension MetricsPage {
  func addCoverage(to writer: inout some MetricsSink) {
    guard let tls = published.tls else { return }
    writer.family(
      "wiretally_tls_connections", .counter,
      "TLS connections that were seen, by whether their text was read within ten seconds.")
    writer.sample(tls.read, ["read": "true"])
    writer.sample(tls.unread, ["read": "false"])
    writer.family("wiretally_tls_unread_connections", .counter, "Those that were not read, by reason.")
    for entry in tls.reasons.sorted(by: { $0.reason < $1.reason }) {
      writer.sample(entry.connections, ["reason": entry.reason])
    }
    writer.family(
      "wiretally_quic_connections", .counter,
      "Connections of QUIC that were seen: requests in them are not visible.")
    writer.sample(tls.http3?.connections ?? 0)
    writer.family(
      "wiretally_quic_skipped_datagrams", .counter,
      "Datagrams that may have begun further connections and were not looked into.")
    writer.sample(tls.http3?.skipped ?? 0)
  }
}
