// SPDX-License-Identifier: Apache-2.0

import CCurses
import Screen

/// The look of each style on this terminal: attributes alone, eight colours, or 256.
struct Palette {
  private var attributes: [Int32]

  /// - Parameter colors: how many colours the terminal has and may use; 0 for none.
  init(colors: Int) {
    attributes = Style.allCases.map { Int32(bitPattern: Self.attribute($0)) }
    guard colors >= 8 else { return }
    // The terminal's own background shows through.
    let background: Int16 = use_default_colors() == ERR ? 0 : -1
    for style in Style.allCases {
      guard let look = Self.look(style, rich: colors >= 256) else { continue }
      let pair = Int16(style.rawValue) + 1
      guard init_pair(pair, look.ink, look.paper ?? background) != ERR else { continue }
      attributes[Int(style.rawValue)] = Int32(bitPattern: look.attribute) | COLOR_PAIR(Int32(pair))
    }
  }

  subscript(style: Style) -> Int32 { attributes[Int(style.rawValue)] }

  /// Without colours: weight and reverse tell the important from the rest.
  private static func attribute(_ style: Style) -> UInt32 {
    switch style {
    case .plain, .faint, .graph, .good, .threshold: 0
    case .strong, .title, .excess, .bad, .warning, .key: WT_CURSES_BOLD.rawValue
    case .focus: WT_CURSES_BOLD.rawValue | WT_CURSES_UNDERLINE.rawValue
    case .bar, .selected: WT_CURSES_REVERSE.rawValue
    case .alarm: WT_CURSES_REVERSE.rawValue | WT_CURSES_BOLD.rawValue
    }
  }

  private struct Look {
    var ink: Int16
    var paper: Int16?
    var attribute: UInt32
    init(_ ink: Int32, _ attribute: UInt32 = 0, on paper: Int32? = nil) {
      self.ink = Int16(ink)
      self.paper = paper.map { Int16($0) }
      self.attribute = attribute
    }
  }

  /// Colours that are distinguishable on dark and on light backgrounds; nil leaves the attribute alone.
  private static func look(_ style: Style, rich: Bool) -> Look? {
    let bold = WT_CURSES_BOLD.rawValue
    switch style {
    case .plain, .strong: return nil
    case .faint: return rich ? Look(244) : nil
    case .title: return Look(COLOR_CYAN, rich ? 0 : bold)
    case .focus: return rich ? Look(16, bold, on: 44) : Look(COLOR_BLACK, on: COLOR_CYAN)
    case .bar: return rich ? Look(255, on: 24) : Look(COLOR_WHITE, bold, on: COLOR_BLUE)
    case .alarm: return rich ? Look(231, bold, on: 160) : Look(COLOR_WHITE, bold, on: COLOR_RED)
    case .graph: return rich ? Look(37) : Look(COLOR_CYAN)
    case .excess: return rich ? Look(203) : Look(COLOR_RED, bold)
    case .threshold: return rich ? Look(178) : Look(COLOR_YELLOW)
    case .good: return rich ? Look(71) : Look(COLOR_GREEN)
    case .bad: return rich ? Look(203) : Look(COLOR_RED, bold)
    case .warning: return rich ? Look(178) : Look(COLOR_YELLOW, bold)
    case .selected: return rich ? Look(255, bold, on: 238) : Look(COLOR_BLACK, on: COLOR_WHITE)
    case .key: return Look(COLOR_CYAN, bold)
    }
  }
}
