// SPDX-License-Identifier: Apache-2.0
internal import Capture
internal import CLibbpf
internal import Glibc
internal import System

/// The filter in the kernel with its rings and counters, hanging on no socket yet.
final class LoadedFilter: Sendable {
  let object: FilterObject
  let readers: [RingReader]
  let counters: FilterCounters
  let clock: CaptureClock
  /// Where workers write what they wish of connections; nil but at depth `auto`.
  let marks: DepthMarks?
  /// Where they answer where frames begin; nil but at depth `auto`.
  let answers: FrameAnswers?
  let life = CaptureLife()
  /// The clients of TLS that readers see, once somebody wants to know.
  let clients = SeenClients()
  /// Bytes of each ring, as it came to be.
  let ringBytes: Int
  /// What was done otherwise than asked, in words.
  let notices: [String]

  /// Rings are never made smaller than this.
  private static let leastRing = 256 << 10

  init(_ options: KernelCaptureOptions) throws(CaptureError) {
    Self.raiseLockedMemory()
    let workers = min(max(options.workers, 1), 64)
    let page = Int(getpagesize())
    let asked = KernelCaptureOptions.roundedRingBytes(options.ringBytes, page: page)
    let (descriptors, bytes) = try Self.makeRings(workers, bytes: asked)
    let processors = Int(libbpf_num_possible_cpus())
    guard processors > 0 else {
      throw CaptureError(.unavailable, "cannot tell the number of processors from /sys")
    }
    let seed = UInt64.random(in: .min ... .max)
    object = try FilterObject(
      FilterSettings(
        ports: options.ports, depth: options.depth, direction: options.direction,
        watchesSeveral: options.interfaces.count != 1, workers: workers, ringBytes: bytes,
        processors: processors, seed: seed, passesBare: options.deliversBare, helloPorts: options.helloPorts),
      file: options.filterObject)
    var rings: [RingMemory] = []
    do throws(SystemError) {
      counters = try FilterCounters(
        object.processorMap, stride: object.processorBytes, processors: processors)
      marks =
        options.depth == .auto ? try DepthMarks(object.markMap, marked: object.markedMap, seed: seed) : nil
      answers =
        if let marks { try FrameAnswers(object.answerMap, marks: marks) } else { nil }
      for descriptor in descriptors { rings.append(try RingMemory(descriptor, capacity: bytes)) }
    } catch {
      throw CaptureError(.unavailable, "cannot map the ring: \(error.reason)")
    }
    for (index, descriptor) in descriptors.enumerated() { try object.place(descriptor, at: index) }
    let kernel = KernelClock(program: object.clockProgram, counters: counters)
    clock = CaptureClock { kernel.read() }
    let (clock, life, marks, answers, clients) = (clock, life, marks, answers, clients)
    readers = rings.enumerated().map { worker, ring in
      RingReader(
        ring: ring, clock: clock, life: life, marks: marks, answers: answers,
        fragments: FragmentReader(
          ports: options.ports, depth: options.depth,
          share: .init(worker: worker, workers: workers, seed: seed)), clients: clients)
    }
    ringBytes = bytes
    notices = bytes < asked ? ["ring reduced to \(Self.words(bytes)): cannot allocate memory"] : []
  }

  /// What the filter has counted so far, and what was read in fragments: these matched where they were put together.
  func counted() -> CaptureCounters {
    var counters = counters.sum()
    for reader in readers { counters.matched &+= reader.joined }
    // Every reader gets every fragment and leaves out the same ones.
    counters.fragmentsRefused &+= readers.first?.refused ?? 0
    counters.restamped = clock.restamped
    return counters
  }

  /// All rings in one size: the largest there is memory for, halving from `bytes`.
  private static func makeRings(_ count: Int, bytes: Int) throws(CaptureError) -> ([Descriptor], Int) {
    var bytes = bytes
    while true {
      var rings: [Descriptor] = []
      for _ in 0..<count {
        wt_bpf_log_begin()
        // The name is copied; no options.
        let number = unsafe bpf_map_create(
          BPF_MAP_TYPE_RINGBUF, "wiretally_ring", 0, 0, UInt32(bytes), nil)
        if number < 0 { break }
        rings.append(Descriptor(number))
      }
      if rings.count == count { return (rings, bytes) }
      let fault = SystemError.last
      if fault.code == ENOMEM && bytes / 2 >= leastRing {
        bytes /= 2
        continue
      }
      if fault.code == EINVAL {
        throw CaptureError(.unavailable, "the kernel has no BPF ring buffer (needs 5.8)")
      }
      throw BPFRefusal.error("cannot make a ring of \(words(bytes))", fault)
    }
  }

  /// Kernels before 5.11 charge maps to the locked memory. That it cannot be raised is no fault yet.
  private static func raiseLockedMemory() {
    var limit = rlimit(rlim_cur: rlim_t.max, rlim_max: rlim_t.max)
    // Reads one local variable.
    unsafe setrlimit(__rlimit_resource_t(__RLIMIT_MEMLOCK.rawValue), &limit)
  }

  private static func words(_ bytes: Int) -> String {
    bytes >= 1 << 20 ? "\(bytes >> 20) MiB" : "\(bytes >> 10) KiB"
  }
}
