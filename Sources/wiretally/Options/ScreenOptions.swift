// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Reporting
import System
import Terminal

/// The options of the full screen, and when it is the right form.
struct ScreenOptions: ParsableArguments {
  enum Color: String, ExpressibleByArgument, CaseIterable { case auto, always, never }

  @Flag(help: "Draw the screen with ASCII characters alone.")
  var ascii = false

  @Option(
    help:
      "Colours on the screen and, on a terminal, of --follow: auto (not when NO_COLOR is set), always or never."
  )
  var color = Color.auto

  @Flag(help: "Take mouse clicks and the wheel on the screen; selecting text then needs the shift key.")
  var mouse = false

  /// What the terminal is opened with.
  func terminal() -> CursesTerminal.Options {
    let isLocaleSet = ["LC_ALL", "LC_CTYPE", "LANG"].contains { !(Environment.value($0) ?? "").isEmpty }
    let writesUTF8 = TerminalLocale.adopt(isSet: isLocaleSet)
    return CursesTerminal.Options(
      glyphs: .fitting(type: Environment.value("TERM") ?? "", utf8: writesUTF8, asciiOnly: ascii),
      hasColor: mayColor, hasMouse: mouse)
  }

  /// Whether lines for people have colours: on a terminal that is not a dumb one, or wherever they are asked for.
  var colorsLines: Bool {
    if color == .always { return true }
    let type = Environment.value("TERM") ?? ""
    return mayColor && StandardDescriptors.isTerminal(1) && !type.isEmpty && type != "dumb"
  }

  /// Whether a terminal may have colours. NO_COLOR counts when it is set and not empty (no-color.org).
  private var mayColor: Bool {
    switch color {
    case .auto: (Environment.value("NO_COLOR") ?? "").isEmpty
    case .always: true
    case .never: false
    }
  }

  /// The form to report in: the one asked for, else the screen wherever it can be drawn.
  static func format(_ asked: ReportOptions.Format?) throws -> ReportOptions.Format {
    if let asked, asked != .screen { return asked }
    let ability = TerminalAbility(descriptor: 1, type: Environment.value("TERM"))
    switch (ability, asked) {
    case (.none(let reason), .screen):
      throw ValidationError("full-screen view unavailable (\(reason))", hint: "--format page")
    case (.none(let reason), _):
      // An operator at a terminal who gets no screen wants to know why.
      if StandardDescriptors.isTerminal(1) {
        Failure.say("full-screen view unavailable (\(reason)); using text output")
      }
      return .page
    case (.screen, .screen): return .screen
    // In the background the terminal belongs to somebody else.
    case (.screen, _): return StandardDescriptors.isForeground(1) ? .screen : .page
    }
  }
}
