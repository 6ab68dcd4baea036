// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import wiretally

@Suite struct WorkerCountTests {
  @Test(arguments: [(1, 1), (2, 1), (12, 1), (13, 2), (64, 6), (96, 8), (1_024, 8)])
  func `auto takes a worker for every twelve processors, eight at most`(processors: Int, workers: Int) {
    #expect(WorkerCount(argument: "auto")?.count(processors: processors) == workers)
  }

  @Test func `a number is that many, whatever the machine has`() {
    #expect(WorkerCount(argument: "3")?.count(processors: 64) == 3)
    #expect(WorkerCount(argument: "three") == nil)
  }
}
