// SPDX-License-Identifier: Apache-2.0

import Text
import TLSCoverage

extension JSONWriter {
  /// TLS connections that were seen and read.
  mutating func coverage(_ counts: CoverageCounts) {
    key("tls")
    beginObject()
    member("ports", counts.ports)
    member("connections", counts.connections)
    member("read", counts.read)
    key("reasons")
    beginObject()
    for entry in counts.reasons { member(entry.reason, entry.connections) }
    endObject()
    objects("notRead", of: counts.notRead) { json, row in
      json.optional("sni", row.serverName)
      json.optional("alpn", row.protocols)
      json.optional("process", row.process)
      json.member("reason", row.reason)
      json.member("connections", row.connections)
      json.member("overcountMax", row.overcountMax)
    }
    if let http3 = counts.http3 { addHTTP3(http3) }
    endObject()
  }

  /// Connections of QUIC.
  private mutating func addHTTP3(_ counts: HTTP3Counts) {
    key("h3")
    beginObject()
    member("connections", counts.connections)
    member("skipped", counts.skipped)
    objects("names", of: counts.names) { json, row in
      json.optional("sni", row.serverName)
      json.optional("alpn", row.protocols)
      json.member("connections", row.connections)
      json.member("overcountMax", row.overcountMax)
    }
    endObject()
  }

  /// A text, or null.
  private mutating func optional(_ name: String, _ value: String?) {
    key(name)
    if let value { string(value) } else { null() }
  }
}
