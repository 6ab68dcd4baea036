// SPDX-License-Identifier: Apache-2.0

import System

/// The content of one file of a history, read once from its beginning to its end into an index.
struct HistoryContents {
  /// Bytes of the file, and where its last whole record ends.
  let size: Int
  let end: Int
  let damaged: DamagedPlaces
  /// What follows `end` was not looked at: it is no torn record, and must not be cut.
  let hasGivenUp: Bool
  /// Records whose checksum is right and that make no sense.
  private(set) var senseless = 0

  /// - Parameters:
  ///   - isInterrupted: asked now and then; true ends the reading.
  ///   - progress: called with the bytes read so far, now and then.
  init(
    _ file: StoreFile, slot: Int, _ index: HistoryIndex, extraWork: Int = HistoryScan.extraWork,
    isInterrupted: @escaping () -> Bool = { false }, progress: (Int) -> Void = { _ in }
  ) throws(SystemError) {
    guard try file.size() > 0 else {
      (size, end, damaged, hasGivenUp) = (0, 0, DamagedPlaces(), false)
      return
    }
    var scan = try HistoryScan(file, extraWork: extraWork, isInterrupted: isInterrupted)
    var reported = 0
    var senseless = 0
    while let record = try scan.next() {
      if !Self.add(record, slot, index) { senseless += 1 }
      if scan.offset - reported >= 1 << 20 {
        reported = scan.offset
        progress(reported)
      }
    }
    // Nobody is to hear of what an interrupted scan has not reached.
    size = scan.wasInterrupted ? min(scan.offset, scan.size) : scan.size
    (end, damaged, hasGivenUp) = (min(scan.offset, scan.size), scan.damaged, scan.hasGivenUp)
    self.senseless = senseless
  }

  /// False for a record that makes no sense.
  private static func add(_ record: HistoryScan.Record, _ slot: Int, _ index: HistoryIndex) -> Bool {
    do throws(RecordFault) {
      switch record.body.first.flatMap(HistoryFormat.Kind.init(rawValue:)) {
      case .run: index.add(try HistoryRun(body: record.body))
      case .interval:
        let head = try HistoryHead(body: record.body)
        index.add(slot: slot, offset: record.offset, length: record.body.count, head)
      // Of a later version: members and kinds are only added.
      case nil: break
      }
      return true
    } catch {
      return false
    }
  }

  /// What is wrong with the file, in sentences; `isCut` when what is torn has been cut off.
  func notices(_ path: String, isCut: Bool) -> [String] {
    var notices = damaged.first.map { range in
      "\(path): \(range.count) bytes at byte \(range.lowerBound) are damaged and were passed over"
    }
    if damaged.count > notices.count { notices.append("\(path): \(damaged.count) damaged places in all") }
    if senseless > 0 { notices.append("\(path): \(senseless) records make no sense and were passed over") }
    if hasGivenUp {
      notices.append(
        "\(path): too much is damaged from byte \(end) on: \(size - end) bytes were not read"
          + (isCut ? "; they stay, and the history continues in the other file" : ""))
    } else if end < size {
      let torn = "\(path): the last record is torn: \(size - end) bytes at byte \(end)"
      notices.append(torn + (isCut ? " were cut off" : " were passed over"))
    }
    return notices
  }

  // MARK: Headers

  /// A file's sequence; nil when it is empty, or was just being begun.
  static func sequence(of file: StoreFile, _ path: String) throws(HistoryError) -> UInt64? {
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes = try file.read(at: 0, count: HistoryFormat.headerLength)
      if bytes.isEmpty { return nil }
    } catch {
      throw .system(path: path, doing: "read", error)
    }
    do throws(HistoryFormat.HeaderFault) {
      return try HistoryFormat.sequence(bytes)
    } catch {
      switch error {
      case .foreign: throw .foreign(path: path)
      case .damaged: throw .damaged(path: path)
      case .otherVersion(let version): throw .version(path: path, version)
      case .unfinished: return nil
      }
    }
  }

  /// The files that hold something, the older one first, with their sequences.
  static func order(_ sequences: [UInt64?]) -> [(slot: Int, sequence: UInt64)] {
    sequences.enumerated().compactMap { slot, sequence in sequence.map { (slot, $0) } }
      .sorted { $0.sequence < $1.sequence }
  }
}
