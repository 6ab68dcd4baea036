#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A terminal's text with its colours (tmux capture-pane -e) as an SVG picture, from standard input."""
import re
import sys
from xml.sax.saxutils import escape

WIDTH, HEIGHT, MARGIN = 8.4, 18, 12
INK, PAPER = "#d0d0d0", "#16181d"
BASIC = ["#000000", "#cd3131", "#0dbc79", "#e5e510", "#2472c8", "#bc3fbc", "#11a8cd", "#e5e5e5",
         "#666666", "#f14c4c", "#23d18b", "#f5f543", "#3b8eea", "#d670d6", "#29b8db", "#ffffff"]


def color(number):
    if number < 16:
        return BASIC[number]
    if number >= 232:
        return "#" + f"{8 + (number - 232) * 10:02x}" * 3
    levels = [0, 95, 135, 175, 215, 255]
    number -= 16
    return "#" + "".join(f"{levels[number // step % 6]:02x}" for step in (36, 6, 1))


class Pen:
    def __init__(self):
        self.ink, self.paper, self.bold, self.dim, self.under, self.reverse = None, None, False, False, False, False

    def obey(self, codes):
        codes = [int(code or 0) for code in codes.split(";")]
        while codes:
            code = codes.pop(0)
            if code == 0:
                self.__init__()
            elif code in (1, 2, 4, 7):
                setattr(self, {1: "bold", 2: "dim", 4: "under", 7: "reverse"}[code], True)
            elif code in (22, 24, 27):
                for name in {22: ["bold", "dim"], 24: ["under"], 27: ["reverse"]}[code]:
                    setattr(self, name, False)
            elif code in (38, 48) and codes[:1] == [5]:
                setattr(self, "ink" if code == 38 else "paper", color(codes[1]))
                del codes[:2]
            elif 30 <= code <= 37 or 90 <= code <= 97:
                self.ink = color(code - 30 if code < 90 else code - 82)
            elif 40 <= code <= 47 or 100 <= code <= 107:
                self.paper = color(code - 40 if code < 100 else code - 92)
            elif code == 39:
                self.ink = None
            elif code == 49:
                self.paper = None

    def look(self):
        ink, paper = self.ink or INK, self.paper
        if self.reverse:
            ink, paper = paper or PAPER, ink
        return ink, paper, self.bold, self.under


def block(character, x, y, ink):
    """The part of a cell that a block character fills: fonts leave gaps between them."""
    number = ord(character)
    if 0x2581 <= number <= 0x2588:
        high = HEIGHT * (number - 0x2580) / 8
        return f'<rect x="{x:.1f}" y="{y + HEIGHT - high:.2f}" width="{WIDTH + 0.2:.1f}" height="{high:.2f}" fill="{ink}"/>'
    if 0x2589 <= number <= 0x258F:
        wide = WIDTH * (0x2590 - number) / 8
        return f'<rect x="{x:.1f}" y="{y + 3}" width="{wide:.2f}" height="{HEIGHT - 6}" fill="{ink}"/>'
    return None


def row(line, y):
    """The rectangles and texts of one line."""
    pen, x, run, parts = Pen(), MARGIN, "", []

    def flush():
        nonlocal run
        if run.strip():
            ink, _, bold, under = look
            style = (' font-weight="bold"' if bold else "") + (' text-decoration="underline"' if under else "")
            start = x - WIDTH * len(run)
            parts.append(f'<text x="{start:.1f}" y="{y + 13.5:.1f}" fill="{ink}"{style} xml:space="preserve" '
                         f'textLength="{WIDTH * len(run):.1f}">{escape(run)}</text>')
        run = ""

    look = pen.look()
    for escaped, character in re.findall(r"\x1b\[([0-9;]*)m|(.)", line):
        if not character:
            flush()
            pen.obey(escaped)
            look = pen.look()
            continue
        if look[1]:
            parts.append(f'<rect x="{x:.1f}" y="{y}" width="{WIDTH + 0.2:.1f}" height="{HEIGHT}" fill="{look[1]}"/>')
        drawn = block(character, x, y, look[0])
        if drawn:
            flush()
            parts.append(drawn)
        elif character == " ":
            flush()
        else:
            run += character
        x += WIDTH
    flush()
    # Backgrounds lie below texts.
    return sorted(parts, key=lambda part: part.startswith("<text"))


lines = sys.stdin.read().rstrip("\n").split("\n")
columns = max(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) for line in lines)
wide, high = columns * WIDTH + 2 * MARGIN, len(lines) * HEIGHT + 2 * MARGIN
print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:.0f} {high:.0f}" width="{wide:.0f}" height="{high:.0f}" '
      'font-family="ui-monospace, DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14">')
print(f'<rect width="100%" height="100%" rx="8" fill="{PAPER}"/>')
for number, line in enumerate(lines):
    for part in row(line, MARGIN + number * HEIGHT):
        print(part)
print("</svg>")
