// SPDX-License-Identifier: Apache-2.0

/// ELF files of a few hundred bytes: one executed part and a table of names, as a linker lays them out.
package struct ELFBuilder {
  /// Where the code is loaded, unlike where it lies in the file.
  package static let address: UInt64 = 0x1000
  /// Where the code lies in the file.
  package static let offset = 64 + 56

  private var code: [UInt8] = []
  private var functions: [(name: String, address: UInt64)] = []
  /// e_machine, of x86-64 by default.
  package var machine: UInt16 = 62
  /// The kind of the table: SHT_DYNSYM.
  package var kind: UInt32 = 11
  /// Further sections, by their names.
  package var sections: [(name: String, bytes: [UInt8])] = []

  package init() {}

  /// Appends a function, at a multiple of 64 bytes; nameless ones are no symbols.
  /// - Returns: Its distance from the beginning of the code.
  @discardableResult
  package mutating func add(_ name: String, _ bytes: [UInt8]) -> Int {
    while code.count % 64 != 0 { code.append(0xcc) }
    let start = code.count
    if !name.isEmpty { functions.append((name, Self.address + UInt64(start))) }
    code += bytes
    return start
  }

  /// The library of an OpenSSL with everything in it.
  /// - Parameters:
  ///   - hasLanding: its functions begin with `endbr64`.
  ///   - hasFlags: it has the form of SSL_write with flags.
  package static func openSSL(hasLanding: Bool = false, hasFlags: Bool = false) -> ELFBuilder {
    let landing: [UInt8] = hasLanding ? [0xf3, 0x0f, 0x1e, 0xfa] : []
    var file = ELFBuilder()
    let read = file.add("", landing + [0x41, 0x55, 0x41, 0x54, 0x55])
    let write = file.add("", landing + [0x53, 0x48, 0x83, 0xec, 0x10])
    file.addCaller("SSL_read_ex@@OPENSSL_3.0.0", of: read, landing)
    file.addCaller(hasFlags ? "SSL_write_ex2" : "SSL_write_ex", of: write, landing)
    file.add("SSL_do_handshake", landing + [0x55, 0x53, 0x48, 0x83, 0xec, 0x38])
    file.add(
      "SSL_free", landing + [0x48, 0x85, 0xff] + (hasLanding ? [0x74, 0x6f] : [0x0f, 0x84, 0x97, 3, 0, 0]))
    return file
  }

  /// The library of a GnuTLS with everything in it.
  /// - Parameters:
  ///   - hasLanding: its functions begin with `endbr64`.
  ///   - isOld: it is one before 3.6.3, without a form of sending with flags.
  package static func gnuTLS(hasLanding: Bool = false, isOld: Bool = false) -> ELFBuilder {
    let landing: [UInt8] = hasLanding ? [0xf3, 0x0f, 0x1e, 0xfa] : []
    var file = ELFBuilder()
    let receive: [UInt8] = isOld ? [0x80, 0xbf, 0xb8, 6, 0, 0, 0] : [0x48, 0x83, 0xec, 8]
    file.add("gnutls_record_recv@@GNUTLS_3_4", landing + receive)
    if isOld {
      file.add("gnutls_record_send@@GNUTLS_3_4", landing + [0x53, 0x48, 0x83, 0xec, 0x10])
    } else {
      file.add("gnutls_record_send@@GNUTLS_3_4", landing + [0x45, 0x31, 0xc0, 0x31, 0xc9, 0xe9, 0, 0, 0, 0])
      file.add("gnutls_record_send2@@GNUTLS_3_6_3", landing + [0x41, 0x57, 0x41, 0x56])
    }
    file.add("gnutls_handshake@@GNUTLS_3_4", landing + [0x41, 0x57, 0x41, 0x56])
    file.add("gnutls_deinit@@GNUTLS_3_4", landing + [0x48, 0x85, 0xff, 0x0f, 0x84, 3, 7, 0, 0])
    return file
  }

  /// Appends `sub $8,%rsp; call`.
  package mutating func addCaller(_ name: String, of callee: Int, _ landing: [UInt8] = []) {
    while code.count % 64 != 0 { code.append(0xcc) }
    let distance = Int32(callee - (code.count + landing.count + 9))
    add(name, landing + [0x48, 0x83, 0xec, 8, 0xe8] + Self.bytes(UInt64(UInt32(bitPattern: distance)), 4))
  }

  /// The file's bytes.
  package var bytes: [UInt8] {
    var names: [UInt8] = [0], symbols = [UInt8](repeating: 0, count: 24)
    for function in functions {
      symbols += Self.bytes(UInt64(names.count), 4) + [0x12, 0] + Self.bytes(1, 2)
      symbols += Self.bytes(function.address, 8) + Self.bytes(16, 8)
      names += Array(function.name.utf8) + [0]
    }
    while (names.count + code.count) % 8 != 0 { names.append(0) }
    let namesAt = Self.offset + code.count, symbolsAt = namesAt + names.count
    var others: [(name: Int, offset: Int, count: Int)] = []
    var rest: [UInt8] = [], sectionNames: [UInt8] = [0]
    for section in sections + [(".shstrtab", [])] {
      others.append((sectionNames.count, symbolsAt + symbols.count + rest.count, section.bytes.count))
      sectionNames += Array(section.name.utf8) + [0]
      rest += section.bytes
    }
    others[others.count - 1].count = sectionNames.count
    rest += sectionNames
    while rest.count % 8 != 0 { rest.append(0) }
    var file: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 9)
    file += Self.bytes(3, 2) + Self.bytes(UInt64(machine), 2) + Self.bytes(1, 4) + Self.bytes(0, 8)
    file += Self.bytes(64, 8) + Self.bytes(UInt64(symbolsAt + symbols.count + rest.count), 8)
    file += Self.bytes(0, 4)
    let count = UInt64(3 + others.count)
    for number: UInt64 in [64, 56, 1, 64, count, count - 1] { file += Self.bytes(number, 2) }
    // PT_LOAD, readable and executed.
    file += Self.bytes(1, 4) + Self.bytes(5, 4) + Self.bytes(UInt64(Self.offset), 8)
    file += Self.bytes(Self.address, 8) + Self.bytes(Self.address, 8)
    file += Self.bytes(UInt64(code.count), 8) + Self.bytes(UInt64(code.count), 8) + Self.bytes(4_096, 8)
    file += code + names + symbols + rest
    file += [UInt8](repeating: 0, count: 64)
    file += Self.section(kind, at: symbolsAt, count: symbols.count, link: 2, entry: 24)
    file += Self.section(3, at: namesAt, count: names.count, link: 0, entry: 0)
    for other in others {
      file += Self.section(1, at: other.offset, count: other.count, link: 0, entry: 0, name: other.name)
    }
    return file
  }

  private static func section(
    _ kind: UInt32, at offset: Int, count: Int, link: UInt64, entry: UInt64, name: Int = 0
  ) -> [UInt8] {
    bytes(UInt64(name), 4) + bytes(UInt64(kind), 4) + bytes(0, 8) + bytes(0, 8) + bytes(UInt64(offset), 8)
      + bytes(UInt64(count), 8) + bytes(link, 4) + bytes(0, 4) + bytes(8, 8) + bytes(entry, 8)
  }

  static func bytes(_ number: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0))) }
  }
}
