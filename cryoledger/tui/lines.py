"""Lines of text on the screen, of which only those that differ are drawn anew.

A scan changes few lines of a list or a box, but a widget of Textual's own draws all of them, and composing a line costs
more than answering the scan. So a line is a value: what was drawn before is kept, and drawn again where it comes again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from cryoledger.tui.words import clean

Piece: TypeAlias = tuple[str, str]
"""A text that may be drawn, and its style in Textual's words: "bold $strong", "$on-held on $held"."""
Line: TypeAlias = tuple[Piece, ...]

_KEPT: Final = 2_000


def piece(text: str, style: str = "") -> Piece:
    """A piece of whatever text comes from data: made safe to draw."""
    return clean(text), style


def whole(text: str, style: str = "") -> Line:
    """A line of one piece."""
    return (piece(text, style),)


class Lines(Widget):
    """Draws lines, cut to its width; where its height is `auto`, it is as high as there are lines."""

    DEFAULT_CSS = "Lines { width: 1fr; height: 1fr; }"

    def __init__(self, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self.lines: list[Line] = []
        self._strips: dict[Line, Strip] = {}
        self._drawn_for = ("", 0)
        self._base, self._variables = Style(), dict[str, str]()

    def put(self, lines: Sequence[Line]) -> None:
        """Show these lines."""
        before, self.lines = self.lines, list(lines)
        count = max(len(before), len(self.lines))
        differ = [y for y in range(count) if before[y : y + 1] != self.lines[y : y + 1]]
        if differ:
            auto = self.styles.height is not None and self.styles.height.is_auto
            rows = [Region(0, y, self.content_size.width, 1) for y in differ]
            self.refresh(*rows, layout=auto and len(before) != len(self.lines))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - Textual's form
        """As many as there are."""
        return len(self.lines)

    def render_line(self, y: int) -> Strip:
        """One line, made once for as long as width and theme stay."""
        width = self.content_size.width
        if self._drawn_for != (self.app.theme, width) or len(self._strips) > _KEPT:
            # Textual works both out anew each time they are asked for.
            self._base, self._variables = self.rich_style, self.app.theme_variables
            self._strips, self._drawn_for = {}, (self.app.theme, width)
        line = self.lines[y] if y < len(self.lines) else ()
        strip = self._strips.get(line)
        if strip is None:
            strip = self._strips[line] = self._strip(line, width)
        return strip

    def _strip(self, line: Line, width: int) -> Strip:
        strip = Strip([Segment(text, self._base + self._style(style)) for text, style in line])
        if strip.cell_length > width > 0:
            strip = Strip([*strip.crop(0, width - 1), Segment("…", self._base)])
        return strip.adjust_cell_length(width, self._base)

    def _style(self, style: str) -> Style:
        return Style.parse(" ".join(self._variables[word[1:]] if word[:1] == "$" else word for word in style.split()))
