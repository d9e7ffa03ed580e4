"""Words in block letters, legible across a room: three lines high, or five lines where the screen is large."""

from __future__ import annotations

from typing import Final

HEIGHT: Final = 5

# Five rows of dots a letter; only the letters that a verdict needs.
_LETTERS: Final = {
    "A": "### #.# ### #.# #.#", "B": "##. #.# ##. #.# ##.", "C": "### #.. #.. #.. ###",
    "D": "##. #.# #.# #.# ##.", "E": "### #.. ##. #.. ###", "F": "### #.. ##. #.. #..",
    "G": "#### #... #.## #..# ####", "I": "# # # # #", "K": "#.# #.# ##. #.# #.#",
    "L": "#.. #.. #.. #.. ###", "N": "#..# ##.# #.## #..# #..#", "O": "### #.# #.# #.# ###",
    "P": "### #.# ### #.. #..", "Q": "###. #.#. #.#. #.#. ####", "R": "### #.# ##. #.# #.#",
    "S": "### #.. ### ..# ###", "T": "### .#. .#. .#. .#.", "U": "#.# #.# #.# #.# ###",
    "H": "#.# #.# ### #.# #.#", "J": "..# ..# ..# #.# ###", "M": "#...# ##.## #.#.# #...# #...#",
    "V": "#.# #.# #.# #.# .#.", "W": "#...# #...# #.#.# ##.## #...#", "X": "#.# #.# .#. #.# #.#",
    "Y": "#.# #.# .#. .#. .#.", "Z": "### ..# .#. #.. ###",
    "▶": "#... ##.. ###. ##.. #...",
    " ": ".. .. .. .. ..",
    "✓": "......# .....#. #...#.. .#.#... ..#....", "✗": "#...# .#.#. ..#.. .#.#. #...#",
    "?": "###. ..#. .##. .... .#..", "!": "## ## ## .. ##", "i": "## .. ## ## ##",
}  # fmt: skip


def dots(word: str) -> list[str]:
    """A word as five rows of dots, one dot between letters."""
    letters = [_LETTERS.get(letter, _LETTERS["?"]).split(" ") for letter in word]
    return [".".join(letter[row] for letter in letters) for row in range(HEIGHT)]


def small(word: str) -> list[str]:
    """A word in three lines of half blocks, a dot a column, with half a line of air above."""
    rows = dots(word)
    rows.insert(0, "." * len(rows[0]))
    return ["".join(map(_half, rows[at], rows[at + 1])) for at in (0, 2, 4)]


def large(word: str) -> list[str]:
    """A word in five lines of full blocks, two columns a dot."""
    return ["".join("██" if dot == "#" else "  " for dot in row) for row in dots(word)]


def _half(upper: str, lower: str) -> str:
    return {"##": "█", "#.": "▀", ".#": "▄", "..": " "}[upper + lower]
