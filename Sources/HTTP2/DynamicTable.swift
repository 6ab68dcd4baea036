// SPDX-License-Identifier: Apache-2.0

/// The dynamic table of one direction (RFC 7541, section 2.3.2), which may be joined late.
///
///     index:   0 (newest)  1  2 ... count-1 | older entries, from before the watch or a gap
///              held: name, lengths, value    | unknown; none when `isComplete`
///
/// What can be known after joining late, and why it is never wrong:
///
/// - Indices count from the newest entry, and entries leave at the oldest end alone. So an entry inserted
///   since the join has an index that follows from the insertions after it, whatever the table held before,
///   however large it is and whatever was evicted. Evictions and size updates change which entries are
///   present, never the index of one that is. An index beyond the held entries is `unknown`.
/// - An entry larger than the table empties it and is not inserted (section 4.4). When the table's size or
///   the entry's is unknown it is held all the same: had the table been emptied, no index could refer to it
///   or to an older entry, and those of newer entries are the same in both cases.
/// - `maximum` is an upper bound of the table's real maximum: exact after a size update, after a gap what the
///   peer's settings allow, without those unbounded. `size` is a lower bound of the held entries' size: an
///   unknown name counts 0 bytes. Once `size` exceeds `maximum` the oldest held entry has left for certain;
///   once `size` + 32 exceeds it there is no place for an older one. Then the table `isComplete`: an
///   index beyond it is a fault of the sender, not something unknown.
/// - The held entries may include some that have left the real table; only a faulty sender refers to those,
///   and its peer ends the connection.
///
/// A block that is lost, refused or cut may have inserted anything: then `clear`.
@safe
struct DynamicTable: ~Copyable {
  /// One entry; of a name that is not kept only lengths.
  struct Entry: BitwiseCopyable {
    var name: FieldName = .unknown
    /// Bytes of the name; -1 when it is unknown.
    var nameLength: Int32 = -1
    var valueLength: Int32 = 0
    /// Where the value begins, or would, when it is not kept: a position that only grows, and wraps.
    var start: UInt32 = 0

    /// What it counts, at least (RFC 7541, section 4.1).
    @inline(__always)
    var size: Int { 32 &+ Int(max(nameLength, 0)) &+ Int(valueLength) }

    /// Bytes of its value in `values`.
    @inline(__always)
    var kept: Int { name.isKept ? Int(valueLength) : 0 }
  }

  /// The most that a table may hold, whatever the peer allows: what is older is unknown then.
  static let cap = 64 * 1024

  /// The number of entries held, the newest ones.
  private(set) var count = 0
  /// Whether no older entry than the held ones can be in the real table.
  private(set) var isComplete: Bool
  /// What the held entries count, at least.
  private(set) var size = 0
  /// What they count at most; `Int.max` when nothing is known.
  private(set) var maximum: Int
  /// Whether `maximum` is what the sender has set, not only an upper bound of it.
  private(set) var isMaximumExact: Bool

  // A ring: the oldest entry at `first`; the capacity is a power of two.
  private var entries: RecordArray<Entry>
  private var first = 0
  // The values in the order of their entries, each in one piece, in a ring: the place of a position is its
  // remainder by the capacity, a power of two. `end` is after the newest one.
  private var values: ByteMemory
  private var end: UInt32 = 0

  /// An empty table of a connection from its start on, or one joined late.
  init(joinedLate: Bool) {
    isComplete = !joinedLate
    isMaximumExact = !joinedLate
    maximum = joinedLate ? .max : Int(Settings.initialTableSize)
    // What a table of 4,096 bytes holds mostly; both grow, up to the cap.
    entries = RecordArray(capacity: 32, filledWith: Entry())
    values = ByteMemory(capacity: 1024)
  }

  /// Bytes of memory held.
  var memory: Int { entries.capacity * MemoryLayout<Entry>.stride + values.capacity }

  /// Forgets all entries: what the real table holds is unknown, and at most `bound` bytes.
  mutating func clear(bound: Int) {
    forget()
    maximum = bound
    isMaximumExact = false
  }

  private mutating func forget() {
    count = 0
    size = 0
    isComplete = false
  }

  /// The sender sets the maximum.
  mutating func resize(to bytes: Int) {
    maximum = bytes
    isMaximumExact = true
    evict(for: 0)
  }

  /// The sender may use at most this many bytes from now on.
  mutating func limit(to bytes: Int) {
    guard bytes < maximum else { return }
    maximum = bytes
    evict(for: 0)
  }

  /// The entry at `index` from the newest on; the index is below `count`.
  @inline(__always)
  borrowing func entry(_ index: Int) -> Entry {
    entries[slot(count &- 1 &- index)]
  }

  /// Adds an entry of the table to a list.
  @inline(__always)
  borrowing func append(_ index: Int, to list: HeaderList) {
    let entry = entry(index)
    var field = HeaderList.Field(
      name: entry.name, nameLength: entry.nameLength, valueLength: entry.valueLength)
    if entry.name.isKept {
      field.start = list.copy(values, from: place(entry.start), count: Int(entry.valueLength))
      field.hasValue = field.start >= 0
    }
    list.append(field)
  }

  /// Inserts a field whose value, when its name is kept, lies in `list` at `start`.
  mutating func insert(
    _ name: FieldName, nameLength: Int32, valueLength: Int32, from list: HeaderList, at start: Int
  ) {
    var entry = Entry(name: name, nameLength: nameLength, valueLength: valueLength)
    evict(for: entry.size)
    guard entry.size <= maximum else { return }
    // Inserted there, and no place here: what is older cannot be held either, or indices would be wrong.
    guard entry.size <= Self.cap else { return forget() }
    while size &+ entry.size > Self.cap { dropOldest(isGone: false) }
    if count == entries.capacity {
      entries.double(unrolling: first)
      first = 0
    }
    if entry.kept > 0 { makeRoom(for: entry.kept) }
    entry.start = end
    if entry.kept > 0 {
      values.copyWords(list.values, from: start, count: entry.kept, to: place(end))
      end &+= UInt32(truncatingIfNeeded: entry.kept)
    }
    entries[slot(count)] = entry
    count &+= 1
    size &+= entry.size
    noteCompleteness()
  }

  /// Drops what must have left the table when `bytes` more come in.
  @inline(__always)
  private mutating func evict(for bytes: Int) {
    while count > 0, size > maximum &- bytes { dropOldest(isGone: true) }
    if bytes > maximum { isComplete = true }
    noteCompleteness()
  }

  /// Nothing older than the held entries fits beside them.
  @inline(__always)
  private mutating func noteCompleteness() {
    if size > maximum &- 32 { isComplete = true }
  }

  /// Drops the oldest entry, which has left the real table, or which there is no memory for.
  private mutating func dropOldest(isGone: Bool) {
    size &-= entries[first].size
    first = (first &+ 1) & (entries.capacity &- 1)
    count &-= 1
    isComplete = isGone
  }

  @inline(__always)
  private borrowing func place(_ position: UInt32) -> Int {
    Int(position) & (values.capacity &- 1)
  }

  /// Moves `end` to where a value of `bytes` bytes fits in one piece, with the slack after it that a copy of
  /// whole words writes to, and before the oldest value comes round.
  ///
  /// With a capacity of twice what all values need and the slack that place is always there: what is left free at
  /// the end of memory is less than one value.
  private mutating func makeRoom(for bytes: Int) {
    var start = end
    let rest = values.capacity &- place(start)
    if bytes > rest { start &+= UInt32(truncatingIfNeeded: rest) }
    let oldest = count > 0 ? entries[first].start : start
    if Int(start &- oldest) &+ bytes &+ ByteMemory.slack <= values.capacity {
      end = start
    } else {
      grow(adding: bytes)
    }
  }

  /// Moves all values to the beginning of memory that has place for twice as many with `bytes` more.
  private mutating func grow(adding bytes: Int) {
    var total = bytes
    for index in 0..<count { total &+= entries[slot(index)].kept }
    var capacity = values.capacity
    while capacity < 2 &* total &+ ByteMemory.slack { capacity *= 2 }
    let moved = ByteMemory(capacity: capacity)
    var next = 0
    for index in 0..<count {
      var entry = entries[slot(index)]
      moved.copyWords(values, from: place(entry.start), count: entry.kept, to: next)
      entry.start = UInt32(truncatingIfNeeded: next)
      next &+= entry.kept
      entries[slot(index)] = entry
    }
    end = UInt32(truncatingIfNeeded: next)
    values = moved
  }

  /// The place of the entry at `index` from the oldest on.
  @inline(__always)
  private borrowing func slot(_ index: Int) -> Int {
    (first &+ index) & (entries.capacity &- 1)
  }
}
