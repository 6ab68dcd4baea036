// SPDX-License-Identifier: Apache-2.0

import CCurses
import Glibc
package import Screen
import Text

/// The ability of a descriptor to show a full screen, and with which characters.
package enum TerminalAbility: Equatable, Sendable {
  case screen
  /// It cannot, and why, in words.
  case none(String)

  /// What the terminal on `descriptor` can do, by the terminfo entry of its `type` (`TERM`).
  package init(descriptor: Int32, type: String?) {
    guard isatty(descriptor) == 1 else {
      self = .none("standard output is no terminal")
      return
    }
    guard let type, !type.isEmpty else {
      self = .none("the variable TERM is not set")
      return
    }
    let name = VisibleText.cells(type)
    var status: Int32 = 0
    // With a place for the status setupterm returns instead of ending the process; the name lives through the call.
    guard unsafe setupterm(type, descriptor, &status) == OK else {
      let unknown = "the terminal's type '\(name)' is not known on this machine"
      self = .none(status == 0 ? unknown : "the terminal '\(name)' cannot draw a screen")
      return
    }
    // Constant names; the answers are only compared.
    let needed = ["cup", "clear"]
    let isAble = needed.allSatisfy { unsafe wt_curses_capability($0) != nil }
    self = isAble ? .screen : .none("the terminal '\(name)' cannot draw a screen")
  }
}

/// The process's locale, as far as characters go.
package enum TerminalLocale {
  /// Takes the locale over from the environment, and returns whether it writes UTF-8.
  ///
  /// A locale that is not installed here (ssh forwards them) or none at all gives C.UTF-8; who says C or
  /// POSIX means it.
  package static func adopt(isSet: Bool) -> Bool {
    // Called once, before any other thread is there: the names live as long as the calls.
    if unsafe setlocale(LC_ALL, "") == nil || !isSet { _ = unsafe setlocale(LC_ALL, "C.UTF-8") }
    // Numbers and sorting are the program's own, whatever the language.
    _ = unsafe setlocale(LC_NUMERIC, "C")
    guard let codeset = unsafe nl_langinfo(Int32(CODESET)) else { return false }
    return unsafe String(cString: codeset) == "UTF-8"
  }
}

extension Glyphs {
  /// The characters for a terminal of this type.
  package static func fitting(type: String, utf8: Bool, asciiOnly: Bool) -> Glyphs {
    // Real VT terminals are older than UTF-8, whatever the locale is.
    if asciiOnly || !utf8 || type.hasPrefix("vt") { return .ascii }
    return type == "linux" || type.hasPrefix("linux-") ? .console : .fine
  }
}
