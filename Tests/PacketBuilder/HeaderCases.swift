// SPDX-License-Identifier: Apache-2.0

/// The part of the table that is about what stands before the payload.
extension PacketTable {
  /// All pairs of IPv4 header length and TCP data offset: once true to the bytes, once cut short.
  mutating func addHeaderLengths() {
    for words in UInt8(0)...15 {
      for offset in UInt8(0)...15 {
        let name = "IPv4 header of \(words) words, TCP header of \(offset)"
        let whole = Packet().payload(wholeRequest).ipv4 {
          $0.headerWords = words
          $0.options = [UInt8](repeating: 1, count: max(0, Int(words) - 5) * 4)
        }.with {
          $0.tcp.dataOffset = offset
          $0.tcp.options = [UInt8](repeating: 1, count: max(0, Int(offset) - 5) * 4)
        }
        let valid = words >= 5 && offset >= 5
        add(name, whole, valid ? .request(wholeRequest.utf8.count) : .malformed)
        let header = max(20, Int(words) * 4) + max(20, Int(offset) * 4)
        add(name + ", cut", whole.ipv4 { $0.totalLength = UInt16(header - 1) }, .malformed)
      }
    }
  }

  mutating func addTags() {
    let controls: [UInt16] = [0, 1, 0x602a, 0x4500, 0x4506, 0x4fff, 0x6000, 0x0800, 0x86dd]
    let types: [UInt16] = [0x8100, 0x88a8, 0x9100]
    let payloads: [(String, String)] = [
      ("request", wholeRequest), ("response", wholeResponse), ("body", "some body"), ("nothing", ""),
    ]
    for (what, payload) in payloads {
      let expected = verdict(of: Array(payload.utf8))
      for six in [false, true] {
        let plain = six ? Packet().payload(payload).ipv6() : Packet().payload(payload)
        let family = six ? "IPv6" : "IPv4"
        add("\(what) over \(family)", plain, expected)
        for type in types {
          for control in controls {
            let tag = VLANTag(control, type: type)
            let name = "\(what) over \(family), tag \(control) of type \(type)"
            add(name, plain.tagged(tag), expected)
            add(name + " and one more", plain.tagged(tag, VLANTag(control ^ 7)), expected)
          }
          // The kernel leaves a tag in its own description alone, and only the type tells of it.
          add(
            "\(what) over \(family), type \(type) before it", plain.with { $0.etherType = type }, expected,
            onWire: false)
        }
      }
    }
  }

  mutating func addExtensions() {
    let kinds: [(String, (UInt8) -> IPv6.Extension)] = [
      ("hop-by-hop", { .options(0, more: $0) }), ("routing", { .options(43, more: $0) }),
      ("destination", { .options(60, more: $0) }), ("authentication", { .authentication(more: $0) }),
      ("first fragment", { _ in .fragment(offset: 0, more: true) }),
    ]
    let length = wholeRequest.utf8.count
    for count in 0...12 {
      let expected: PacketCase.Verdict = count <= 8 ? .request(length) : .malformed
      for (index, (name, make)) in kinds.enumerated() {
        for more in [UInt8(0), 1, 3] {
          let chain = Packet().payload(wholeRequest).ipv6 { header in
            // Authentication pads to 4: an even number keeps what follows aligned as it should be.
            header.extensions = (0..<count).map { _ in make(more) }
          }
          let isFragment = name == "first fragment" && (1...8).contains(count)
          add("\(count) \(name) headers with \(more) more", chain, isFragment ? .fragment : expected)
        }
        let mixed = Packet().payload(wholeRequest).ipv6 { header in
          header.extensions = (0..<count).map { kinds[(index + $0) % kinds.count].1(0) }
        }
        let isFragment = (1...8).contains(count) && (index + count) % kinds.count == 0
        add("\(count) mixed headers from \(name) on", mixed, isFragment ? .fragment : expected)
      }
      let lost = Packet().transport(17).payload(wholeRequest).ipv6 { header in
        header.extensions = (0..<count).map { _ in .options(60, more: 0) }
      }
      add("UDP behind \(count) headers", lost, count <= 8 ? .ignored : .malformed)
    }
    for number in [UInt8(50), 59, 58, 17, 135] {
      add(
        "IPv6 with next header \(number)", Packet().transport(number).payload(wholeRequest).ipv6(), .ignored)
    }
    for cut in 1..<20 {
      let short = Packet().ipv6 {
        $0.extensions = [.options(0, more: 0)]
        $0.payloadLength = UInt16(8 + cut)
      }
      add("IPv6 with \(cut) bytes of a TCP header", short, .malformed)
    }
    // An extension header that says that it continues after the packet.
    let overrun = Packet().ipv6 { $0.extensions = [.options(0, more: 0)] }
    for length in UInt8(4)...255 where length % 16 == 15 {
      add(
        "an extension header of \(length) units",
        overrun.payload(wholeRequest).with { packet in
          packet.network = .ipv6(packet.sixOverrun(length))
        }, .malformed)
    }
  }

  mutating func addFragments() {
    add("an IPv4 first fragment", Packet().payload(wholeRequest).ipv4 { $0.moreFragments = true }, .fragment)
    for offset in [UInt16(1), 2, 3, 7, 100, 185, 0x1000, 0x1fff] {
      for more in [false, true] {
        let text = Packet().payload(wholeRequest)
        add(
          "an IPv4 fragment at \(offset), more \(more)",
          text.ipv4 {
            $0.fragmentOffset = offset
            $0.moreFragments = more
            $0.dontFragment = false
          }, .fragment)
        add(
          "an IPv4 fragment of UDP at \(offset), more \(more)",
          text.transport(17).ipv4 {
            $0.fragmentOffset = offset
            $0.moreFragments = more
          }, .fragment)
        add(
          "an IPv6 fragment at \(offset), more \(more)",
          text.ipv6 { $0.extensions = [.fragment(offset: offset, more: more)] }, .fragment)
        add(
          "an IPv6 fragment of UDP at \(offset), more \(more)",
          text.transport(17).ipv6 { $0.extensions = [.fragment(offset: offset, more: more)] }, .fragment)
      }
    }
    for bytes in [UInt16(0), 8, 16] {
      add(
        "a first fragment with \(bytes) bytes of a TCP header",
        Packet().payload(wholeRequest).ipv4 {
          $0.moreFragments = true
          $0.totalLength = 20 + bytes
        }, bytes == 0 ? .malformed : .fragment)
    }
  }
}

extension Packet {
  /// The IPv6 header with a first extension header that claims `units` more units of eight bytes.
  fileprivate func sixOverrun(_ units: UInt8) -> IPv6 {
    var header = IPv6()
    header.extensions = [.claiming(units)]
    return header
  }
}
