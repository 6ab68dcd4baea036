// SPDX-License-Identifier: Apache-2.0

/// The part of the table that is about the payload, its length, and what is no HTTP at all.
extension PacketTable {
  /// Methods, near-methods and prefixes of every length, checked by the plain rule.
  mutating func addStarts() {
    func payloads(of method: String) -> [String] {
      let swapped = String(method.dropLast()) + (method.last == "X" ? "Y" : "X")
      return [
        method + " / HTTP/1.1\r\n\r\n", method + "  /", method + "X / HTTP/1.1\r\n\r\n",
        "X" + method + " / HTTP/1.1\r\n\r\n", method.lowercased() + " / HTTP/1.1\r\n\r\n",
        method + "\t/ HTTP/1.1\r\n\r\n", method + "\r\n\r\n", swapped + " / HTTP/1.1\r\n\r\n",
        " " + method + " / HTTP/1.1\r\n\r\n", "\r\n" + method + " / HTTP/1.1\r\n\r\n",
        String(method.dropFirst()) + " / HTTP/1.1\r\n\r\n", method + "/",
      ]
    }
    for method in methods {
      for text in payloads(of: method) {
        add("payload \(text.debugDescription)", Packet().payload(text), verdict(of: Array(text.utf8)))
      }
      for length in 1...(method.utf8.count + 1) {
        let prefix = String((method + " ").prefix(length))
        add(
          "prefix \(prefix.debugDescription)", Packet().payload(prefix), verdict(of: Array(prefix.utf8)))
      }
    }
    let others = [
      wholeResponse, "HTTP/1.0 404 Not Found\r\n\r\n", "HTTP/", "HTTP", "HTT", "HT", "H", "HTTP/2",
      "HTTPS/1.1",
      "http/1.1 200 OK", "HTTP 1.1", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "PRI * HTTP/1.1\r\n\r\n", "PRI",
      "\r\n", "\r\nGET", "\n", "\0", "{\"a\":1}", "AAAA", "VVVVVVVVVVVVVVVVVVVVVVVVVVVV", "ZZZ", "@", "[",
      "FOO / HTTP/1.1\r\n\r\n", "GETGET /", "M-SEARCH * HTTP/1.1\r\n\r\n", "PURGE / HTTP/1.1\r\n\r\n",
      "BREW / HTTP/1.1\r\n\r\n", "BREW pot HTTP/1.1\r\n\r\n", "RPC_IN_DATA /rpc HTTP/1.1\r\n\r\n",
      "X-MS-ENUMATTS / HTTP/1.0\r\n\r\n", "ABCDEFG / x", "ABCDEFGH / x", "ABCDEFGHI / x", "ABCDEFG x",
      "AB / HTTP/1.1\r\n\r\n", "A_B / HTTP/1.1", "ABC_ /", "-ABC / x", "A-B / x", "AB- / x", "ABC-/ / x",
      "ABC1 / x",
      "ABCDEFGHIJKLMNO / x", "ABCDEFGHIJKLMNOP / x", "ABCDEFGHIJKLMNOPQRSTUV / x",
      "ABCDEFGHIJKLMNOPQRSTUVW / x", "ABCDEFGHIJKLMNOPQRSTUVWX / x", "ABC \u{e1}/", "AB\u{e1} /", "ABC /",
      "\nGET / HTTP/1.1\r\n\r\n", "\n\nGET / HTTP/1.1", "\r\n\r\nGET / HTTP/1.1", "\r\n\r\n\rGET / HTTP/1.1",
      "\n\n\n\n\nGET /", "\r\n\r\nBREW / HTTP/1.1", "\nUPDATEREDIRECTREF / HTTP/1.1",
      "\r\n\r\nUPDATEREDIRECTREF / HTTP/1.1", "\n\nABCDEFGHIJKLMNOPQRST / x", "\n\nABCDEFGHIJKLMNOPQRSTU / x",
      "\nG", "\r\nH", "\r\n\r\nHT", "\nHTTP/1.1 200 OK", "\r\r\n\nHTTP/1.1 200 OK", "\n\n", "\r\n\r\n", "\nx",
      "\r\nM-SEARCH * HTTP/1.1\r\n\r\n", "SUBSCRIBE /event HTTP/1.1\r\n\r\n",
    ]
    for text in others {
      add("payload \(text.debugDescription)", Packet().payload(text), verdict(of: Array(text.utf8)))
      add(
        "payload \(text.debugDescription) from the server", Packet().payload(text).reversed(),
        verdict(of: Array(text.utf8), fromServer: true))
    }
    for version in UInt8(0)...4 {
      add("a TLS record of version 3.\(version)", Packet().payload([0x16, 3, version, 0, 200, 1]), .tls)
      add("TLS data of version 3.\(version)", Packet().payload([0x17, 3, version, 0, 200, 1]), .tls)
      add("no TLS record, 3.\(version)", Packet().payload([0x18, 3, version, 0, 200, 1]), .body)
    }
  }

  /// Lengths in the headers against the bytes there are.
  mutating func addLengths() {
    let length = wholeRequest.utf8.count
    for padding in 1...46 {
      add("an acknowledgement with \(padding) bytes of padding", Packet().padded(padding), .empty)
      add("the same over IPv6", Packet().ipv6().padded(padding), .empty)
      let short = Packet().payload(wholeRequest).padded(padding)
      add("a request with \(padding) bytes after it", short, .request(length))
    }
    for missing in [1, 2, 10, 100, 1000] {
      let total = UInt16(40 + length + missing)
      add(
        "IPv4 that claims \(missing) bytes too many",
        Packet().payload(wholeRequest).ipv4 { $0.totalLength = total }, .malformed)
      add(
        "IPv6 that claims \(missing) bytes too many",
        Packet().payload(wholeRequest).ipv6 { $0.payloadLength = total - 20 }, .malformed)
    }
    for total in [UInt16(1), 10, 19, 20, 21, 39] {
      add(
        "IPv4 with a total length of \(total)",
        Packet().payload(wholeRequest).ipv4 { $0.totalLength = total }, .malformed)
    }
    // BIG TCP: a super-segment has no length that would fit the field.
    add(
      "IPv4 without a length", Packet().payload(wholeRequest).ipv4 { $0.totalLength = 0 }, .request(length))
    add(
      "IPv6 without a length", Packet().payload(wholeRequest).ipv6 { $0.payloadLength = 0 }, .request(length))
    for options in 0...10 {
      let bytes = [UInt8](repeating: 1, count: options * 4)
      add(
        "\(options) words of TCP options", Packet().payload(wholeRequest).options(bytes), .request(length))
      add("\(options) words of TCP options and no payload", Packet().options(bytes), .empty)
      add(
        "\(options) words of TCP options over IPv6", Packet().ipv6().payload(wholeRequest).options(bytes),
        .request(length))
    }
    for flags in UInt8(0)...63 {
      add("a request with TCP flags \(flags)", Packet().flags(flags).payload(wholeRequest), .request(length))
    }
  }

  /// Other protocols, other ports, and what only looks like IP.
  mutating func addStrangers() {
    for number in UInt8(0)...255 where number != 6 {
      add("IPv4 protocol \(number)", Packet().transport(number).payload(wholeRequest), .ignored)
    }
    for port in [UInt16(1), 79, 81, 443, 8080, 65535] {
      add(
        "a request to port \(port)", Packet().to(port: port).payload(wholeRequest), .otherPort)
      add(
        "a request over IPv6 to port \(port)", Packet().to(port: port).ipv6().payload(wholeRequest),
        .otherPort)
      add(
        "a request from port 80 to \(port)", Packet().from(port: 80).to(port: port).payload(wholeRequest),
        .request(wholeRequest.utf8.count))
    }
    for version in UInt8(0)...15 {
      if version != 4 {
        add(
          "IPv4 of version \(version)", Packet().payload(wholeRequest).ipv4 { $0.version = version },
          .malformed)
      }
      if version != 6 {
        add(
          "IPv6 of version \(version)", Packet().payload(wholeRequest).ipv6 { $0.version = version },
          .malformed)
      }
    }
    for type in [UInt16(0x0806), 0x88cc, 0x8864, 0x8847, 0x88f7, 0x0000, 0xffff, 0x0842, 0x22f0] {
      add(
        "Ethernet type \(type)", Packet().payload(wholeRequest).with { $0.etherType = type }, .ignored)
      // Behind a tag the bytes must not be taken for IP either, even where they say 0x0800.
      let resolution: [UInt8] = [0, 1, 8, 0, 6, 4, 0, 1] + [UInt8](repeating: 0x45, count: 38)
      add(
        "a tagged frame of type \(type) that looks a little like IP",
        Packet().with {
          $0.tags = [VLANTag(5)]
          $0.etherType = type
          $0.transport = 253
        }.payload(resolution).with { $0.network = .ipv4(.nonsense) }, .ignored)
    }
  }
}

extension IPv4 {
  /// A header that says nothing true of itself.
  fileprivate static var nonsense: IPv4 {
    var header = IPv4()
    header.version = 0
    header.totalLength = 0x0800
    return header
  }
}
