// SPDX-License-Identifier: Apache-2.0

import Capture
import HTTP1

/// Reading a file in the order of its packets' times.
extension CaptureFile {
  /// Looks through a file from its first packet on, and finds the order of its packets if they do not
  /// stand in the order of their times. A fault in the file is left for the reading proper.
  func findOrder() {
    guard input.canSeek else { return }
    let begin = input.position, first = format
    var look = RecordOrder.Look()
    sample(&look)
    if !look.isPlainlyInOrder {
      walk { time, _ in
        look.add(time)
      } until: {
        look.isPlainlyInOrder
      }
    }
    if look.isBeyondSorting {
      notice =
        "\(input.name): its packets are not in the order of their times, and too many to be put in order; "
        + "requests may be missing; hint: reordercap \(input.name) ordered.pcapng"
    } else if look.isWorthSorting {
      input.seek(to: begin)
      format = first
      var found = RecordOrder()
      found.reserve(look.packets)
      var section: (number: Int, offset: UInt64, blocks: NextGenerationFormat)?
      walk { time, offset in
        found.add(time: time, offset: offset)
      } afterEach: { format, offset in
        guard case .nextGeneration(let blocks) = format else { return }
        if let section, section.number != blocks.section { found.endSection(section.offset, section.blocks) }
        let start = section?.number == blocks.section ? section?.offset ?? offset : offset
        section = (blocks.section, start, blocks)
      }
      if let section { found.endSection(section.offset, section.blocks) }
      found.sort(endingAt: input.position)
      input.map()
      order = found
    }
    input.seek(to: begin)
    format = first
    packets = 0
    unreadable = 0
  }

  /// Reads the next packet in the order found; false at the end of the file.
  func nextInOrder(_ body: (FilePacket, RawSpan) -> Void) throws(CaptureError) -> Bool {
    guard let record = order?.take() else {
      // After the last packet is the end of the file, or the fault that is reported now.
      input.seek(to: order?.end ?? input.position)
      return try read(body)
    }
    input.seek(to: record.offset)
    if let blocks = order?.format(at: record.offset) { format = .nextGeneration(blocks) }
    return try read { packet, bytes in
      var packet = packet
      packet.time = record.time
      body(packet, bytes)
    }
  }

  /// Looks at the first packets of the format whose packets follow each other, in one go.
  private func sample(_ look: inout RecordOrder.Look) {
    guard case .classic(let classic) = format else { return }
    do throws(CaptureError) {
      _ = try classic.next(RecordOrder.sample, self) { packet, _ in look.add(packet.time) }
    } catch {
      // As in `walk`, which comes upon it again.
    }
  }

  /// Steps through the packets up to the end or a fault, or until that is enough.
  func walk(
    _ body: (_ time: UInt64, _ offset: UInt64) -> Void,
    afterEach note: (Format, UInt64) -> Void = { _, _ in },
    until isEnough: () -> Bool = { false }
  ) {
    do throws(CaptureError) {
      while true {
        let unread = unreadable
        var at = input.position
        let more = try read { packet, _ in
          at = input.position
          body(packet.time, at)
        }
        guard more else { return }
        // A packet that cannot be read keeps its place, so that it is counted.
        if unreadable > unread { body(0, at) }
        note(format, at)
        if isEnough() { return }
      }
    } catch {
      // It is reported when the packets before it have been read.
    }
  }
}
