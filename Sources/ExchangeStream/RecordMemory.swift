// SPDX-License-Identifier: Apache-2.0

/// A fixed number of places for records, each with room for its facts and its texts, in memory that is
/// reserved at once and becomes resident by use.
///
/// It is the one file of this target with pointers. It is not safe to share between threads; its owners
/// say who may use which place when. A place's facts must be set before they are read.
@safe
final class RecordMemory {
  /// Bytes of a place: the facts, then the texts.
  static let placeSize = 2_048
  static let textOffset = 192
  static let textRoom = placeSize - textOffset

  let capacity: Int
  // Owned from init to deinit; every access is checked against `capacity` and `textRoom`.
  private let base: UnsafeMutableRawPointer

  init(capacity: Int) {
    precondition(capacity > 0 && MemoryLayout<ExchangeFacts>.size <= Self.textOffset)
    self.capacity = capacity
    unsafe base = UnsafeMutableRawPointer.allocate(byteCount: capacity * Self.placeSize, alignment: 64)
  }

  deinit { unsafe base.deallocate() }

  /// The facts at a place.
  subscript(place: Int) -> ExchangeFacts {
    get {
      precondition(place >= 0 && place < capacity)
      // In bounds and aligned to 64 bytes; set before, by the type's contract.
      return unsafe base.load(fromByteOffset: place * Self.placeSize, as: ExchangeFacts.self)
    }
    set {
      precondition(place >= 0 && place < capacity)
      // As above; the facts are trivial, so nothing is lost by writing over them.
      unsafe base.storeBytes(of: newValue, toByteOffset: place * Self.placeSize, as: ExchangeFacts.self)
    }
  }

  /// Writes a text at `start` of a place's texts, as much of it as fits; returns how many bytes.
  func write(_ text: RawSpan, to place: Int, at start: Int) -> Int {
    precondition(place >= 0 && place < capacity && start >= 0 && start <= Self.textRoom)
    let count = min(text.byteCount, Self.textRoom - start)
    guard count > 0 else { return 0 }
    unsafe text.withUnsafeBytes { source in
      // In the place by the checks above; count > 0, so the source has an address.
      if let from = source.baseAddress {
        unsafe (base + place * Self.placeSize + Self.textOffset + start)
          .copyMemory(from: from, byteCount: count)
      }
    }
    return count
  }

  /// The first `count` bytes of a place's texts; valid until the place is written.
  @_lifetime(borrow self)
  func texts(_ place: Int, count: Int) -> RawSpan {
    precondition(place >= 0 && place < capacity && count >= 0 && count <= Self.textRoom)
    // In bounds by the check above.
    let span = unsafe RawSpan(
      _unsafeStart: base + place * Self.placeSize + Self.textOffset, byteCount: count)
    return unsafe _overrideLifetime(span, borrowing: self)
  }
}
