// SPDX-License-Identifier: Apache-2.0
import Randomness
import Testing

@testable import Exchanges

@Suite struct IntrusiveListTests {
  enum Kind {}
  typealias Index = TypedIndex<Kind>
  struct Element: BitwiseCopyable {
    var number: Int
    var links = Neighbours<Index>()
  }
  enum Order: ListOrder {
    static func neighbours(of element: ElementRef<Element>) -> ElementRef<Neighbours<Index>> {
      element.member(\.links)
    }
  }
  typealias List = IntrusiveList<Order>

  static func numbers(_ list: List, _ pool: borrowing SlotPool<Index, Element>) -> [Int] {
    var numbers: [Int] = [], next = list.first
    while let index = next {
      numbers.append(pool[index].number)
      next = List.after(index, in: pool)
    }
    return numbers
  }

  static func reversed(_ list: List, _ pool: borrowing SlotPool<Index, Element>) -> [Int] {
    var numbers: [Int] = [], next = list.last
    while let index = next {
      numbers.append(pool[index].number)
      next = List.before(index, in: pool)
    }
    return numbers
  }

  @Test func `an index fits in four bytes, and zero bytes are none`() {
    #expect(MemoryLayout<PackedIndex<Index>>.stride == 4)
    #expect(PackedIndex<Index>().index == nil)
    #expect(PackedIndex(Index(offset: 0)).index == Index(offset: 0))
    #expect(PackedIndex(Index(offset: 77)).index?.offset == 77)
    let zeroed = FixedArray<Int, PackedIndex<Index>>(zeroed: 1)
    #expect(zeroed[0].value.isNone)
  }

  @Test func `a slot given back is the next one, and a full pool takes nothing`() {
    var pool = SlotPool<Index, Element>(capacity: 2)
    let first = pool.add(Element(number: 1)), second = pool.add(Element(number: 2))
    #expect(first?.offset == 0 && second?.offset == 1 && pool.isFull)
    #expect(pool.add(Element(number: 3)) == nil)
    if let first { pool.remove(first) }
    #expect(!pool.isFull && pool.count == 1)
    #expect(pool.add(Element(number: 4)) == first)
  }

  @Test(arguments: 0..<20)
  func `a list is what an array is, forwards and backwards`(seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed))
    var pool = SlotPool<Index, Element>(capacity: 12)
    var list = List()
    var plain: [(number: Int, index: Index)] = []
    for number in 0..<300 {
      if Bool.random(using: &random), let index = pool.add(Element(number: number)) {
        let place = Int.random(in: 0...plain.count, using: &random)
        if place == plain.count, Bool.random(using: &random) {
          list.append(index, in: pool)
        } else {
          list.insert(index, after: place == 0 ? nil : plain[place - 1].index, in: pool)
        }
        plain.insert((number, index), at: place)
      } else if !plain.isEmpty {
        let gone = plain.remove(at: Int.random(in: 0..<plain.count, using: &random))
        list.remove(gone.index, in: pool)
        pool.remove(gone.index)
      }
      let forwards = Self.numbers(list, pool), backwards = Self.reversed(list, pool)
      #expect(forwards == plain.map(\.number) && backwards == forwards.reversed(), "seed \(seed)")
      #expect(list.isEmpty == plain.isEmpty)
    }
  }
}
