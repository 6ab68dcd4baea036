// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization
import System
import Testing

@Suite struct MemoryTests {
  @Test func `reserved storage is zero, holds what is written and is zero again after clearing`() throws {
    let storage = try ZeroedStorage<UInt64>(reserving: 10_000)
    var values = (0..<storage.count).map { storage[$0] }
    #expect(values == [UInt64](repeating: 0, count: 10_000))
    for index in 0..<10_000 { storage[index] = UInt64(index) }
    storage.clear(from: 100, count: 50)
    values = (0..<storage.count).map { storage[$0] }
    #expect(values == (0..<10_000).map { (100..<150).contains($0) ? 0 : UInt64($0) })
  }

  @Test func `bytes in storage are copied, and compared at every length`() throws {
    let storage = try ZeroedStorage<UInt8>(reserving: 64), other = try ZeroedStorage<UInt8>(reserving: 64)
    for length in 0..<40 {
      let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ length) }
      storage.copy(bytes.rawSpan, to: 3)
      other.copy(storage, from: 3, count: length, to: 5)
      let isSame = other.equals(bytes.rawSpan, at: 5)
      #expect(isSame, "\(length) bytes")
      for index in 0..<length {
        var changed = bytes
        changed[index] ^= 1
        let isSame = other.equals(changed.rawSpan, at: 5)
        #expect(!isSame, "byte \(index) of \(length)")
      }
    }
  }

  @Test func `the elements in use are those that are not zero, at either end of what is asked for too`()
    throws
  {
    let counts = try ZeroedStorage<UInt32>(reserving: 100)
    for used in [[0], [1], [7, 8, 30], [99], [0, 1, 2, 97, 98, 99], []] {
      counts.clear(from: 0, count: 100)
      for index in used { counts[index] = 1 << 31 }
      for (start, length) in [(0, 100), (1, 99), (7, 24), (1, 1), (100, 0)] {
        var found: [Int] = []
        counts.forEachUsed(from: start, count: length) { found.append($0) }
        #expect(
          found == used.filter { $0 >= start && $0 < start + length }, "\(used): \(length) from \(start)")
      }
    }
  }

  @Test func `more than the address space is refused, and little is available`() {
    #expect(AddressSpace.isAvailable(1 << 20))
    #expect(!AddressSpace.isAvailable(1 << 60))
    #expect(throws: SystemError(ENOMEM)) { _ = try ZeroedStorage<UInt64>(reserving: 1 << 57) }
  }

  @Test func `a mapped file's words are read within it, aligned, and nowhere else`() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "wiretally-mapped-\(UUID())").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let bytes = (0..<4_096).map { UInt8(truncatingIfNeeded: $0 / 8) }
    #expect(FileManager.default.createFile(atPath: path, contents: Data(bytes)))
    let file = try #require(FileHandle(forReadingAtPath: path))
    let memory = try MappedMemory(file.fileDescriptor, offset: 0, bytes: 4_096, writable: false)
    let second = unsafe memory.word(8)?.pointee.load(ordering: .relaxed)
    #expect(second == 0x0101_0101_0101_0101)
    let isLastMapped = unsafe memory.word(4_088) != nil
    #expect(isLastMapped)
    for outside in [-8, 4, 4_089, 4_096] {
      let isMapped = unsafe memory.word(outside) != nil
      #expect(!isMapped, "\(outside)")
    }
    #expect(throws: SystemError.self) { _ = try MappedMemory(-1, offset: 0, bytes: 4_096, writable: false) }
  }
}
