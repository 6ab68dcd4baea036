// SPDX-License-Identifier: Apache-2.0

/// Bytes that have moved cursors, forged lines or turned text round elsewhere.
enum HostileTexts {
  /// Control and format characters, separators, and what else has no shape of its own, in UTF-8.
  static let characters: [[UInt8]] = {
    var scalars: [Unicode.Scalar] = []
    for value in UInt32(0x80)...0xe_01ef {
      guard let scalar = Unicode.Scalar(value) else { continue }
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator: scalars.append(scalar)
      case .spaceSeparator: scalars.append(scalar)
      default:
        // Variation selectors, fillers, the replacement and byte-order characters, noncharacters.
        if [0x034f, 0x115f, 0x1160, 0x3164, 0xffa0, 0xfffc, 0xfffd, 0xfffe, 0xffff].contains(value)
          || (0xfe00...0xfe0f).contains(value) || (0xfdd0...0xfdef).contains(value)
          || (0xe000...0xe00f).contains(value)
        {
          scalars.append(scalar)
        }
      }
    }
    return scalars.map { Array(String(Character($0)).utf8) }
  }()

  /// Bytes that are no UTF-8.
  static let invalidUTF8: [[UInt8]] = [
    [0xc0, 0xaf], [0xc1, 0xbf], [0xe0, 0x80, 0xaf], [0xf0, 0x80, 0x80, 0xaf], [0xed, 0xa0, 0x80],
    [0xed, 0xbf, 0xbf], [0xf4, 0x90, 0x80, 0x80], [0xf8, 0x88, 0x80, 0x80, 0x80], [0xfc, 0x84, 0x80, 0x80],
    [0xfe], [0xff], [0xfe, 0xff], [0xff, 0xfe], [0x80], [0xbf], [0xc2], [0xe2, 0x80], [0xe2, 0x80, 0x41],
    [0xf0, 0x9f, 0x98], [0xc3, 0x28], [0xe2, 0x28, 0xa1], [0xf0, 0x28, 0x8c, 0x28], [0xc0, 0x9b],
    [0xe0, 0x80, 0x9b], [0xc0, 0x8a], [0xc0, 0x80], [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80], [0xc2, 0xc2, 0x9b],
  ]

  /// Sequences that terminals, logs and readers of JSON act upon.
  static let sequences: [[UInt8]] = [
    "\u{1b}[2J", "\u{1b}[H", "\u{1b}[31m", "\u{1b}[?1049h", "\u{1b}c", "\u{1b}(0", "\u{1b}#8", "\u{1b}[6n",
    "\u{1b}]0;title\u{7}", "\u{1b}]2;x\u{1b}\\", "\u{1b}]8;;http://evil\u{1b}\\click\u{1b}]8;;\u{1b}\\",
    "\u{1b}]52;c;cm0gLXJmIC8=\u{7}", "\u{1b}]4;1;?\u{7}", "\u{1b}]1337;File=x\u{7}", "\u{1b}P+q544e\u{1b}\\",
    "\u{1b}_payload\u{1b}\\", "\u{1b}^private\u{1b}\\", "\u{1b}X sos\u{1b}\\", "\u{9b}2J", "\u{9d}0;t\u{9c}",
    "\u{90}q\u{9c}", "\u{85}forged", "\u{2028}forged", "\u{2029}forged", "\u{c}forged", "\u{b}forged",
    "\u{8}\u{8}\u{8}", "\u{7}", "\u{e}\u{f}", "\u{7f}\u{7f}", "\rforged", "\r\rforged", "\0forged", "a\0b",
    "\u{202e}moc.elgoog", "\u{2066}x\u{2069}", "\u{200b}", "\u{200d}", "\u{200e}", "\u{feff}", "\u{ad}",
    "g\u{200b}oogle.com", "googl\u{435}.com", "\"", "\\", "\\\"", "\",\"x\":\"", "\"}]}", "\\u001b", "\\x1b",
    "\\n", "\\", "\\\\", "'", "`id`", "$(id)", ";id", "|id", "&&id", "%00", "%0a", "%1b", "%s%n", "{{7*7}}",
    "<script>", "</script>", "-->", "=cmd", "+1", "@x", "e\u{301}\u{301}\u{301}\u{301}", "🙂", "👩‍👩‍👧‍👦", "漢字",
    "\t", "\tforged\t", " ", "#", "?", "/", "//", "~0123456789abcdef", "\\~0123456789abcdef", "*",
  ].map { Array($0.utf8) }

  /// All of them.
  static let all = characters + invalidUTF8 + sequences
}
