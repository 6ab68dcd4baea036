// SPDX-License-Identifier: Apache-2.0

/// Bytes in memory of its own, owned and bounds-checked: the one place of this module with raw pointers.
///
/// Every access is checked against `capacity` by a precondition; callers compute places from lengths that
/// they have checked, so that no byte off the wire reaches a failing one. Copies move sixteen bytes at a
/// time and may write up to `slack` bytes beyond what was asked for, within `capacity + slack`.
@safe
struct ByteMemory: ~Copyable {
  /// Bytes allocated beyond `capacity`, so that whole words can be moved at its end.
  static let slack = 16

  // Owned from init to deinit.
  private var base: UnsafeMutableRawPointer
  /// Bytes that may be used.
  private(set) var capacity: Int

  init(capacity: Int) {
    self.capacity = max(capacity, 0)
    let bytes = self.capacity + Self.slack
    unsafe base = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 16)
    // Zeros: a copy of whole words may read bytes of the slack, which have to have a value.
    unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
  }

  deinit { unsafe base.deallocate() }

  /// Moves to memory of another size; the first `count` bytes stay.
  mutating func resize(to capacity: Int, keeping count: Int) {
    precondition(count >= 0 && count <= self.capacity && count <= capacity)
    let bytes = capacity + Self.slack
    let moved = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 16)
    unsafe moved.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    // Both hold `count` bytes by the check above.
    if count > 0 { unsafe moved.copyMemory(from: base, byteCount: count) }
    unsafe base.deallocate()
    unsafe base = moved
    self.capacity = capacity
  }

  /// Copies `count` bytes of `source` from `start` on to `offset`.
  @inline(__always)
  func copy(_ source: RawSpan, from start: Int, count: Int, to offset: Int) {
    precondition(offset >= 0 && count >= 0 && offset &+ count <= capacity)
    precondition(start >= 0 && start &+ count <= source.byteCount)
    guard count > 0 else { return }
    unsafe source.withUnsafeBytes { bytes in
      // count > 0, so the source has an address; both places are in bounds by the checks above.
      if let from = bytes.baseAddress {
        unsafe (base + offset).copyMemory(from: from + start, byteCount: count)
      }
    }
  }

  /// Copies `count` bytes at `start` of other memory to `offset`, sixteen at a time.
  @inline(__always)
  func copyWords(_ source: borrowing ByteMemory, from start: Int, count: Int, to offset: Int) {
    precondition(offset >= 0 && count >= 0 && offset &+ count <= capacity)
    precondition(start >= 0 && start &+ count <= source.capacity)
    var done = 0
    while done < count {
      // At most `slack` beyond the checked ends, in both; any bits are a valid vector.
      let word = unsafe (source.base + start + done).loadUnaligned(as: SIMD16<UInt8>.self)
      unsafe (base + offset + done).storeBytes(of: word, as: SIMD16<UInt8>.self)
      done &+= 16
    }
  }

  /// Moves `count` bytes from `start` to `offset`; the two places may overlap.
  func move(from start: Int, count: Int, to offset: Int) {
    precondition(start >= 0 && offset >= 0 && count >= 0)
    precondition(start &+ count <= capacity && offset &+ count <= capacity)
    // copyMemory allows overlapping places; both are in bounds by the checks above.
    if count > 0 { unsafe (base + offset).copyMemory(from: base + start, byteCount: count) }
  }

  /// Writes two bytes, the lowest first, of which the second may lie in the slack.
  @inline(__always)
  func storePair(_ pair: UInt16, at offset: Int) {
    assert(offset >= 0 && offset <= capacity)
    // Inside of the memory and its slack by the check that the decoder makes once for a whole string.
    unsafe base.storeBytes(of: pair.littleEndian, toByteOffset: offset, as: UInt16.self)
  }

  /// The bytes from `start` on; valid until the memory is written there, resized or freed.
  @inline(__always)
  @_lifetime(borrow self)
  borrowing func bytes(_ start: Int, count: Int) -> RawSpan {
    precondition(start >= 0 && count >= 0 && start &+ count <= capacity)
    // In bounds by the check; the span lives no longer than the borrow.
    return unsafe _overrideLifetime(
      RawSpan(_unsafeStart: base + start, byteCount: count), borrowing: self)
  }

  /// The address of `count` bytes from `start` on, for an owner that lends them itself.
  @unsafe
  func address(_ start: Int, count: Int) -> UnsafeRawPointer {
    precondition(start >= 0 && count >= 0 && start &+ count <= capacity)
    return unsafe UnsafeRawPointer(base + start)
  }
}

/// Records in memory of its own, owned and bounds-checked like `ByteMemory`.
@safe
struct RecordArray<Element: BitwiseCopyable>: ~Copyable {
  // Owned from init to deinit; all of it initialized; every access is checked against `capacity`.
  private var base: UnsafeMutablePointer<Element>
  private let filler: Element
  /// The number of records.
  private(set) var capacity: Int

  init(capacity: Int, filledWith filler: Element) {
    self.capacity = max(capacity, 1)
    self.filler = filler
    unsafe base = UnsafeMutablePointer<Element>.allocate(capacity: self.capacity)
    unsafe base.initialize(repeating: filler, count: self.capacity)
  }

  deinit { unsafe base.deallocate() }

  @inline(__always)
  subscript(index: Int) -> Element {
    get {
      precondition(index >= 0 && index < capacity)
      // In bounds by the check.
      return unsafe base[index]
    }
    nonmutating set {
      precondition(index >= 0 && index < capacity)
      // In bounds by the check.
      unsafe base[index] = newValue
    }
  }

  /// Moves to twice the memory, the records in a ring from `first` on to its beginning.
  mutating func double(unrolling first: Int) {
    let moved = UnsafeMutablePointer<Element>.allocate(capacity: capacity * 2)
    unsafe moved.initialize(repeating: filler, count: capacity * 2)
    // Each index is below `capacity`.
    for index in 0..<capacity { unsafe moved[index] = base[(first + index) % capacity] }
    unsafe base.deallocate()
    unsafe base = moved
    capacity *= 2
  }
}
