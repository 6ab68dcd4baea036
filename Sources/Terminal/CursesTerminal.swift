// SPDX-License-Identifier: Apache-2.0

import CCurses
import Glibc
package import Screen

/// The terminal as a canvas: ncurses draws, and only what changed. One thread uses it.
///
/// The caller has installed its own signal handlers before: ncurses takes those that are still the
/// default. `close` puts the terminal back; a crash or a kill does so too (`wt_rescue`).
@safe
package final class CursesTerminal: ScreenTerminal {
  /// The options of a terminal.
  package struct Options: Sendable {
    package var glyphs: Glyphs
    package var hasColor: Bool
    package var hasMouse: Bool
    package init(glyphs: Glyphs, hasColor: Bool, hasMouse: Bool) {
      self.glyphs = glyphs
      self.hasColor = hasColor
      self.hasMouse = hasMouse
    }
  }

  package let glyphs: Glyphs
  package private(set) var rows = 0
  package private(set) var columns = 0
  /// Readable when there are keys; nil when there is no keyboard.
  package private(set) var input: Int32?

  private let output: Int32
  private let palette: Palette
  // Both are ncurses' own until `close`.
  private let screen: OpaquePointer
  private let window: UnsafeMutablePointer<WINDOW>
  private let pictures: PictureThread
  private var isOpen = true
  private var before = termios()

  /// Opens the terminal on standard output; keys come from standard input when that is a terminal, else
  /// from the terminal that controls the process. Nil when ncurses cannot.
  package init?(_ options: Options) {
    glyphs = options.glyphs
    output = fcntl(1, F_DUPFD_CLOEXEC, 0)
    let keys = isatty(0) == 1 ? fcntl(0, F_DUPFD_CLOEXEC, 0) : unsafe open("/dev/tty", O_RDONLY | O_CLOEXEC)
    input = keys >= 0 ? keys : nil
    // The mode before anything is changed, for the rescue; a failure leaves zeros and no rescue.
    let hasMode = unsafe tcgetattr(output, &before) == 0
    // Streams over descriptors of our own; ncurses keeps them for the life of the process.
    guard let out = unsafe fdopen(output, "w"),
      let source = unsafe fdopen(keys >= 0 ? keys : fcntl(0, F_DUPFD_CLOEXEC, 0), "r"),
      let screen = unsafe newterm(nil, out, source), let window = unsafe wt_curses_window()
    else { return nil }
    pictures = unsafe PictureThread(window, hasMouse: options.hasMouse)
    unsafe self.screen = screen
    unsafe self.window = window
    var hasColor = options.hasColor && has_colors()
    if hasColor { hasColor = start_color() != ERR }
    palette = Palette(colors: hasColor ? Int(wt_curses_colors()) : 0)
    if hasMode { rescue() }
    // Keys one by one and unseen; ctrl-c and ctrl-z stay signals.
    _ = cbreak()
    _ = noecho()
    _ = nonl()
    wt_curses_escape_delay(25)
    // The window lives until `close`.
    _ = unsafe nodelay(window, true)
    _ = unsafe leaveok(window, true)
    if hasMode { keepLineStarts() }
    fit()
  }

  /// Has lines that are reported before the first picture begin at the left: ncurses has turned that off by now, and turns
  /// it off again with the picture (`PictureThread`).
  private func keepLineStarts() {
    var mode = termios()
    // One local value, and the mode from before; a terminal that refuses has its lines anywhere.
    guard unsafe tcgetattr(output, &mode) == 0 else { return }
    mode.c_oflag |= before.c_oflag & tcflag_t(ONLCR)
    _ = unsafe tcsetattr(output, TCSANOW, &mode)
  }

  deinit { close() }

  /// Puts the terminal back as it was.
  package func close() {
    guard isOpen else { return }
    isOpen = false
    input = nil
    // A terminal that takes nothing would hold up the end: the rescue puts it back when the process has ended.
    guard pictures.leave(Self.patience) else { return }
    // The screen and its window are used no more.
    unsafe delscreen(screen)
    wt_rescue_end()
  }

  /// Milliseconds that the end waits for a terminal that takes nothing.
  private static let patience: Int32 = 1_000

  /// Whether the terminal takes a picture now; while it does not, nothing of it may be used, and its keys wait.
  package var isReady: Bool {
    guard isOpen, !pictures.isBusy else { return false }
    var item = pollfd(fd: output, events: Int16(POLLOUT), revents: 0)
    // One entry, a local value. A terminal that was stopped (Ctrl-S) has no room (tty_write_room).
    return unsafe poll(&item, 1, 0) > 0
  }

  /// Follows the window's size; true when it has changed.
  @discardableResult
  package func fit() -> Bool {
    guard isOpen, !pictures.isBusy else { return false }
    var high: Int32 = 0, wide: Int32 = 0
    // Two local integers; a terminal that does not tell keeps what terminfo says.
    if unsafe wt_curses_window_size(output, &high, &wide) == 0, high > 0, wide > 0,
      is_term_resized(high, wide)
    {
      _ = resize_term(high, wide)
      _ = unsafe wclear(window)
    }
    let size = (Int(unsafe getmaxy(window)), Int(unsafe getmaxx(window)))
    defer { (rows, columns) = size }
    return size != (rows, columns)
  }

  /// Begins a picture: everything is blank.
  package func begin() {
    // The window lives while it is open.
    if isOpen, !pictures.isBusy { _ = unsafe werase(window) }
  }

  package func put(_ text: String, row: Int, column: Int, style: Style) {
    guard isOpen, !pictures.isBusy, row >= 0, row < rows, column >= 0, column < columns else { return }
    // As above; the text lives through the call and is cut at the row's end by ncurses.
    _ = unsafe wattrset(window, palette[style])
    _ = unsafe wmove(window, Int32(row), Int32(column))
    _ = unsafe waddnstr(window, text, -1)
  }

  /// Shows the picture; on a terminal that takes nothing, it is on its way afterwards.
  package func flush() { if isOpen { pictures.show() } }

  /// Redraws everything, whatever another program has written over it.
  package func repaint() {
    // As above.
    if isOpen, !pictures.isBusy { _ = unsafe clearok(window, true) }
  }

  /// Leaves the terminal to others, as while the program is stopped; `resume` comes back.
  package func suspend() { if isOpen { _ = pictures.leave(Self.patience) } }

  /// Comes back after `suspend`.
  package func resume() {
    repaint()
    flush()
    fit()
  }

  /// The next key; nil when there is none.
  package func key() -> Key? {
    // Reading a key may draw.
    guard isReady, input != nil else { return nil }
    while true {
      // The window lives while it is open.
      let code = unsafe wgetch(window)
      if code == ERR { return nil }
      // What is none of ours is left out: the next one may be.
      if let key = decoded(code) { return key }
    }
  }

  private func decoded(_ code: Int32) -> Key? {
    switch code {
    case KEY_UP: return .up
    case KEY_DOWN: return .down
    case KEY_LEFT: return .left
    case KEY_RIGHT: return .right
    case KEY_PPAGE: return .pageUp
    case KEY_NPAGE: return .pageDown
    case KEY_HOME: return .home
    case KEY_END: return .end
    case KEY_ENTER, 10, 13: return .enter
    case 27: return .escape
    case 9: return .tab
    case KEY_BTAB: return .backTab
    case KEY_BACKSPACE, 8, 127: return .backspace
    case KEY_F0 + 1: return .help
    case KEY_F0 + 10: return .quit
    case KEY_MOUSE: return mouse()
    case 32..<127: return .character(Character(Unicode.Scalar(UInt8(code))))
    default: return nil
    }
  }

  private func mouse() -> Key? {
    var row: Int32 = 0, column: Int32 = 0
    // Two local integers.
    switch unsafe wt_curses_mouse(&row, &column) {
    case 0: return .click(row: Int(row), column: Int(column))
    case 1: return .wheel(up: true, row: Int(row), column: Int(column))
    case 2: return .wheel(up: false, row: Int(row), column: Int(column))
    default: return nil
    }
  }

  /// Hands the rescue what puts this terminal back: out of the keypad's mode, colours and the other
  /// screen, with a cursor.
  private func rescue() {
    var text: [CChar] = []
    for name in ["rmkx", "op", "sgr0", "rmcup", "cnorm"] {
      // ncurses' own string, copied at once.
      guard let value = unsafe wt_curses_capability(name) else { continue }
      text += unsafe String(cString: value).utf8.map { CChar(bitPattern: $0) }
    }
    // The mouse's reports, which no capability of terminfo turns off.
    text += "\u{1b}[?1000l\r\n".utf8.map { CChar(bitPattern: $0) }
    // The text and the mode live through the call, which copies them.
    _ = unsafe wt_rescue_begin(output, &before, text, text.count)
  }
}
