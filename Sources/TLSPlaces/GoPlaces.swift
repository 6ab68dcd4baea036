// SPDX-License-Identifier: Apache-2.0

/// The places of Go's crypto/tls in a program: beginnings and ends of Conn's functions.
///
/// Goroutines' stacks are moved while they run, so that a probe that puts another return address there crashes them: the ends are
/// probes at each `ret`, which are where the stack pointer is back at its beginning's place, by the runtime's own table.
enum GoPlaces {
  private static let type = "crypto/tls.(*Conn)."
  /// Read, Write and one of the handshakes are all that a program needs; Close is where it says so.
  private static let functions: [(name: String, function: ProbePlace.Function)] = [
    ("Read", .goRead), ("Write", .goWrite), ("serverHandshake", .goHandshake),
    ("clientHandshake", .goHandshake), ("Close", .goClose),
  ]

  /// Whether a file is a Go program that speaks TLS.
  static func isSpoken(in file: ELFFile) -> Bool {
    // By the name alone: what is of an unknown version is to be named.
    GoFunctions.range(in: file).map { file.has([type + "Read"], in: $0) } ?? false
  }

  /// The places in a file: each function's beginning, and all ends of those that return text.
  static func find(in file: ELFFile) throws(PlaceFault) -> [ProbePlace] {
    guard let bytes = GoFunctions.bytes(in: file) else { throw .unknownGo }
    let table = try GoFunctions(bytes)
    let found = table.find(Set(functions.map { type + $0.name }))
    var places: [ProbePlace] = []
    for (name, function) in functions {
      guard let code = found[type + name] else {
        if function == .goRead || function == .goWrite { throw .missing(type + name) }
        continue
      }
      places.append(try beginning(of: code, type + name, function, file))
      if function != .goClose { places += try ends(of: code, type + name, function, table, file) }
    }
    return places
  }

  private static func beginning(
    of code: GoFunctions.Function, _ name: String, _ function: ProbePlace.Function, _ file: ELFFile
  ) throws(PlaceFault) -> ProbePlace {
    let bytes = file.code(at: code.address, count: CodePattern.length)
    guard let distance = CodePattern.stackCheck(bytes), let offset = file.offset(of: code.address) else {
      throw .unknownCode(name, bytes)
    }
    return ProbePlace(function, offset: UInt64(offset + distance))
  }

  /// Each `ret`: where the stack pointer is back at its place of the beginning, which it is for that one byte.
  private static func ends(
    of code: GoFunctions.Function, _ name: String, _ function: ProbePlace.Function, _ table: GoFunctions,
    _ file: ELFFile
  ) throws(PlaceFault) -> [ProbePlace] {
    guard let ranges = table.stackRanges(of: code), let first = ranges.first, first.distance == 0,
      let last = ranges.last
    else { throw .unknownEnds(name) }
    var places: [ProbePlace] = []
    // The first range is where room is made. The last one is where the stack is made larger, maybe after a `ret`.
    for range in ranges.dropFirst() where range.distance == 0 {
      let count = range.range.upperBound - range.range.lowerBound
      let byte = file.code(at: range.range.lowerBound, count: 1).first
      if count == 1 || range == last, byte == CodePattern.ret,
        let offset = file.offset(of: range.range.lowerBound)
      {
        places.append(ProbePlace(function, offset: UInt64(offset), isEnd: true))
      } else if range != last {
        throw .unknownEnds(name)
      }
    }
    guard !places.isEmpty else { throw .unknownEnds(name) }
    return places
  }
}
